"""Small marks for a row of a table, each beside the number that it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.portal.charts.svg import drawing, element

if TYPE_CHECKING:
    from markupsafe import Markup

WIDTH, HEIGHT = 120, 12


def bar(share: float | None) -> Markup | str:
    """A bar for a share between 0 and 1; nothing for none."""
    if share is None:
        return ""
    track = element("rect", class_="track", width=WIDTH, height=HEIGHT)
    return drawing(WIDTH, HEIGHT, track, element("rect", class_="fill", width=WIDTH * share, height=HEIGHT), kind="bar")
