"""The released numbers of a place: rows of the tables in the file that may be shared, as they stand there.

Rows are put in the order of the district's subgroups, which the settings give; no number has a say in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from subgroup_pipeline.districts.privacy_profiles import ProfileName
    from subgroup_pipeline.noticeboard.board import Lying
    from subgroup_pipeline.posted import NamedDistrict

EVERYONE = "all_students"
Row = dict[str, Any]
"""A row of a released table, by column."""


@dataclass(frozen=True)
class Release:
    """The release that the numbers of a district are of."""

    release_id: str
    released_at: datetime
    minimum_count: int
    profile: ProfileName


@dataclass(frozen=True)
class Place:
    """A district, one of its schools or a course there, with its release and what its subgroups are called."""

    district_id: str
    named: NamedDistrict
    release: Release
    level: str
    keys: Mapping[str, str]
    school_name: str | None
    course_title: str | None
    as_of_date: date
    school_year: str | None
    students: str
    """As the release writes them."""

    @property
    def name(self) -> str:
        """What people call it; its ID where the roster gives no name."""
        if self.level == "course":
            return self.course_title or self.keys["course_id"]
        return self.named.name if self.level == "district" else self.school_name or self.keys["school_id"]


def find_place(lying: Lying, district_id: str, school_id: str | None, course_id: str | None) -> Place | None:
    """A place of the release; None for one that is not in it."""
    named = lying.posted.districts.get(district_id)
    query = "select release_id, released_at, minimum_count, profile from public.release where district_id = ?"
    release = lying.cursor.execute(query, [district_id]).fetchone()
    if named is None or release is None:
        return None
    keys = {"school_id": school_id, "course_id": course_id}
    given = {column: key for column, key in keys.items() if key is not None}
    level = ("district", "school", "course")[len(given)]
    rows = _rows(lying, f"rpt_{level}_subgroup", {"district_id": district_id, "subgroup": EVERYONE, **given})
    if not rows:
        return None
    row = rows[0]
    return Place(
        district_id, named, Release(*release), level, given, row.get("school_name"), row.get("course_title"),
        row["as_of_date"], row["school_year"], row["display_value"],
    )  # fmt: skip


def subgroup_rows(lying: Lying, place: Place) -> list[Row]:
    """The place by subgroup."""
    return _ordered(place, _rows(lying, f"rpt_{place.level}_subgroup", _of(place)))


def part_rows(lying: Lying, place: Place, subgroup: str, value: str) -> list[Row]:
    """One value of one subgroup in every part of a place, by name: the schools of a district, the courses of a school."""
    level, named, key = {
        "district": ("school", "school_name", "school_id"),
        "school": ("course", "course_title", "course_id"),
    }[place.level]
    rows = _rows(lying, f"rpt_{level}_subgroup", {**_of(place), "subgroup": subgroup, "value": value})
    found = [{**row, "part_id": row[key], "part_name": row[named] or row[key]} for row in rows]
    return sorted(found, key=lambda row: (row["part_name"].casefold(), row["part_id"]))


def pair_rows(lying: Lying, place: Place, subgroup: str, with_subgroup: str) -> list[Row]:
    """Students of a place who have both of two values, for two subgroups."""
    which = {**_of(place), "subgroup": subgroup, "with_subgroup": with_subgroup}
    return _ordered(place, _rows(lying, f"rpt_{place.level}_subgroup_pair", which))


def paired_subgroups(lying: Lying, place: Place) -> list[tuple[str, str]]:
    """The subgroups that the place has together, in the order of the district's."""
    table = f"public.rpt_{place.level}_subgroup_pair"
    where, values = _where(_of(place))
    found = set(lying.cursor.execute(f"select distinct subgroup, with_subgroup from {table} where {where}", values).fetchall())
    names = [one.subgroup for one in place.named.subgroups]
    return [(one, other) for one in names for other in names if (one, other) in found]


def trend_rows(lying: Lying, place: Place, subgroup: str) -> list[Row]:
    """One subgroup of the place in every month, the oldest first."""
    rows = _ordered(place, _rows(lying, "rpt_trend_subgroup", {**_of(place), "level": place.level, "subgroup": subgroup}))
    return sorted(rows, key=lambda row: row["month"])


def value_labels(place: Place, subgroup: str) -> dict[str, str]:
    """What the values of a subgroup are called, in the order in which they are shown."""
    return {one.value: one.label for named in place.named.subgroups if named.subgroup == subgroup for one in named.values}


def subgroup_label(place: Place, subgroup: str) -> str:
    """What a subgroup is called."""
    return next((named.label for named in place.named.subgroups if named.subgroup == subgroup), subgroup)


def words_of(place: Place, row: Row) -> str:
    """What a row counts: `English learner: Yes`, and `All students`."""
    label = subgroup_label(place, row["subgroup"])
    return label if row["subgroup"] == EVERYONE else f"{label}: {label_of(place, row)}"


def label_of(place: Place, row: Row) -> str:
    """What the value of a row is called; the value itself where it has no name any more."""
    value: str = row["value"]
    return value_labels(place, row["subgroup"]).get(value, value)


def _of(place: Place) -> dict[str, str]:
    return {"district_id": place.district_id, **place.keys}


def _rows(lying: Lying, table: str, which: Mapping[str, str]) -> list[Row]:
    where, values = _where(which)
    found = lying.cursor.execute(f"select * from public.{table} where {where}", values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _where(which: Mapping[str, str]) -> tuple[str, list[str]]:
    return " and ".join(f"{column} = ?" for column in which), list(which.values())


def _ordered(place: Place, rows: list[Row]) -> list[Row]:
    """Rows in the order of the names, and what has no name any more behind them by the alphabet."""
    order = {
        (named.subgroup, one.value): at
        for at, (named, one) in enumerate((named, one) for named in place.named.subgroups for one in named.values)
    }
    order[EVERYONE, "all"] = -1

    def place_of(row: Row) -> tuple[int, str, str]:
        return order.get((row["subgroup"], row["value"]), len(order)), row["subgroup"], row["value"]

    def with_place(row: Row) -> tuple[int, str]:
        other = (str(row.get("with_subgroup", "")), str(row.get("with_value", "")))
        return order.get(other, len(order)), other[1]

    return sorted(rows, key=lambda row: (place_of(row), with_place(row)))
