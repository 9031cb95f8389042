"""The form in which headers of files and names in settings are compared (design 3.11)."""

from __future__ import annotations

import re


def canonical(header: str) -> str:
    """Trimmed, case-folded, spaces and hyphens as `_`."""
    return re.sub(r"[\s\-]", "_", header.strip().casefold())
