"""A chart of lines over time. A line breaks where nothing was counted; what each line is stands at its end, beside a mark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 170, 24, 34
_NOTHING = 1e-9
"""Less than this is drawn as nothing."""
_LABEL_GAP = 17
"""Pixels that two labels stand apart."""
MOST_LINES = 6
"""More cannot be told apart."""
_LABEL_LENGTH = 22
_LETTER = 7
"""Pixels that a letter takes."""


_SHAPES = (
    "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "m-4-4h8v8h-8z", "m0-5l5 9h-10z", "m0-5l5 5l-5 5l-5-5z", "m0 5l5-9h-10z",
    "m-5-1.5h10v3h-10z",
)  # fmt: skip
"""Marks of lines, by number: a dot, a square, a triangle, a diamond, a triangle on its head, a dash."""


@dataclass(frozen=True)
class Line:
    """What a line is called, and its points in the order of the ticks; None where there is nothing."""

    label: str
    points: Sequence[float | None]


@dataclass(frozen=True)
class Tick:
    """A place on the axis of time. One with a `break_label` begins something new, and is marked with an upright line."""

    label: str
    break_label: str = ""


def months_between(first: date, last: date) -> list[date]:
    """The first days of all months from one to another, also of those in which nothing was built."""
    count = 12 * (last.year - first.year) + last.month - first.month
    return [
        first.replace(year=first.year + (first.month - 1 + n) // 12, month=(first.month - 1 + n) % 12 + 1)
        for n in range(count + 1)
    ]


def line_chart(lines: Sequence[Line], ticks: Sequence[Tick], says: Callable[[float], str], about: str) -> Markup:
    """The chart; `says` writes a number as the table beside it does, `about` tells what it shows to who does not see it."""
    high = _round_up(max((point for line in lines for point in line.points if point is not None), default=1))

    def x(at: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * (at / (len(ticks) - 1) if len(ticks) > 1 else 0.5)

    def y(point: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * point / high

    inside = [*_grid(high, y, says), *_time(ticks, x)]
    ends = _spread([y(_last(line.points)) for line in lines[:MOST_LINES]])
    for number, (line, end) in enumerate(zip(lines, ends, strict=False)):
        marks = (_mark(number, x(at), y(point), f"{line.label}, {ticks[at].label}: {says(point)}") for at, point in _known(line))
        path, mark = _path(line.points, x, y), _mark(number, WIDTH - _RIGHT + 16, end)
        text = f'<text x="{WIDTH - _RIGHT + 26}" y="{end + 4:.0f}">{escape(_short(line.label, _LABEL_LENGTH))}</text>'
        inside.append(f'<g class="line line-{number}"><path d="{path}"/>{"".join(marks)}{mark}{text}</g>')
    shape = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(about)}"'
    return Markup(f'<svg class="lines" {shape}>{"".join(inside)}</svg>')  # noqa: S704 - all that anybody wrote is escaped


def _grid(high: float, y: Callable[[float], float], says: Callable[[float], str]) -> list[str]:
    steps = [high * part / 4 for part in range(5)]
    return [
        f'<path class="grid" d="M{_LEFT} {y(step):.1f}H{WIDTH - _RIGHT}"/>'
        f'<text class="number" x="{_LEFT - 6}" y="{y(step) + 4:.1f}">{escape(says(step))}</text>'
        for step in steps
    ]


def _time(ticks: Sequence[Tick], x: Callable[[float], float]) -> list[str]:
    """Months or terms below the chart, as many as have room, and what begins anew above it."""
    every = math.ceil(len(ticks) / 9)
    length = (WIDTH - _LEFT - _RIGHT) * every // (_LETTER * max(len(ticks) - 1, 1))
    shown = [(at, _short(tick.label, length)) for at, tick in enumerate(ticks) if (len(ticks) - 1 - at) % every == 0]
    below = [
        f'<text class="time" x="{max(x(at), len(label) * _LETTER / 2):.0f}" y="{HEIGHT - 12}">{escape(label)}</text>'
        for at, label in shown
    ]
    above = [
        f'<path class="break" d="M{x(at - 0.5):.0f} {_TOP - 6}V{HEIGHT - _BOTTOM}"/>'
        f'<text class="break" x="{x(at - 0.5) + 4:.0f}" y="{_TOP - 8}">{escape(tick.break_label)}</text>'
        for at, tick in enumerate(ticks)
        if tick.break_label
    ]
    return below + above


def _short(label: str, length: int) -> str:
    return label if len(label) <= length else f"{label[: length - 1]}…"


def _path(points: Sequence[float | None], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    """Lines between neighbours; a point that is not there lets the line begin anew."""
    steps = []
    for at, point in enumerate(points):
        if point is not None:
            begins = at == 0 or points[at - 1] is None
            steps.append(f"{'M' if begins else 'L'}{x(at):.0f} {y(point):.1f}")
    return "".join(steps)


def _mark(number: int, x: float, y: float, says: str = "") -> str:
    """The mark of a line, of a shape of its own: colours alone tell no lines apart."""
    title = f"<title>{escape(says)}</title>" if says else ""
    return f'<path class="mark" d="M{x:.0f} {y:.1f}{_SHAPES[number]}">{title}</path>'


def _known(line: Line) -> list[tuple[int, float]]:
    return [(at, point) for at, point in enumerate(line.points) if point is not None]


def _last(points: Sequence[float | None]) -> float:
    return next((point for point in reversed(points) if point is not None), 0)


def _spread(ends: Sequence[float]) -> list[float]:
    """Heights of labels, moved down where they would cover each other, and all of them up where that leaves the chart."""
    moved = list(ends)
    order = sorted(range(len(ends)), key=moved.__getitem__)
    for above, below in pairwise(order):
        moved[below] = max(moved[below], moved[above] + _LABEL_GAP)
    over = max(0.0, max(moved, default=0) - (HEIGHT - _BOTTOM))
    return [end - over for end in moved]


def _round_up(number: float) -> float:
    """A round number that is not lower: 1, 2, 2.5 or 5 times a power of ten; 1 for what a chart shows as nothing."""
    if number < _NOTHING:
        return 1
    power = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in (1.0, 2.0, 2.5, 5.0, 10.0) if step * power >= number)
