"""The views that reports have. `?view=` names one; the first is shown without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.entity import Level
from subgroup_pipeline.portal.reports_changes import changes_view
from subgroup_pipeline.portal.reports_pairs import pairs_view
from subgroup_pipeline.portal.reports_side_by_side import side_by_side_view
from subgroup_pipeline.portal.reports_subgroups import subgroups_view
from subgroup_pipeline.portal.reports_trend import trend_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.portal.reports_address import Asked
    from subgroup_pipeline.portal.reports_content import Content


@dataclass(frozen=True)
class View:
    """One view: its name in the address, what people call it, the levels that have it, its template and what it reads."""

    name: str
    words: str
    levels: frozenset[Level]
    template: str
    read: Callable[[ShownRows, Entity, Asked], Content]


VIEWS = (
    View("", "Subgroups", frozenset(Level), "reports_subgroups.html", subgroups_view),
    View("trend", "Over time", frozenset(Level), "reports_trend.html", trend_view),
    View("changes", "What changed", frozenset({Level.DISTRICT}), "reports_changes.html", changes_view),
    View("pairs", "Two subgroups together", frozenset({Level.DISTRICT, Level.SCHOOL}), "reports_pairs.html", pairs_view),
    View("schools", "Schools side by side", frozenset({Level.DISTRICT}), "reports_side_by_side.html", side_by_side_view),
    View("courses", "Courses side by side", frozenset({Level.SCHOOL}), "reports_side_by_side.html", side_by_side_view),
)


def views_of(entity: Entity) -> list[View]:
    """The views that the report of an entity has."""
    return [view for view in VIEWS if entity.level in view.levels]
