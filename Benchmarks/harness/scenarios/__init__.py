"""Everything that is measured, in the order of the report.

A scenario is a module: its `TITLE`, and `contestants`, a context in which they run: for each name a function that takes
one measurement and returns its figures, the most important one first."""

from harness.scenarios import insert, point_select

SCENARIOS = {module.__name__.rpartition(".")[2].replace("_", "-"): module for module in (point_select, insert)}
