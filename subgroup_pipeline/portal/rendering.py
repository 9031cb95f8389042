"""Templates: one Jinja environment, in which every value is escaped, with the words and forms that all pages share."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from subgroup_pipeline.findings.severity import SEVERITY_WORDS
from subgroup_pipeline.local_time import day_words
from subgroup_pipeline.local_time import local_time as day_and_clock
from subgroup_pipeline.portal.charts.marks import bar, dot, gap, heat, stack
from subgroup_pipeline.portal.words import month_words, number, percent, points, school_year, score

if TYPE_CHECKING:
    from jinja2 import Environment

_CLOCK = "%-d %b %Y, %H:%M"


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - a template's values
    """A page of this room's `templates/` as text."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("subgroup_pipeline.portal", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["local_time"] = local_time
    made.filters["utc_time"] = utc_time
    made.filters["local_day"] = local_day
    made.filters["day_and_clock"] = day_and_clock
    made.filters["utc_moment"] = utc_moment
    made.filters["month"] = month_words
    made.filters["number"] = number
    made.filters["percent"] = percent
    made.filters["score"] = score
    made.filters["points"] = points
    made.filters["school_year"] = school_year
    made.filters["day"] = day_words
    made.globals.update(bar=bar, dot=dot, gap=gap, heat=heat, stack=stack)
    made.filters["severity"] = SEVERITY_WORDS.__getitem__
    return made


def local_time(moment: datetime | str | None, zone: str = "UTC") -> str:
    """A moment as people of a time zone read it, for example `28 Nov 2026, 03:10 (America/Chicago)`; a dash for none."""
    if moment is None:
        return "-"
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{at.astimezone(ZoneInfo(zone)):{_CLOCK}} ({zone})"


def utc_time(moment: datetime) -> str:
    """The same in UTC without saying so, for tables of pages that say it once."""
    return f"{moment.astimezone(UTC):{_CLOCK}}"


def local_day(moment: datetime, zone: str) -> str:
    """The day of a moment of a published table, which is UTC without saying so, as people of a time zone write it."""
    return day_words(moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)))


def utc_moment(moment: datetime) -> datetime:
    """A moment of a published table, which is UTC without saying so, as one that says it."""
    return moment.replace(tzinfo=UTC)
