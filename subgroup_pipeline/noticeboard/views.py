"""The views that the page of a place has: its subgroups, one of them over time, two together, and its parts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.noticeboard.numbers import (
    EVERYONE,
    pair_rows,
    paired_subgroups,
    part_rows,
    subgroup_label,
    subgroup_rows,
    trend_rows,
    value_labels,
    words_of,
)
from subgroup_pipeline.portal.charts.lines import MOST_LINES, Line, Tick, line_chart, months_between
from subgroup_pipeline.portal.words import month_words, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from markupsafe import Markup

    from subgroup_pipeline.noticeboard.board import Lying
    from subgroup_pipeline.noticeboard.numbers import Place, Row


@dataclass(frozen=True)
class Content:
    """What a view shows: the rows of its file by table, and values for its template."""

    sheets: dict[str, list[Row]]
    values: dict[str, Any]


@dataclass(frozen=True)
class View:
    """One view: its name in the address, what people call it, the levels that have it, its template and what it reads."""

    name: str
    words: str
    levels: frozenset[str]
    template: str
    read: Callable[[Lying, Place, Mapping[str, str]], Content]


def _subgroups(lying: Lying, place: Place, _: Mapping[str, str]) -> Content:
    rows = subgroup_rows(lying, place)
    shown = [(words_of(place, row), row) for row in rows]
    return Content({f"rpt_{place.level}_subgroup": rows}, {"rows": shown, "has_means": _has_means(rows)})


def _trend(lying: Lying, place: Place, asked: Mapping[str, str]) -> Content:
    """The subgroup that is asked for, else everyone, month by month."""
    subgroup = _chosen(asked.get("of"), [one.subgroup for one in place.named.subgroups], EVERYONE)
    rows = trend_rows(lying, place, subgroup)
    labels = {
        value: label for value, label in value_labels(place, subgroup).items() if any(row["value"] == value for row in rows)
    }
    labels |= {row["value"]: row["value"] for row in rows if row["value"] not in labels}
    cells = {(row["month"], row["value"]): row for row in rows}
    months = sorted({row["month"] for row in rows})
    values = {
        "of": subgroup,
        "subgroups": place.named.subgroups,
        "title": subgroup_label(place, subgroup),
        "labels": labels,
        "months": [(month, [cells.get((month, value)) for value in labels]) for month in reversed(months)],
        "chart": _chart(months, labels, cells),
    }
    return Content({"rpt_trend_subgroup": rows}, values)


def _chart(months: list[date], labels: dict[str, str], cells: Mapping[tuple[date, str], Row]) -> Markup | str:
    """A line for each of the first values that have a count to be shown; a line breaks where there is none."""
    if len(months) < 2:
        return ""
    every = months_between(months[0], months[-1])
    none: Row = {}
    counts = {value: [cells.get((month, value), none).get("student_count") for month in every] for value in labels}
    lines = [Line(labels[value], points) for value, points in counts.items() if any(point is not None for point in points)]
    if not lines:
        return ""
    ticks = [Tick(month_words(month)) for month in every]
    about = "Number of students over time. The table has the same numbers."
    return line_chart(lines[:MOST_LINES], ticks, lambda count: number(round(count)), about)


def _pairs(lying: Lying, place: Place, asked: Mapping[str, str]) -> Content:
    """The two subgroups that are asked for, else the first two."""
    pairs = paired_subgroups(lying, place)
    if not pairs:
        return Content({}, {"pairs": []})
    firsts = list(dict.fromkeys(one for one, _ in pairs))
    of = _chosen(asked.get("of"), firsts, firsts[0])
    seconds = [other for one, other in pairs if one == of]
    beside = _chosen(asked.get("beside"), seconds, seconds[0])
    rows = pair_rows(lying, place, of, beside)
    cells = {(row["value"], row["with_value"]): row for row in rows}
    named, across = ({row[key] for row in rows} for key in ("value", "with_value"))
    lines, columns = _labels_of(place, of, named), _labels_of(place, beside, across)
    label = {one: subgroup_label(place, one) for one in (*firsts, *seconds)}
    values = {
        "pairs": pairs, "firsts": firsts, "seconds": seconds, "of": of, "beside": beside, "label": label, "columns": columns,
        "lines": [(words, [cells.get((value, other)) for other in columns]) for value, words in lines.items()],
    }  # fmt: skip
    return Content({f"rpt_{place.level}_subgroup_pair": rows}, values)


def _parts(lying: Lying, place: Place, asked: Mapping[str, str]) -> Content:
    """The schools of a district or the courses of a school, for the value that is asked for, else for everyone."""
    groups = {(one.subgroup, value.value): f"{one.label}: {value.label}" for one in place.named.subgroups for value in one.values}
    groups = {(EVERYONE, "all"): subgroup_label(place, EVERYONE)} | {
        group: words for group, words in groups.items() if group[0] != EVERYONE
    }
    chosen = next((group for group in groups if f"{group[0]}={group[1]}" == asked.get("of")), (EVERYONE, "all"))
    rows = part_rows(lying, place, *chosen)
    levels = {"district": "rpt_school_subgroup", "school": "rpt_course_subgroup"}
    released = [{name: cell for name, cell in row.items() if name not in ("part_id", "part_name")} for row in rows]
    values = {"groups": groups, "chosen": chosen, "title": groups[chosen], "parts": rows, "has_means": _has_means(rows)}
    return Content({levels[place.level]: released}, values)


def words_of_level(place: Place) -> str:
    """What a part of a place is called."""
    return {"district": "School", "school": "Course", "course": ""}[place.level]


def _labels_of(place: Place, subgroup: str, there: set[str]) -> dict[str, str]:
    """The values of a subgroup that are there, with what they are called; those without a name stand last."""
    named = value_labels(place, subgroup)
    return {value: label for value, label in named.items() if value in there} | {one: one for one in sorted(there - named.keys())}


def _has_means(rows: list[Row]) -> bool:
    return any(row["mean_score_pct"] is not None for row in rows)


def _chosen(wanted: str | None, there: list[str], default: str) -> str:
    return wanted if wanted in there else default


_EVERY = frozenset({"district", "school", "course"})
VIEWS = (
    View("", "Subgroups", _EVERY, "released_subgroups.html", _subgroups),
    View("trend", "Over time", _EVERY, "released_trend.html", _trend),
    View("pairs", "Two subgroups together", frozenset({"district", "school"}), "released_pairs.html", _pairs),
    View("schools", "Schools side by side", frozenset({"district"}), "released_parts.html", _parts),
    View("courses", "Courses side by side", frozenset({"school"}), "released_parts.html", _parts),
)
"""`?view=` names one; the first is shown without it."""
