"""The results as a picture: for each scenario a bar for the median of every contestant's first figure, and a line from
its lowest to its highest value."""

from statistics import median

from harness.report import number

LEFT, WIDTH, RIGHT, BAR, GAP = 310, 520, 130, 18, 44
COLOUR, OWN_COLOUR = "#8fb3cf", "#1b6ca8"


def svg(results, titles):
    parts, top = [], 10
    for name, contestants in results.items():
        parts += panel(titles[name], contestants, top)
        top += GAP + BAR * len(contestants)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + RIGHT}" height="{top}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def panel(title, contestants, top):
    figure = next(iter(next(iter(contestants.values()))))
    series = {name: values[figure] for name, values in contestants.items() if figure in values}
    scale = WIDTH / max(max(values) for values in series.values())
    yield f'<text x="10" y="{top + 16}" font-size="14">{title}: {figure}</text>'
    for position, (name, values) in enumerate(series.items()):
        y = top + 26 + position * BAR
        middle = y + (BAR - 4) / 2
        low, centre, high = (LEFT + scale * value for value in (min(values), median(values), max(values)))
        colour = OWN_COLOUR if name.startswith("Coffer") else COLOUR
        yield f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{name}</text>'
        yield f'<rect x="{LEFT}" y="{y}" width="{centre - LEFT:.1f}" height="{BAR - 4}" fill="{colour}"/>'
        yield f'<line x1="{low:.1f}" y1="{middle}" x2="{high:.1f}" y2="{middle}" stroke="#222"/>'
        yield f'<text x="{high + 6:.1f}" y="{y + 11}">{number(median(values))}</text>'
