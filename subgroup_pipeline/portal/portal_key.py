"""The key that form tokens are made with: 32 random bytes in `keys/`, made when the portal first opens."""

from __future__ import annotations

import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.home import Home

_BYTES = 32


def portal_key(home: Home) -> bytes:
    """Read the key, making it first where there is none."""
    path = home.keys / "portal_key"
    if not path.exists():
        with NamedTemporaryFile(dir=home.keys) as made:  # mode 0600
            made.write(secrets.token_bytes(_BYTES))
            made.flush()
            # Of two processes that open a new portal, one makes the key and both read it.
            with suppress(FileExistsError):
                path.hardlink_to(made.name)
    return path.read_bytes()
