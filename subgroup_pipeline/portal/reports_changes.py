"""The view of what changed: students who went from one value of a subgroup to another, at one build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.dashboard.changes import changed_at, changes_at
from subgroup_pipeline.desk.dashboard.download import Part
from subgroup_pipeline.portal.reports_content import Content

if TYPE_CHECKING:
    from subgroup_pipeline.desk.dashboard.entity import Entity
    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
    from subgroup_pipeline.portal.reports_address import Asked


def changes_view(shown: ShownRows, _: Entity, asked: Asked) -> Content:
    """The build that is asked for, else the newest that changed anything."""
    builds = changed_at(shown)
    chosen = next((at for at in builds if at.isoformat() == asked.at), builds[0] if builds else None)
    changes = changes_at(shown, chosen) if chosen else []
    return Content([Part("rpt_subgroup_change", changes)], {"builds": builds, "chosen": chosen, "changes": changes})
