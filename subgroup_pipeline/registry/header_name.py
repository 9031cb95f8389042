"""The form in which headers and settings are compared. Apart from the settings, because the reading processes need it alone."""

from __future__ import annotations

import re


def canonical(header: str) -> str:
    """A header's name trimmed, case-folded, spaces and hyphens as `_` (design 3.11)."""
    return re.sub(r"[\s\-]", "_", header.strip().casefold())
