"""A line of time: what held from when until when, beside the same in words, which assistive technology reads instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

WIDTH, HEIGHT = 240, 16
_LEAST = 3
"""A stretch of an hour is still seen in a line of a year."""


@dataclass(frozen=True)
class Stretch:
    """Something that held from one moment to another, drawn as the `kind` of its class in reports.css: in, out or unknown."""

    kind: str
    begin: datetime
    end: datetime


def timeline(stretches: Sequence[Stretch], begin: datetime, end: datetime) -> Markup:
    """The stretches on a line from `begin` to `end`; the gaps between them stay empty."""
    whole = (end - begin).total_seconds() or 1
    marks = []
    for one in stretches:
        at = WIDTH * (one.begin - begin).total_seconds() / whole
        width = max(_LEAST, WIDTH * (min(one.end, end) - one.begin).total_seconds() / whole)
        marks.append(f'<rect class="{one.kind}" x="{min(at, WIDTH - _LEAST):.0f}" width="{width:.0f}" height="{HEIGHT}"/>')
    return Markup(f'<svg class="timeline" width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">{"".join(marks)}</svg>')  # noqa: S704 - numbers, and our own words
