"""The results as Markdown."""

from statistics import median


def number(value):
    """Three significant digits, and all of the whole part."""
    if abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def spread(values):
    return f"{number(median(values))} ({number(min(values))}–{number(max(values))})"


def markdown(results, failures, titles, goals, heading):
    parts = [heading, ""]
    for name, contestants in results.items():
        parts += [f"### {titles[name]}", "", *scenario_table(contestants), ""]
    for name, reason in failures.items():
        parts += [f"### {titles[name]}", "", f"Not measured: {reason}", ""]
    return "\n".join([*parts, "### Goals", "", *goal_table(results, goals), ""])


def scenario_table(contestants):
    figures = list(dict.fromkeys(figure for values in contestants.values() for figure in values))
    yield "| " + " | ".join(["", *figures]) + " |"
    yield "|---" * (len(figures) + 1) + "|"
    for name, values in contestants.items():
        cells = [spread(values[figure]) if figure in values else "" for figure in figures]
        yield "| " + " | ".join([name, *cells]) + " |"


def goal_table(results, goals):
    yield "| | measured | goal | |"
    yield "|---|---|---|---|"
    for goal in goals:
        values = goal.values(results)
        if values is not None:
            verdict = "reached" if goal.is_reached(values) else "**missed**"
            yield f"| {goal.title} | {spread(values)} | {goal.bound} | {verdict} |"
