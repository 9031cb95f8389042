"""The key that form tokens are made with: 32 random bytes in `keys/`, made when the portal first opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.keyring import random_key

if TYPE_CHECKING:
    from subgroup_pipeline.home import Home


def portal_key(home: Home) -> bytes:
    """Read the key, making it first where there is none."""
    return random_key(home.keys / "portal_key")
