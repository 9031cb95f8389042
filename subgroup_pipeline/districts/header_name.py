"""The form in which headers and settings are compared. Apart from the settings, because the reading processes need it alone."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

METADATA_PREFIX = "metadata."
"""How the columns begin with which a vendor extends a OneRoster file."""
_LIKE_ENOUGH = 60
"""Of 100; a name less like the wanted one is not suggested."""
_INVISIBLE = dict.fromkeys([0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF])


def visible(name: str) -> str:
    """A name without the characters that nobody sees: zero-width ones, marks of direction, soft hyphens."""
    return name.translate(_INVISIBLE)


def canonical(header: str) -> str:
    """A header's name as NFC, trimmed, case-folded, spaces and hyphens as `_`, without what nobody sees."""
    return re.sub(r"[\s\-]", "_", unicodedata.normalize("NFC", visible(header)).strip().casefold())


def squeezed(name: str) -> str:
    """A name as letters and digits only, without case: `Section 504 (Y/N)` is `section504yn`."""
    return re.sub(r"[\W_]+", "", canonical(name))


def nearest_name(wanted: str, names: Collection[str], like_enough: float = _LIKE_ENOUGH) -> str:
    """The name most like a wanted one; all in canonical form. Empty when none is like it."""
    from rapidfuzz import fuzz, process

    best = process.extractOne(wanted, names, scorer=fuzz.ratio, score_cutoff=like_enough)
    return best[0] if best else ""
