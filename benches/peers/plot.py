"""Small line plots as SVG, both axes logarithmic, readable on light and dark pages."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass

WIDTH, HEIGHT, COLUMNS = 340, 240, 3
LEFT, TOP, INNER_WIDTH, INNER_HEIGHT = 52, 28, 268, 164
COLOURS = ("#d9480f", "#1971c2", "#868e96")


@dataclass(frozen=True)
class Panel:
    """One plot: what grows, its values, and a list of numbers for every line."""

    label: str
    values: list[float]
    lines: list[list[float]]


def scaled(value: float, low: float, high: float) -> float:
    """Where a value lies between two others, from 0 to 1, on a logarithmic scale. Zero lies at the low end."""
    return math.log(max(value, low) / low) / math.log(high / low) if high > low else 0.5


def ticks(low: float, high: float) -> list[float]:
    """Powers of ten within the range."""
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    return [10.0**power for power in powers]


def words(x: float, y: float, text: str, anchor: str = "middle") -> str:
    """A text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def places(panel: Panel) -> list[float]:
    """Horizontal places of the values; a first value of 0 stands one step before the next."""
    positive = [value for value in panel.values if value > 0]
    low, high = min(positive), max(positive)
    return [LEFT + INNER_WIDTH * (scaled(value, low / 2 if 0 in panel.values else low, high)) for value in panel.values]


def panel_svg(panel: Panel) -> str:
    """Axes, grid and lines of one panel."""
    flat = [number for line in panel.lines for number in line]
    low, high = min(flat) / 1.3, max(flat) * 1.3
    across = places(panel)

    def height(value: float) -> float:
        return TOP + INNER_HEIGHT * (1 - scaled(value, low, high))

    parts = [words(LEFT + INNER_WIDTH / 2, TOP + INNER_HEIGHT + 34, panel.label)]
    for tick in ticks(low, high):
        y = height(tick)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}h{INNER_WIDTH}"/>' + words(LEFT - 6, y + 4, f"{tick:g}", "end"))
    for x, value in zip(across, panel.values, strict=True):
        parts.append(words(x, TOP + INNER_HEIGHT + 16, f"{value:g}"))
    for colour, line in zip(COLOURS, panel.lines, strict=True):
        points = " ".join(f"{x:.1f},{height(value):.1f}" for x, value in zip(across, line, strict=True))
        parts.append(f'<polyline points="{points}" stroke="{colour}"/>')
        parts += [f'<circle cx="{point.split(",")[0]}" cy="{point.split(",")[1]}" r="3" fill="{colour}"/>' for point in points.split()]
    return "".join(parts)


def draw(panels: list[Panel], names: tuple[str, ...], title: str) -> str:
    """All panels in rows of three, with a legend above them."""
    rows = -(-len(panels) // COLUMNS)
    width, height = WIDTH * min(COLUMNS, len(panels)), HEIGHT * rows + 40
    legend, x = words(12, 24, title, "start"), 240.0
    for colour, name in zip(COLOURS, names, strict=True):
        legend += f'<circle cx="{x}" cy="20" r="5" fill="{colour}"/>' + words(x + 10, 24, name, "start")
        x += 40 + 7.5 * len(name)
    body = "".join(
        f'<g transform="translate({WIDTH * (index % COLUMNS)} {40 + HEIGHT * (index // COLUMNS)})">{panel_svg(panel)}</g>'
        for index, panel in enumerate(panels)
    )
    style = "text{font:12px sans-serif;fill:#868e96}polyline{fill:none;stroke-width:2}.grid{stroke:#868e96;stroke-opacity:.3}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"><style>{style}</style>{legend}{body}</svg>\n'
