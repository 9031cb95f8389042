"""The text of a page: what is kept of it (all but passwords), what its objects are, and what two nights are compared by."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from subgroup_pipeline.intake.oneroster.faults import FaultyPageError

_SCALAR = rb'(?:"(?:[^"\\]|\\.)*"|[-+.0-9a-zA-Z]+)'
_PASSWORD = re.compile(rb',\s*"password"\s*:\s*%b|"password"\s*:\s*%b\s*,?' % (_SCALAR, _SCALAR), re.IGNORECASE)
_MAY_HAVE_PASSWORD = re.compile(rb'"password"\s*:|"[^"]{0,60}\\u[^"]{0,60}"\s*:', re.IGNORECASE)
"""What is left after the plain way: a password that is an object, or a key that is written with escapes."""
_MOVES = re.compile(rb'"(?:dateLastModified|href)":%b,?' % _SCALAR)
"""What may differ between two nights though nothing changed: the time of the last synchronization, and links."""


def without_passwords(page: bytes) -> bytes:
    """A page as it came, with every `password` at any depth taken out. Raises ValueError for what is no JSON."""
    kept = _PASSWORD.sub(b"", page)
    if not _MAY_HAVE_PASSWORD.search(kept):
        return kept
    return _as_text(_cleared(json.loads(kept)))


def _cleared(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {key: _cleared(one) for key, one in value.items() if key.casefold() != "password"}
    return [_cleared(one) for one in value] if isinstance(value, list) else value


def page_of(collection: str, objects: list[dict[str, Any]]) -> bytes:
    """A page with these objects."""
    return _as_text({collection: objects})


def _as_text(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def objects_of(page: bytes, collection: str, where: str) -> list[dict[str, Any]]:
    """The objects of a page, in its order. Raises FaultyPageError for what is no list of OneRoster objects."""
    try:
        objects = json.loads(page)[collection]
        ids = [one["sourcedId"] for one in objects]
    except (ValueError, KeyError, TypeError, RecursionError):
        objects, ids = [], [None]
    if not all(isinstance(one, str) and one for one in ids):
        raise FaultyPageError(f"{where} is no list of {collection} as OneRoster has it; it may have been cut off.")
    return list(objects)


@dataclass(frozen=True)
class PageFacts:
    """What is remembered of a page's objects: their ids, when they changed, and what they say in one form."""

    ids: list[str]
    changed: frozenset[str | None]
    said: bytes

    @classmethod
    def of(cls, objects: list[dict[str, Any]]) -> PageFacts:
        """Of these objects."""
        dates = (one.get("dateLastModified") for one in objects)
        changed = frozenset(date if isinstance(date, str) else None for date in dates)
        # The keys are sorted, so that neither their order nor the pages that objects come in make a difference.
        text = json.dumps(objects, sort_keys=True, separators=(",", ":"))[1:-1]
        return cls([one["sourcedId"] for one in objects], changed, _MOVES.sub(b"", text.encode()))


@dataclass
class ListFacts:
    """The same of a whole list: `content` is the same hash on the next night if nothing changed but times and links."""

    ids: set[str] = field(default_factory=set)
    objects: int = 0
    changed: set[str | None] = field(default_factory=set)
    _hash: Any = field(default_factory=hashlib.sha256)

    def add(self, page: PageFacts) -> None:
        """Take the next page."""
        self.ids.update(page.ids)
        self.objects += len(page.ids)
        # The newest and the oldest are enough.
        known = self.changed | page.changed
        texts = sorted(date for date in known if date is not None)
        self.changed = {*texts[:1], *texts[-1:], *({None} & known)}
        if page.ids:
            self._hash.update(page.said + b",")

    @property
    def content(self) -> str:
        """In hex."""
        return str(self._hash.hexdigest())

    @property
    def newest_change(self) -> str:
        """When the object that changed last did; empty where the server does not keep such times for each object."""
        times = [date for date in self.changed if date is not None]
        return max(times) if None not in self.changed and len(times) > 1 else ""
