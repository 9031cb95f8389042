"""Checks of mail: whether it can go out, and what did not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_SECONDS = 5.0


def mail_server(settings: Settings) -> list[Complaint]:
    """Whether the mail server takes our connection, certificate and sign-in; nothing is sent."""
    from aiosmtplib import SMTPException

    from subgroup_pipeline.notify.sender import connected, in_words

    server = settings.smtp_server
    if server is None:
        return []
    complaints = []
    if not settings.sender_address:
        mend = "SUBGROUPS_MAIL_FROM (or SUBGROUPS_CONTACT_MAIL) names it."
        complaints.append(Complaint("error", "Mail cannot be sent: no address is set that it comes from.", mend))

    async def sign_in() -> None:
        async with connected(server, _SECONDS):
            pass

    try:
        asyncio.run(sign_in())
    except (SMTPException, OSError, TimeoutError) as error:
        what = f"The mail server {server.host} port {server.port} cannot be used: {in_words(error)}"
        complaints.append(Complaint("error", what, "Look at SUBGROUPS_SMTP_URL; mail waits and is tried for more than a day."))
    return complaints


def failed_mail(_settings: Settings, registry: Registry) -> list[Complaint]:
    """Mail that was given up."""
    from subgroup_pipeline.registry.schema import Mail

    with registry.begin() as session:
        failed = session.scalar(sa.select(sa.func.count()).select_from(Mail).where(Mail.state == "failed")) or 0
    if not failed:
        return []
    what = f"{failed} {'mail' if failed == 1 else 'mails'} could not be delivered."
    return [Complaint("warning", what, "`subgroups mail list --state failed` says why, and `subgroups mail retry` tries again.")]
