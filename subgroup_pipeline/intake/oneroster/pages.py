"""The text of a page: what is kept of it (all but passwords), its objects, and what two nights are compared by."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from subgroup_pipeline.intake.oneroster.faults import FaultyPageError

_SCALAR = rb'(?:"(?:[^"\\]|\\.)*"|[-+.0-9a-zA-Z]+)'
_PASSWORD = re.compile(rb',\s*"password"\s*:\s*%b|"password"\s*:\s*%b\s*,?' % (_SCALAR, _SCALAR), re.IGNORECASE)
_MAY_HAVE_PASSWORD = re.compile(rb'"password"\s*:|"[^"]{0,60}\\u[^"]{0,60}"\s*:', re.IGNORECASE)
"""What is left after the plain way: a password that is an object, or a key that is written with escapes."""
_MOVES = re.compile(rb'"(?:dateLastModified|href)"\s*:\s*%b\s*,?' % _SCALAR)
"""What may differ between two nights though nothing changed: the time of the last synchronization, and links."""


def without_passwords(page: bytes) -> bytes:
    """A page as it came, with every `password` at any depth taken out. Raises ValueError for what is no JSON."""
    kept = _PASSWORD.sub(b"", page)
    if not _MAY_HAVE_PASSWORD.search(kept):
        return kept
    return json.dumps(_cleared(json.loads(kept)), ensure_ascii=False, separators=(",", ":")).encode()


def _cleared(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _cleared(one) for key, one in value.items() if key.casefold() != "password"}
    return [_cleared(one) for one in value] if isinstance(value, list) else value


def objects_of(page: bytes, collection: str, where: str) -> list[str]:
    """The sourcedIds of a page's objects, in its order. Raises FaultyPageError for what is no list of OneRoster objects."""
    try:
        said = json.loads(page)
        objects = said[collection]
        ids = [one["sourcedId"] for one in objects]
    except (ValueError, KeyError, TypeError, RecursionError):
        ids = [None]
    if not all(isinstance(one, str) and one for one in ids):
        raise FaultyPageError(f"{where} is no list of {collection} as OneRoster has it; it may have been cut off.")
    return ids


class ContentHash:
    """What pages say, as one hash: the same on the next night if nothing changed but times and links."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, page: bytes) -> None:
        """Take the next page."""
        self._hash.update(_MOVES.sub(b"", page))

    @property
    def sha256(self) -> str:
        """In hex."""
        return self._hash.hexdigest()
