"""Dates that are written another way than OneRoster's YYYY-MM-DD: read where a whole column proves one way, else left alone.

A column proves month/day/year when a day above 12 stands in second place somewhere and none stands in first place, and
day/month/year the other way round. A date and time is read as its date where the time is midnight. Dates that are read become
YYYY-MM-DD in `raw`, so that checks, guards, deltas and models see one form; the archive keeps what came.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.warehouse.oneroster import roster_tables

if TYPE_CHECKING:
    from collections.abc import Iterable

    import duckdb

    from subgroup_pipeline.landing.screen import Screening

_MIDNIGHT = r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?(?: ?(?:Z|[+-]00:?00))?| 12:00(?::00)? AM)?"
_YEAR_FIRST = rf"(\d{{4}})-(\d{{2}})-(\d{{2}}){_MIDNIGHT}"
_SLASHES = rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}}){_MIDNIGHT}"
_MOST_TEXTS = 10_000

_WORDS = {
    "time": "a date and time at midnight: it was read as the date",
    "mdy": "month/day/year",
    "dmy": "day/month/year",
}


def _iso(column: str, way: str) -> str:
    """SQL of a date of this way, written as YYYY-MM-DD."""
    form, year, month, day = {
        "time": (_YEAR_FIRST, 1, 2, 3),
        "mdy": (_SLASHES, 3, 1, 2),
        "dmy": (_SLASHES, 3, 2, 1),
    }[way]
    parts = (f"lpad(regexp_extract({column}, '{form}', {place}), 2, '0')" for place in (month, day))
    return " || '-' || ".join((f"regexp_extract({column}, '{form}', {year})", *parts))


class _Column(NamedTuple):
    """A date column of one file that has other texts than YYYY-MM-DD: rows of each form, and days above 12 by place.

    Texts of no form at all (`TBD`) prove nothing and contradict nothing: their own rows are set aside later.
    """

    delivery_id: str
    file_name: str
    times: int
    slashes: int
    first_above_12: int
    second_above_12: int
    texts: list[str]

    @property
    def way(self) -> str:
        """The one way in which the column can be read; `both` where two ways fit, empty where none does."""
        if bool(self.times) == bool(self.slashes):
            return ""
        if self.times:
            return "time"
        if bool(self.first_above_12) == bool(self.second_above_12):
            return "" if self.first_above_12 else "both"
        return "mdy" if self.second_above_12 else "dmy"


def read_dates(connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening]) -> None:
    """Read the date columns of these landed deliveries; what is read, and what can be read in two ways, becomes a finding."""
    of = {screening.delivery_id: screening for screening in screenings}
    has_roles = any(screening.edition == "1.2" for screening in of.values())
    for table in roster_tables("1.2" if has_roles else "1.1").values():
        for column in table.date_columns:
            ways: dict[str, list[_Column]] = defaultdict(list)
            for found in _odd_columns(connection, table.name, column, list(of)):
                ways[found.way].append(found)
            for way, columns in ways.items():
                if way in _WORDS:
                    _rewrite(connection, table.name, column, way, columns)
                for found in columns:
                    of[found.delivery_id].findings += _findings(found, column, way)


def _odd_columns(connection: duckdb.DuckDBPyConnection, table: str, column: str, delivery_ids: list[str]) -> list[_Column]:
    """Columns with texts that are not of the form YYYY-MM-DD, which one cheap test of every row tells."""
    query = f"""
        with odd as (
            select
                delivery_id, file_name, {column} as text, count(*) as n,
                regexp_full_match({column}, '{_YEAR_FIRST}') as is_time,
                regexp_full_match({column}, '{_SLASHES}') as is_slashes,
                try_cast(regexp_extract({column}, '^{_SLASHES}$', 1) as integer) as first,
                try_cast(regexp_extract({column}, '^{_SLASHES}$', 2) as integer) as second
            from raw.{table}
            where {column} not like '____-__-__' and delivery_id in (select unnest(?))
            group by all
        )
        select
            delivery_id, file_name,
            coalesce(sum(n) filter (is_time), 0)::bigint,
            coalesce(sum(n) filter (is_slashes), 0)::bigint,
            count(*) filter (first > 12),
            count(*) filter (second > 12),
            min(text, {_MOST_TEXTS}) filter (is_time or is_slashes)
        from odd group by all order by all
    """
    return [_Column(*row) for row in connection.execute(query, [delivery_ids]).fetchall()]


def _rewrite(connection: duckdb.DuckDBPyConnection, table: str, column: str, way: str, columns: list[_Column]) -> None:
    """Write the dates as YYYY-MM-DD, for all files of one way in one statement. Safe to repeat: they are then no longer odd."""
    form = _YEAR_FIRST if way == "time" else _SLASHES
    connection.execute(
        f"update raw.{table} as x set {column} = {_iso(f'x.{column}', way)} "
        f"where x.{column} not like '____-__-__' and regexp_full_match(x.{column}, '{form}') "
        "and x.delivery_id in (select unnest(?))",
        [[found.delivery_id for found in columns]],
    )


def _findings(found: _Column, column: str, way: str) -> list[Finding]:
    count = found.times + found.slashes
    if way in _WORDS:
        code, about = "DAT306", f"It is written as {_WORDS[way]}."
    elif way == "both":
        code, about = "DAT307", "Month/day/year and day/month/year both fit."
    else:
        return []
    return [
        Finding(code, file=found.file_name, column=column, count=count, about=about, key_column=column, keys=tuple(found.texts))
    ]
