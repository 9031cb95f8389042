"""The archive: every fetched file, sealed with its district's key before anything reads it, kept by its plain bytes' sha256.

`archive/<district>/<two digits>/<sha256>`, modes 0700 and 0600. Whoever needs the plain bytes gets them here and nowhere else:
`plain` puts them into a folder of the scratch directory, `opened` lends them for a while. Releases before kept plain files in
`archive/<two digits>/`; they are read where they lie until upkeep has sealed them.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.disk import PART, sync_to_disk
from subgroup_pipeline.errors import ArchiveDamagedError, KeyringError
from subgroup_pipeline.home import Home
from subgroup_pipeline.intake.sealed_file import SealingWriter, is_redacted, plain_chunks
from subgroup_pipeline.keyring import Keyring

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BLOCK = 1024**2
_PLAIN = ".plain"
"""How the names of files end in the scratch directory that hold what comes in."""


@dataclass(frozen=True)
class DistrictArchive:
    """The archive of one district."""

    home: Home
    district_id: str

    @property
    def keyring(self) -> Keyring:
        """The keys that its files are sealed with."""
        return Keyring(self.home)

    def place(self, sha256: str) -> Path:
        """Where the sealed bytes of this hash belong."""
        return self.home.archive / self.district_id / sha256[:2] / sha256

    def find(self, sha256: str) -> Path | None:
        """Where bytes of this hash lie, sealed or as an earlier release kept them; None where they are not kept."""
        places = (self.place(sha256), unsealed_place(self.home, sha256))
        return next((path for path in places if path.is_file()), None)

    def plain(self, sha256: str, into: Path) -> Path:
        """The plain bytes of this hash as a file; a copy lies in the folder afterwards, under its hash.

        Raises FileNotFoundError when they are not kept, ArchiveDamagedError when they are not those that arrived.
        """
        kept = self.find(sha256)
        if kept is None:
            raise FileNotFoundError(self.place(sha256))
        if kept != self.place(sha256):
            _require_hash(kept, hash_of(kept), sha256)
            return kept
        target = into / sha256
        if not target.exists():
            into.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = into / f".{secrets.token_hex(8)}{PART}"
            try:
                self._copy(kept, sha256, part)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
        return target

    @contextmanager
    def opened(self, sha256: str, near: Path) -> Iterator[Path]:
        """Lend the plain bytes of this hash as a file, which lies in a folder under `near` meanwhile. Raises as `plain` does."""
        folder = near / f"{os.getpid()}-{secrets.token_hex(8)}"
        try:
            yield self.plain(sha256, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def is_whole(self, sha256: str) -> bool:
        """Whether bytes of this hash are kept, and are those that arrived; reads them."""
        kept = self.find(sha256)
        if kept is None:
            return False
        if kept != self.place(sha256):
            return hash_of(kept) == sha256
        try:
            return _hash_of_all(plain_chunks(kept, self.keyring, self.district_id)) == sha256 or is_redacted(kept)
        except KeyringError:
            return False

    def _copy(self, kept: Path, sha256: str, target: Path) -> None:
        found = hashlib.sha256()
        try:
            with os.fdopen(_new_file(target), "wb") as file:
                for chunk in plain_chunks(kept, self.keyring, self.district_id):
                    found.update(chunk)
                    file.write(chunk)
        except KeyringError as error:
            raise ArchiveDamagedError(f"archived file of {self.district_id}: {error}") from error
        if not is_redacted(kept):
            _require_hash(kept, found.hexdigest(), sha256)

    def replace(self, sha256: str, redacted: Path) -> None:
        """Let a file without some of its rows take the place of what came, under the same name; what came is gone."""
        part = self.home.archive / f".{secrets.token_hex(8)}{PART}"
        try:
            with redacted.open("rb") as plain, os.fdopen(_new_file(part), "wb") as sealed:
                writer = SealingWriter(sealed, self.keyring, self.district_id, in_place_of=sha256)
                while block := plain.read(_BLOCK):
                    writer.write(block)
                writer.finish()
                sealed.flush()
                os.fsync(sealed.fileno())
            final = self.place(sha256)
            times = final.stat()
            part.replace(final)
            os.utime(final, ns=(times.st_atime_ns, times.st_mtime_ns))  # it leaves with its age
            sync_to_disk(final.parent)
        finally:
            part.unlink(missing_ok=True)


class IncomingFile:
    """A file while it comes in: sealed beside the archive, plain in the scratch directory, hashed. A writer for `getfo`."""

    def __init__(self, archive: DistrictArchive) -> None:
        self._archive = archive
        name = secrets.token_hex(8)
        self.path = archive.home.scratch / f"{name}{_PLAIN}"
        self._part = archive.home.archive / f".{name}{PART}"
        self._plain = os.fdopen(_new_file(self.path), "wb")
        self._sealed = os.fdopen(_new_file(self._part), "wb")
        try:
            self._begin()
        except (OSError, KeyringError):  # there is no room for a new district's key, or no master key
            self.discard()
            raise

    def _begin(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0
        self._sealing = SealingWriter(self._sealed, self._archive.keyring, self._archive.district_id)

    @property
    def sha256(self) -> str:
        """Hash of the bytes so far, in hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._hash.update(data)
        self.size += len(data)
        self._sealing.write(data)
        return self._plain.write(data)

    def restart(self) -> None:
        """Forget what came, for another try."""
        for file in (self._plain, self._sealed):
            file.seek(0)
            file.truncate()
        self._begin()

    def flush(self) -> None:
        """Write through, so that `path` can be read: the plain bytes, until the file is kept or dropped."""
        self._plain.flush()

    def keep(self) -> Path:
        """Make the sealed bytes durable under the hash of the plain ones; keeping the same bytes twice is one file."""
        self._sealing.finish()
        self._sealed.flush()
        os.fsync(self._sealed.fileno())
        self._sealed.close()
        final = self._archive.place(self.sha256)
        for folder in (final.parent.parent, final.parent):
            if not folder.exists():
                folder.mkdir(mode=0o700, exist_ok=True)
                sync_to_disk(folder.parent)
        if not (final.exists() and is_redacted(final)):  # rows that were taken out do not come back with the same upload
            self._part.replace(final)
            sync_to_disk(final.parent)
        return final

    def discard(self) -> None:
        """Drop the plain bytes, and what was not kept."""
        self.path.unlink(missing_ok=True)
        self._part.unlink(missing_ok=True)
        for file in (self._plain, self._sealed):
            with suppress(OSError):  # a full disk does not take what a file still had to write, and need not
                file.close()


@contextmanager
def incoming_file(archive: DistrictArchive) -> Iterator[IncomingFile]:
    """A place for bytes that come in; unless `keep()` was called nothing stays."""
    file = IncomingFile(archive)
    try:
        yield file
    finally:
        file.discard()


def clear_incoming(home: Home) -> None:
    """Remove what a fetch that was killed left. The caller holds the warehouse, so nobody writes it."""
    for left in (*home.archive.glob(f".*{PART}"), *home.scratch.glob(f"*{_PLAIN}")):
        left.unlink(missing_ok=True)


def archived_files(home: Home) -> list[Path]:
    """Every file in the archive, those that an earlier release kept too; what is still being written is none."""
    plain = (path for path in home.archive.glob("??/*") if path.is_file())
    return sorted((*home.archive.glob("*/??/*"), *plain))


def is_archived(path: Path) -> bool:
    """Whether a file in the archive has the name of an archived one."""
    return _SHA256.fullmatch(path.name) is not None


def unsealed_place(home: Home, sha256: str) -> Path:
    """Where releases before kept bytes of this hash, as they came."""
    return home.archive / sha256[:2] / sha256


def hash_of(path: Path) -> str:
    """sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of_all(chunks: Iterator[bytes]) -> str:
    found = hashlib.sha256()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


def _require_hash(path: Path, found: str, sha256: str) -> None:
    if found != sha256:
        raise ArchiveDamagedError(f"the archived file {path} is not what arrived.")


def _new_file(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
