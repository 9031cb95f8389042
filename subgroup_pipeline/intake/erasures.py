"""The erasure list of a district: which students must not be kept any more.

It lies in `archive/<district>/erased`, sealed, and holds no ID: only keyed hashes (HMAC-SHA256, RFC 2104) under a key that comes
from the district's own. Whatever is landed, tonight or years later, is held against it. It leaves with the district.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from subgroup_pipeline.intake.archive import DistrictArchive

FILE_NAME = "erased"
ID = "users.sourcedId"
"""The kind of a student's own ID; other kinds are roster fields that a subgroup file's IDs may equal, as settings name them."""
_PURPOSE = "erasures"


@dataclass(frozen=True)
class Erasures:
    """The list as it was read."""

    key: bytes
    marks: frozenset[str]

    def of(self, kind: str, values: Iterable[str]) -> list[str]:
        """Those of these IDs whose student is on the list."""
        return [value for value in values if self.mark(kind, value) in self.marks]

    def mark(self, kind: str, value: str) -> str:
        """What stands for an ID."""
        return hmac.digest(self.key, f"{kind}\0{value}".encode(), "sha256").hex()


def read_erasures(archive: DistrictArchive) -> Erasures | None:
    """The list of a district; None where nobody was ever erased."""
    path = _path(archive)
    if not path.exists():
        return None
    marks = json.loads(archive.keyring.unseal(archive.district_id, _PURPOSE, path.read_bytes()))
    return Erasures(archive.keyring.derived_key(archive.district_id, f"{_PURPOSE} marks"), frozenset(marks))


def add_erasures(archive: DistrictArchive, ids: Mapping[str, Iterable[str]]) -> None:
    """Put IDs of a student on the list, by kind."""
    key = archive.keyring.derived_key(archive.district_id, f"{_PURPOSE} marks")
    known = read_erasures(archive) or Erasures(key, frozenset())
    new = {known.mark(kind, value) for kind, values in ids.items() for value in values}
    path = _path(archive)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    marks = json.dumps(sorted(known.marks | new)).encode()
    write_whole(path, archive.keyring.seal(archive.district_id, _PURPOSE, marks))


def _path(archive: DistrictArchive) -> Path:
    return archive.home.archive / archive.district_id / FILE_NAME
