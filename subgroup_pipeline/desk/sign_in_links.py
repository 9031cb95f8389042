"""Sign-in links as staff and the command line hand them out, and as they go by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import quote

from subgroup_pipeline.access.sign_in_links import make_link
from subgroup_pipeline.access.tokens import token_hash
from subgroup_pipeline.notify.queue import queue_mail

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class ShownLink:
    """A link for one person; whoever has it can sign in as them, once."""

    url: str
    expires_at: datetime


def sign_in_link(
    settings: Settings, registry: Registry, email: str, *, actor: str, is_mailed: bool = False, then: str = ""
) -> ShownLink:
    """Make a one-time link, and queue the mail that brings it; `then` is the page of ours to which it leads.

    Raises UnknownPersonError, or PersonRefusedError for people who sign in with the account of their organization alone.
    """
    with registry.begin() as session:
        made = make_link(session, email, actor=actor)
        url = f"{settings.portal_url}/sign-in/{made.token}" + (f"?next={quote(then, safe='/')}" if then else "")
        if is_mailed:
            queue_mail(
                session,
                kind="sign_in_link",
                key=f"sign_in_link:{token_hash(made.token)}",
                to=[made.email],
                district_id=made.district_id,
                url=url,
                expires_at=made.expires_at,
                zone=settings.timezone,
            )
    return ShownLink(url, made.expires_at)
