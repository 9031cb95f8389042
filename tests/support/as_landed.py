"""Cells as landing leaves them in `raw`, for tests that put rows there themselves."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize


def as_landed(cell: Any) -> Any:  # noqa: ANN401 - a text, a map of texts, or anything else as it is
    """Trimmed, in Unicode's form NFC, null where blank."""
    if isinstance(cell, dict):
        return {name: as_landed(text) for name, text in cell.items()}
    return (normalize("NFC", cell.strip()) or None) if isinstance(cell, str) else cell
