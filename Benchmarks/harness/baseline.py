"""The programs of Baselines that do their work in process."""

import subprocess

from harness.client import Failure
from harness.paths import PROGRAMS


def baseline(name, *arguments):
    """The numbers that it prints."""
    done = subprocess.run([PROGRAMS / name, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr)
    return [float(number) for number in done.stdout.split()]
