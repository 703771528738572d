"""One run of the benchmarks: how long, how often, and where."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from harness.coffer import Coffer
from harness.population import populate_coffer


@dataclass
class Bench:
    folder: Path
    rounds: int
    seconds: int

    @cached_property
    def tokens(self):
        """Of the users whose data directory every server of Coffer begins with a copy of."""
        return populate_coffer(self.folder / "population")

    @contextmanager
    def coffer(self, scenario, **settings):
        tokens, folder = self.tokens, self.folder / scenario / "coffer"
        shutil.copytree(self.folder / "population" / "data", folder / "data")
        with Coffer(folder, **settings) as server:
            yield server, tokens
