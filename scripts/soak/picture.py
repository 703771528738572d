"""The samples as a picture: panels under each other, with the line of the second half dashed over each series."""

WIDTH, HEIGHT, LEFT, GAP = 900, 170, 60, 50
COLOURS = ["#1b6ca8", "#c8553d", "#4f772d", "#8338ec", "#6c757d", "#222222"]


def svg(panels, times, title):
    """`panels` are pairs of a heading and a list of (name, values, trend)."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 150}" '
        f'height="{GAP + len(panels) * (HEIGHT + GAP)}" font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">{title}</text>']
    for number, (heading, series) in enumerate(panels):
        parts += panel(heading, series, times, GAP + number * (HEIGHT + GAP))
    return "\n".join(parts + ["</svg>\n"])


def panel(heading, series, times, top):
    highest = max(1, max(max(values) for _, values, _ in series)) * 1.1

    def point(time, value):
        return f"{LEFT + WIDTH * time / times[-1]:.1f},{top + HEIGHT * (1 - value / highest):.1f}"

    yield f'<text x="{LEFT}" y="{top - 8}">{heading}</text>'
    yield f'<rect x="{LEFT}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/>'
    for share in (0, 0.5, 1):
        y = top + HEIGHT * (1 - share)
        yield f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{highest * share:.0f}</text>'
        x = LEFT + WIDTH * share
        yield f'<text x="{x}" y="{top + HEIGHT + 15}" text-anchor="middle">{times[-1] * share / 60:.1f} min</text>'
    for number, (name, values, trend) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        points = " ".join(point(time, value) for time, value in zip(times, values))
        yield f'<polyline points="{points}" fill="none" stroke="{colour}"/>'
        ends = f"{point(trend.start, trend.level)} {point(trend.end, trend.level + trend.rise)}"
        yield f'<polyline points="{ends}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="6 4"/>'
        yield f'<text x="{LEFT + WIDTH + 10}" y="{top + 12 + 16 * number}" fill="{colour}">{name}</text>'
