"""The archive: every fetched file, kept by its sha256 before anything reads it (modes 0700/0600)."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from subgroup_pipeline.disk import sync_to_disk


class IncomingFile:
    """A file while it comes in: written to a `.part` beside the archive, hashed on the way. A writer for `getfo`."""

    def __init__(self, archive: Path) -> None:
        self._archive = archive
        self.path = archive / f".{secrets.token_hex(8)}.part"
        self._hash = hashlib.sha256()
        self.size = 0
        self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")

    @property
    def sha256(self) -> str:
        """Hash of the bytes so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def restart(self) -> None:
        """Forget what came, for another try."""
        self._file.seek(0)
        self._file.truncate()
        self._hash = hashlib.sha256()
        self.size = 0

    def flush(self) -> None:
        """Write through, so that `path` can be read."""
        self._file.flush()

    def keep(self) -> Path:
        """Make the bytes durable under their hash; keeping the same bytes twice is one file."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        final = archived_path(self._archive, self.sha256)
        final.parent.mkdir(mode=0o700, exist_ok=True)
        self.path.replace(final)
        sync_to_disk(final.parent)
        sync_to_disk(self._archive)
        return final

    def discard(self) -> None:
        """Drop what was not kept."""
        self._file.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def incoming_file(archive: Path) -> Iterator[IncomingFile]:
    """A place for bytes that come in; unless `keep()` was called nothing stays."""
    file = IncomingFile(archive)
    try:
        yield file
    finally:
        file.discard()


def archived_path(archive: Path, sha256: str) -> Path:
    """Where bytes of this hash lie."""
    return archive / sha256[:2] / sha256


def hash_of(path: Path) -> str:
    """sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
