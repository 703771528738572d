"""Everything that is measured, in the order of the report.

A scenario is a module: its `TITLE`, and `contestants`, a context in which they run: for each name a function that takes
one measurement and returns its figures, the most important one first."""

from harness.scenarios import (
    allocations, backup, beside_heavy, cold, insert, login, many_engines, point_select, scan, start)

SCENARIOS = {module.__name__.rpartition(".")[2].replace("_", "-"): module for module in (
    point_select, allocations, insert, scan, beside_heavy, cold, login, start, many_engines, backup)}
