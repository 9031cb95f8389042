"""Small marks for a row of a table, each beside the number that it draws, which assistive technology therefore passes over."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 120, 12
"""Pixels, as in reports.css."""
_MIDDLE = HEIGHT // 2
_HEAT_STEPS = 6


def bar(share: float | None) -> Markup | str:
    """A bar for a share between 0 and 1; nothing for none."""
    return "" if share is None else _drawing("bar", f'<path d="M0 0h{WIDTH * share:.0f}v{HEIGHT}H0"/>')


def dot(value: float | None, line: float | None, low: float, high: float) -> Markup | str:
    """A dot on the way from `low` to `high`, joined to an upright line at what it is compared with; nothing for no value."""
    if value is None or high <= low:
        return ""

    def at(number: float) -> int:
        return round(_MIDDLE + (WIDTH - HEIGHT) * (number - low) / (high - low))

    compared = "" if line is None else f'<path d="M{at(line)} 0v{HEIGHT}m0-{_MIDDLE}H{at(value)}"/>'
    return _drawing("dots", f'{compared}<circle cx="{at(value)}" cy="{_MIDDLE}" r="4"/>')


def gap(points: float | None, most: float) -> Markup | str:
    """A dot left of an upright line at no gap for a lower mean, right of it for a higher one; `most` points reach the ends."""
    return dot(points, 0, -most, most)


def stack(counts: Sequence[int]) -> Markup | str:
    """Parts of a whole beside each other, the first on the left; nothing where there is no whole."""
    whole = sum(counts)
    if not whole:
        return ""
    edges = [WIDTH * part / whole for part in accumulate(counts, initial=0)]
    parts = (
        f'<path class="part-{number}" d="M{left:.0f} 0H{right:.0f}v{HEIGHT}H{left:.0f}"/>'
        for number, (left, right) in enumerate(pairwise(edges))
    )
    return _drawing("stack", "".join(parts))


def heat(share: float | None) -> str:
    """The class of a cell of a heat table: the larger the share, the darker the cell."""
    return "" if share is None else f"heat-{min(_HEAT_STEPS, int(share * (_HEAT_STEPS + 1)))}"


def _drawing(kind: str, marks: str) -> Markup:
    """A drawing whose marks hold numbers and nothing that anybody wrote."""
    return Markup(f'<svg class="{kind}" aria-hidden="true">{marks}</svg>')  # noqa: S704
