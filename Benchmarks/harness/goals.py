"""A goal: one contestant's figure, by itself or as a ratio to another's, round by round."""

import json
from dataclasses import dataclass
from statistics import median

from harness.paths import BENCHMARKS


@dataclass(frozen=True)
class Goal:
    scenario: str
    of: str
    figure: str
    to: str | None = None  # the contestant that it is compared with; without one the figure is taken as it is
    at_least: float | None = None
    at_most: float | None = None

    def values(self, results):
        """The figure or ratio of each round; None if the scenario was not measured."""
        contestants = results.get(self.scenario)
        if contestants is None:
            return None
        values = contestants[self.of][self.figure]
        if self.to is None:
            return values
        return [a / b for a, b in zip(values, contestants[self.to][self.figure])]

    def is_reached(self, values):
        value = median(values)
        return value >= self.at_least if self.at_least is not None else value <= self.at_most

    @property
    def bound(self):
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"

    @property
    def title(self):
        if self.to is None:
            return f"{self.of}: {self.figure}"
        return f"{self.figure}: {self.of} / {self.to}"


def goals():
    thresholds = json.loads((BENCHMARKS / "thresholds.json").read_text())
    return [Goal(scenario, **entry) for scenario, entries in thresholds.items() for entry in entries]
