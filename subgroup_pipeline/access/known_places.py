"""From where districts have signed in to the SFTP server: tries from there are told from those of strangers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import SERVICE_ACCOUNT

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry

_REMEMBERED = timedelta(days=90)


def known_places(registry: Registry) -> list[tuple[str, str]]:
    """Accounts with the addresses that they signed in from within 90 days, as the audit log has them, oldest first."""
    query = (
        sa.select(AuditEvent)
        .where(AuditEvent.kind == "sftp.login", AuditEvent.actor != SERVICE_ACCOUNT)
        .where(AuditEvent.at > datetime.now(UTC) - _REMEMBERED)
        .order_by(AuditEvent.event_id)
    )
    with registry.begin() as session:
        return list(dict.fromkeys((login.actor, str(login.detail["peer"])) for login in session.scalars(query)))
