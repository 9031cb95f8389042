"""Checks of the PostgreSQL mirror, where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


def postgres_mirror(settings: Settings) -> list[Complaint]:
    """Whether it answers, holds what readers see, and shows nobody more than was granted."""
    if not settings.mirror_url.get_secret_value():
        return []
    from subgroup_pipeline.desk.mirror import mirror_status

    found = mirror_status(settings)
    said = []
    if not found.is_current:
        what = f"The mirror holds the snapshot {found.snapshot or 'none'}, and readers here see {found.shown_snapshot}."
        said.append(Complaint("warning", what, "`subgroups mirror sync` brings it there, and says what is in the way."))
    said += [
        Complaint(
            "warning",
            f"The role {grant.role} of the mirror was granted {grant.district_id}, but {grant.trouble}.",
            f"`subgroups mirror revoke {grant.role}`, and grant a plain role what it may see.",
        )
        for grant in found.grants
        if grant.trouble
    ]
    said += [
        Complaint(
            "error",
            f"The view {view} in the mirror shows every district to whoever may ask it.",
            f"In the mirror: alter view {view} set (security_invoker = true)",
        )
        for view in found.open_views
    ]
    return said
