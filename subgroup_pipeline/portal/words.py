"""Numbers, shares and dates as pages write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


def number(value: int | None) -> str:
    """A count with separators, for example `12,345`; a dash for none."""
    return "-" if value is None else f"{value:,}"


def percent(share: float | None) -> str:
    """A share between 0 and 1 with one decimal, for example `12.3%`; a dash for none."""
    return "-" if share is None else f"{100 * share:.1f}%"


def score(percent_of_all: float | None) -> str:
    """A mean score in percent with one decimal and without the sign, for example `63.2`; a dash for none."""
    return "-" if percent_of_all is None else f"{percent_of_all:.1f}"


def points(gap: float | None) -> str:
    """A difference in points with its sign, for example `\u22124.1` or `+0.3`; a dash for none."""
    return "-" if gap is None else f"{gap:+.1f}".replace("-", "\u2212")


def school_year(year: str) -> str:
    """A school year as people write it: OneRoster's 2027, the year in which it ends, is `2026-27`."""
    return f"{int(year) - 1}-{int(year) % 100:02}" if year.isdecimal() and len(year) == len("2027") else year


def month_words(month: date) -> str:
    """A month, for example `Oct 2026`."""
    return f"{month:%b %Y}"
