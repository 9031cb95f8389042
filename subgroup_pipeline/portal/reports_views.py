"""The views of a report: what each reads, shows and gives as a file. `?view=` names one; the first is shown without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.dashboard.counted import EVERYONE, Counted
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import Level
from subgroup_pipeline.desk.dashboard.side_by_side import side_by_side
from subgroup_pipeline.desk.dashboard.subgroup_table import SubgroupRow, list_subgroups, subgroup_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.desk.dashboard.side_by_side import PartRow
    from subgroup_pipeline.portal.reports_address import Asked


@dataclass(frozen=True)
class Content:
    """What a view found: the rows that are on screen, which are also those of its file, and other values for its template."""

    parts: Sequence[Part]
    values: dict[str, Any]


@dataclass(frozen=True)
class View:
    """One view: its name in the address, what people call it, the level that has it, its template and what it reads."""

    name: str
    words: str
    levels: frozenset[Level]
    template: str
    read: Callable[[ShownRows, Entity, Asked], Content]


_SORTS: dict[str, Callable[[Counted], Any]] = {
    "students": lambda row: -row.student_count,
    "share": lambda row: -(row.student_share or 0),
    "mean": lambda row: (row.mean_score_pct is None, -(row.mean_score_pct or 0)),
    "gap": lambda row: (row.score_gap_pct is None, row.score_gap_pct or 0),
}


def _subgroups(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """Every subgroup and value, all students first."""
    rows = [row for row in subgroup_table(shown, entity) if row.subgroup == EVERYONE or _is_wanted(row, asked)]
    if asked.sort == "name":
        rows[1:] = sorted(rows[1:], key=lambda row: row.words.lower())
    elif asked.sort in _SORTS:
        rows[1:] = sorted(rows[1:], key=_SORTS[asked.sort])
    values = {
        "rows": rows,
        "subgroups": list_subgroups(shown),
        "has_scores": any(row.scored_students for row in rows),
        "widest": max((abs(row.score_gap_pct or 0) for row in rows), default=0),
    }
    return Content([_own(entity, rows)], values)


def _is_wanted(row: SubgroupRow, asked: Asked) -> bool:
    return (not asked.subgroup or row.subgroup in asked.subgroup) and (asked.values != "members" or bool(row.is_member))


def _own(entity: Entity, rows: Sequence[SubgroupRow]) -> Part:
    return Part(f"rpt_{entity.level}_subgroup", rows)


def _side_by_side(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """The schools of a district or the courses of a school: all subgroups at once, or one of them against the whole."""
    own = subgroup_table(shown, entity)
    chosen = [row for row in own if row.group == (asked.of, asked.value)]
    groups = chosen or [row for row in own[1:] if row.is_member] or own[:1]
    rows = side_by_side(shown, entity, [row.group for row in groups])
    by_part: dict[tuple[str, str], dict[tuple[str, str], PartRow]] = {}
    for row in rows:
        by_part.setdefault(row.part, {})[row.group] = row
    parts = list(by_part.items())
    if chosen and asked.sort in _SORTS:
        parts.sort(key=lambda part: _SORTS[asked.sort](part[1][chosen[0].group]))
    level = Level.SCHOOL if entity.level == Level.DISTRICT else Level.COURSE
    return Content(
        [Part(f"rpt_{level}_subgroup", [row for _, found in parts for row in found.values()]), _own(entity, groups)],
        {
            "groups": groups,
            "chosen": chosen[0] if chosen else None,
            "by_part": parts,
            "has_scores": any(row.scored_students for row in rows),
            "highest": max((row.student_share or 0 for row in (*rows, *chosen) if row.group == groups[0].group), default=1),
        },
    )


VIEWS = (
    View("", "Subgroups", frozenset(Level), "reports_subgroups.html", _subgroups),
    View("schools", "Schools side by side", frozenset({Level.DISTRICT}), "reports_side_by_side.html", _side_by_side),
    View("courses", "Courses side by side", frozenset({Level.SCHOOL}), "reports_side_by_side.html", _side_by_side),
)


def views_of(entity: Entity) -> list[View]:
    """The views that the report of an entity has."""
    return [view for view in VIEWS if entity.level in view.levels]
