"""Where things are."""

from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent
ROOT = BENCHMARKS.parent
OUTPUT = ROOT / ".benchmarks"
PROGRAMS = OUTPUT / "programs"
VENV = OUTPUT / "venv" / "bin"
COFFER = ROOT / ".build-profiled" / "release" / "coffer"
HUMMINGBIRD = BENCHMARKS / "Rivals" / "hummingbird-grdb" / ".build" / "release" / "rival"
