"""Rounds: every contestant measures in each, and another one goes first each time, so that noise hits all alike."""

from collections import defaultdict


def measure(scenario, bench, report=print):
    """For each contestant and figure, the values of all rounds."""
    results = defaultdict(lambda: defaultdict(list))
    with scenario.contestants(bench) as contestants:
        names = list(contestants)
        for number in range(bench.rounds):
            start = number % len(names)
            for name in names[start:] + names[:start]:
                for figure, value in contestants[name]().items():
                    results[name][figure].append(value)
            report(f"{scenario.TITLE}: round {number + 1} of {bench.rounds}")
    # As the contestants are listed, not as the first round happened to go.
    return {name: dict(results[name]) for name in names}
