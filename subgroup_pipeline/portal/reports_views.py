"""The views of a report: what each reads, shows and gives as a file. `?view=` names one; the first is shown without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.desk.dashboard.entity import Level
from subgroup_pipeline.desk.dashboard.subgroup_table import EVERYONE, SubgroupRow, list_subgroups, subgroup_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.portal.reports_address import Asked


@dataclass(frozen=True)
class Content:
    """What a view found: the rows that are on screen, which are also those of its file, and other values for its template."""

    parts: Sequence[Part]
    values: dict[str, Any]


@dataclass(frozen=True)
class View:
    """One view: its name in the address, what people call it, the levels that have it, its template and what it reads."""

    name: str
    words: str
    levels: frozenset[Level]
    template: str
    read: Callable[[ShownRows, Entity, Asked], Content]


_SORTS: dict[str, Callable[[SubgroupRow], Any]] = {
    "name": lambda row: (row.subgroup_label.lower(), row.value_label.lower()),
    "students": lambda row: -row.student_count,
    "share": lambda row: -(row.student_share or 0),
}


def _subgroups(shown: ShownRows, entity: Entity, asked: Asked) -> Content:
    """Every subgroup and value, all students first."""
    rows = [row for row in subgroup_table(shown, entity) if row.subgroup == EVERYONE or _is_wanted(row, asked)]
    if asked.sort in _SORTS:
        rows[1:] = sorted(rows[1:], key=_SORTS[asked.sort])
    return Content([Part(f"rpt_{entity.level}_subgroup", rows)], {"rows": rows, "subgroups": list_subgroups(shown)})


def _is_wanted(row: SubgroupRow, asked: Asked) -> bool:
    return (not asked.subgroup or row.subgroup in asked.subgroup) and (asked.values != "members" or bool(row.is_member))


VIEWS = (View("", "Subgroups", frozenset(Level), "reports_subgroups.html", _subgroups),)


def views_of(entity: Entity) -> list[View]:
    """The views that the report of an entity has."""
    return [view for view in VIEWS if entity.level in view.levels]
