"""Marts written by hand: what each place of a district counts, as the reports that the pipeline publishes have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

import duckdb

from subgroup_pipeline.disclosure.release_tables import REPORTS
from subgroup_pipeline.publish.mart_tables import mart_tables
from subgroup_pipeline.warehouse.rows import insert_rows
from subgroup_pipeline.warehouse.table import Table

Place = tuple[str, ...]
"""`()` is the district, `(school_id,)` a school, `(school_id, course_id)` a course."""
Counts = Mapping[str, Mapping[str, int]]
"""Students by subgroup and value. `all_students` is added up from the first subgroup where it is not given."""
PairCounts = Mapping[tuple[str, str, str, str], int]
"""Students by subgroup, value, other subgroup and its value; the other way about is added."""
RELEASED = [table.name for table in REPORTS]
AS_OF = date(2026, 10, 1)


@dataclass(frozen=True)
class District:
    """What a district's reports count: by place now, by place in earlier months, and pairs by place."""

    places: Mapping[Place, Counts]
    months: Mapping[date, Mapping[Place, Counts]] = field(default_factory=dict)
    pairs: Mapping[Place, PairCounts] = field(default_factory=dict)
    means: Mapping[tuple[Place, str, str], tuple[int, float]] = field(default_factory=dict)
    """Students with a score and their mean by place, subgroup and value; elsewhere nobody has a score."""


@contextmanager
def made_up_marts(districts: Mapping[str, District]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory in which these marts are attached as `source`."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as source; create schema source.marts")
        for table in _tables().values():
            connection.execute(f"create table {table} {table.definition}")
        for district_id, district in districts.items():
            for place, counts in district.places.items():
                _insert(connection, f"rpt_{_level(place)}_subgroup", _rows(district_id, district, place, counts))
            for place, pairs in district.pairs.items():
                _insert(connection, f"rpt_{_level(place)}_subgroup_pair", _pair_rows(district_id, place, pairs))
            now = {AS_OF: district.places, **district.months}
            for month, places in now.items():
                for place, counts in places.items():
                    rows = _rows(district_id, district, place, counts)
                    _insert(connection, "rpt_trend_subgroup", [row | {"level": _level(place), "month": month} for row in rows])
        yield connection


def _level(place: Place) -> str:
    return ("district", "school", "course")[len(place)]


def _rows(district_id: str, district: District, place: Place, counts: Counts) -> list[dict[str, object]]:
    total = counts["all_students"]["all"] if "all_students" in counts else sum(next(iter(counts.values())).values())
    found = []
    for subgroup, by_value in {"all_students": {"all": total}, **counts}.items():
        for value, students in by_value.items():
            scored, mean = district.means.get((place, subgroup, value), (0, None))
            found.append(
                _place(district_id, place)
                | {"subgroup": subgroup, "value": value, "student_count": students, "total_students": total}
                | {"scored_students": scored, "mean_score_pct": mean, "student_share": students / total if total else None}
            )
    return found


def _pair_rows(district_id: str, place: Place, pairs: PairCounts) -> list[dict[str, object]]:
    both_ways = {**pairs, **{(*pair[2:], *pair[:2]): students for pair, students in pairs.items()}}
    names = ("subgroup", "value", "with_subgroup", "with_value")
    return [
        _place(district_id, place) | dict(zip(names, pair, strict=True)) | {"student_count": students, "scored_students": 0}
        for pair, students in both_ways.items()
    ]


def _place(district_id: str, place: Place) -> dict[str, object]:
    named = dict(zip(("school_id", "course_id"), place, strict=False))
    names = {"school_name": place[0]} if place else {}
    return {"district_id": district_id, "school_year": "2027", "as_of_date": AS_OF, **named, **names}


@cache
def _tables() -> dict[str, Table]:
    """The reports that are released, by name."""
    found = {table.name: replace(table, database="source") for table in mart_tables()}
    return {name: found[name] for name in RELEASED}


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    table = _tables()[name]
    known = [{column: value for column, value in row.items() if column in table.columns} for row in rows]
    insert_rows(connection, table, known)
