"""What rosters of OneRoster 1.0 and 1.2 say in other words than 1.1: written in `raw` as 1.1 writes it, for all to read one form.

Columns with other names were mapped when the header was read. A roster of 1.1 costs nothing here. The archive keeps what came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.warehouse.oneroster import words_as_1p1
from subgroup_pipeline.warehouse.rule_sql import rules
from subgroup_pipeline.warehouse.sql_text import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.landing.screen import Screening
    from subgroup_pipeline.reading.roster_files import Edition

_OF_VENDORS = "ext:"
"""What words of vendors begin with (OneRoster 1.2 CSV: extended vocabularies)."""
_EDITIONS: tuple[Edition, ...] = ("1.0", "1.2")


def write_as_1p1(connection: duckdb.DuckDBPyConnection, screenings: Iterable[Screening]) -> None:
    """Rewrite these landed deliveries, as far as they are of another edition; their dates are read by then. Safe to repeat."""
    of: dict[str | None, list[str]] = {}
    for screening in screenings:
        of.setdefault(screening.edition, []).append(screening.delivery_id)
    for edition in _EDITIONS:
        if edition not in of:
            continue
        for place, words in words_as_1p1(edition).items():
            table, column = place.split(".")
            _rewrite(connection, f"raw.{table}", column, _word(identifier(column), words), of[edition])
        if edition == "1.0":
            # 1.0 knows nobody who may not sign in but by the status of the row.
            _rewrite(connection, "raw.users", "enabledUser", f"coalesce({identifier('enabledUser')}, 'true')", of[edition])
            _name_school_years(connection, of[edition])
        else:
            # A score is optional in 1.2: what is graded in words alone has no number, and is no fault.
            word = identifier("scoreStatus")
            graded = f"case when {rules().is_fully_graded(word)} and score is null then 'submitted' else {word} end"
            _rewrite(connection, "raw.results", "scoreStatus", graded, of[edition])


def _word(column: str, words: Mapping[str, str]) -> str:
    """SQL of a word as 1.1 calls it; one that is not listed stays as it is, and the checks say so."""
    cases = [
        f"when starts_with(lower({column}), '{word}') then {literal(of_1p1)}"
        if word == _OF_VENDORS
        else f"when lower({column}) = {literal(word)} then {literal(of_1p1)}"
        for word, of_1p1 in words.items()
    ]
    return f"case {' '.join(cases)} else {column} end"


def _rewrite(connection: duckdb.DuckDBPyConnection, table: str, column: str, value: str, delivery_ids: list[str]) -> None:
    """Write a value over a column, in the rows that it changes."""
    name = identifier(column)
    connection.execute(
        f"update {table} set {name} = {value} where {name} is distinct from ({value}) and delivery_id in (select unnest(?))",
        [delivery_ids],
    )


def _name_school_years(connection: duckdb.DuckDBPyConnection, delivery_ids: list[str]) -> None:
    """Give sessions the year in which the school year that they lie in ends, which is what schoolYear says (OneRoster 1.1 CSV).

    An end is exclusive, so the day before it is the last. A session that lies in no school year has none.
    """
    cells = ("s.startDate", "s.endDate", "y.startDate", "y.endDate")
    begin, end, year_begin, year_end = map(rules().date_of, cells)
    connection.execute(
        f"""
        update raw.academic_sessions as x set schoolYear = f.year
        from (
            select s.delivery_id, s.sourcedId, max(year({year_end} - 1))::varchar as year
            from raw.academic_sessions s
            inner join raw.academic_sessions y on s.delivery_id = y.delivery_id and lower(y.type) = 'schoolyear'
                and {begin} >= {year_begin} and {end} <= {year_end}
            group by all
        ) as f
        where x.delivery_id = f.delivery_id and x.sourcedId = f.sourcedId and x.schoolYear is null
            and x.delivery_id in (select unnest(?))
        """,
        [delivery_ids],
    )
