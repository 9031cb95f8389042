"""The form in which headers and settings are compared. Apart from the settings, because the reading processes need it alone."""

from __future__ import annotations

import re
import unicodedata


def canonical(header: str) -> str:
    """A header's name as NFC, trimmed, case-folded, spaces and hyphens as `_`."""
    return re.sub(r"[\s\-]", "_", unicodedata.normalize("NFC", header).strip().casefold())
