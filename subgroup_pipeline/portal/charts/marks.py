"""Small marks for a row of a table, each beside the number that it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.portal.charts.svg import drawing, element

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 120, 12
_HEAT_STEPS = 6


def bar(share: float | None) -> Markup | str:
    """A bar for a share between 0 and 1; nothing for none."""
    if share is None:
        return ""
    track = element("rect", class_="track", width=WIDTH, height=HEIGHT)
    return drawing(WIDTH, HEIGHT, track, element("rect", class_="fill", width=WIDTH * share, height=HEIGHT), kind="bar")


def dot(value: float | None, line: float | None, low: float, high: float) -> Markup | str:
    """A dot on the way from `low` to `high`, joined to an upright line at what it is compared with; nothing for no value."""
    if value is None or high <= low:
        return ""

    def at(number: float) -> float:
        return HEIGHT / 2 + (WIDTH - HEIGHT) * (number - low) / (high - low)

    middle = HEIGHT / 2
    marks = [element("line", class_="axis", x1=0, x2=WIDTH, y1=middle, y2=middle)]
    if line is not None:
        marks.append(element("line", class_="way", x1=at(line), x2=at(value), y1=middle, y2=middle))
        marks.append(element("line", class_="compared", x1=at(line), x2=at(line), y1=0, y2=HEIGHT))
    marks.append(element("circle", class_="dot", cx=at(value), cy=middle, r=4))
    return drawing(WIDTH, HEIGHT, *marks, kind="dots")


def gap(points: float | None, most: float) -> Markup | str:
    """A dot left of an upright line at no gap for a lower mean, right of it for a higher one; `most` points reach the ends."""
    return dot(points, 0, -most, most)


def heat(share: float | None) -> str:
    """The class of a cell of a heat table: the larger the share, the darker the cell."""
    return "" if share is None else f"heat-{min(_HEAT_STEPS, int(share * (_HEAT_STEPS + 1)))}"
