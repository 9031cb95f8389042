"""Members of zips that were unpacked while they were proved, kept in the scratch directory until they are landed.

What lies here is a copy that may go at any time: landing asks for the same pass again where it finds nothing.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from typing import TYPE_CHECKING

from subgroup_pipeline.reading.zip_proof import MAX_UNPACKED, ZipProof

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.reading.reading_pool import ReadingPool

UNPACKED = "unpacked"
"""The directory in scratch."""
MOST_KEPT, SHARE_OF_DISK = 8 * 1024**3, 4
"""Bytes that are kept in all, and at most one part in so many of what the disk has free. Zips beyond that are proved only."""
_TIMES, _FLOOR = 20, 16 * 1024**2
"""A zip of CSV files unpacks to at most so many times its size (or the floor); one that takes more is not kept."""


class UnpackedZips:
    """The zips of a run: directories by the zip's sha256, in which the members lie under theirs. To be used from threads."""

    def __init__(self, scratch: Path, readers: ReadingPool, room: int | None = None) -> None:
        self._directory = scratch / UNPACKED
        self.readers = readers
        self._room = min(MOST_KEPT, shutil.disk_usage(scratch).free // SHARE_OF_DISK) if room is None else room
        self._lock = threading.Lock()

    def prove(self, path: Path, name: str, sha256: str) -> ZipProof:
        """Prove a zip as `zip_proof.prove_zip` does, and keep its members as far as there is room."""
        lent = self._borrow(max(_FLOOR, _TIMES * path.stat().st_size))
        proof = self._unpack(path, name, self._directory / sha256, lent)
        self._give_back(lent - sum(member.size for member in proof.members) if proof.is_unpacked else lent)
        return proof

    def unpack(self, path: Path, name: str, into: Path) -> ZipProof:
        """Prove a zip and put its members into a directory. Raises OSError when the disk has no place for them."""
        proof = self._unpack(path, name, into, MAX_UNPACKED)
        if proof.members and not proof.is_unpacked:
            raise OSError(f"the disk under {into.parent} has no place for what a zip holds; free some and run again.")
        return proof

    def kept(self, sha256: str, sizes: dict[str, int]) -> Path | None:
        """Where the members of a zip lie; None unless all are there, by sha256, with these sizes in bytes."""
        directory = self._directory / sha256
        there = {path.name: path.stat().st_size for path in directory.glob("*")}
        return directory if there == sizes else None

    def clear(self) -> None:
        """Remove everything."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _unpack(self, path: Path, name: str, into: Path, room: int) -> ZipProof:
        part = into.parent / f"{secrets.token_hex(8)}.part"
        part.mkdir(mode=0o700, parents=True)
        try:
            proof = self.readers.prove_zip(path, name, part, room)
            with self._lock:
                if proof.is_unpacked and not into.exists():  # two districts may send the same bytes
                    part.rename(into)
            return proof
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _borrow(self, wanted: int) -> int:
        """Take so many bytes of the room, or what is left of it."""
        with self._lock:
            lent = min(wanted, self._room)
            self._room -= lent
            return lent

    def _give_back(self, unused: int) -> None:
        with self._lock:
            self._room += unused
