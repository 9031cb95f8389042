"""Sign-in links as staff and the command line hand them out, and as people ask for them by mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.access.sign_in_links import make_link

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings


@dataclass(frozen=True)
class ShownLink:
    """A link to hand to one person; whoever has it can sign in as them, once."""

    url: str
    expires_at: datetime


def sign_in_link(settings: Settings, registry: Registry, email: str, *, actor: str) -> ShownLink:
    """Make a one-time link. Raises UnknownPersonError, or PersonRefusedError for people who sign in by OIDC alone."""
    with registry.begin() as session:
        made = make_link(session, email, actor=actor)
    return ShownLink(f"{settings.portal_url}/sign-in/{made.token}", made.expires_at)
