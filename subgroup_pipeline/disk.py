"""The disk under the home: files written whole, room that is left, faults that mean it is full, and the ledger's reserve.

The reserve is a file that is removed when the disk is full, so that the ledger can still say what happened.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import DiskFullError, SubgroupsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from subgroup_pipeline.home import Home

PART = ".part"
"""How the names of files end that are not whole yet."""
MIB = 1024**2
RESERVE = 8 * MIB
"""Bytes kept for the ledger; some ten thousand audit events."""
_LEDGER_ROOM = 2 * MIB
"""Free bytes below which the ledger gets its reserve."""
_MARGIN = 16 * MIB
"""Bytes of a night that do not grow with the districts: Dagster's events, dbt's files, logs."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_WORDS = (
    "no space left",
    "disk is full",
    "not enough space",
    "disk quota exceeded",
    "file too large",
    "could not write all bytes",
)


def write_whole(path: Path, content: bytes | str, *, durable: bool = True) -> None:
    """Write a file that has its name when all of it is there, or not at all; what had the name stands until then. Mode 0600.

    `durable`: a power loss does not undo it. That costs milliseconds, so files of which a night makes hundreds, and that can
    be made again, do without.
    """
    part = write_beside(path, content, durable=durable)
    part.replace(path)
    if durable:
        sync_to_disk(path.parent)


def write_beside(path: Path, content: bytes | str, *, durable: bool = True) -> Path:
    """Write a whole file beside the place that it is for, and give its path: the caller gives it the name. Mode 0600.

    Every call has a file of its own, so that two processes may write for one place. A kill leaves it as `.<name>.….part`.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return part


def sync_to_disk(path: Path) -> None:
    """Make a file or a directory's names durable, so that a power loss does not undo them."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_bytes(home: Home) -> int:
    """Bytes that this user can still write under the home."""
    return shutil.disk_usage(home.root).free


def is_full_disk(fault: BaseException | str, home: Home) -> bool:
    """Whether a fault, or what it came from, says that the disk is full; DuckDB, SQLite and dbt say it in words only.

    SQLite calls it an I/O error when it cannot make its shared memory or its log longer; then what is free decides, or that files
    may not grow beyond a limit.
    """
    if isinstance(fault, str):
        said = fault.casefold()
        return any(words in said for words in _WORDS) or ("disk i/o error" in said and _leaves_no_room(home))
    came_from = fault.__cause__ or fault.__context__
    return (
        isinstance(fault, DiskFullError)
        or (isinstance(fault, OSError) and fault.errno in _FULL)
        or is_full_disk(str(fault), home)
        or (came_from is not None and is_full_disk(came_from, home))
    )


def _leaves_no_room(home: Home) -> bool:
    return free_bytes(home) < _LEDGER_ROOM or resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def full_disk(home: Home) -> DiskFullError:
    """The error that says it, with the mend."""
    return DiskFullError(
        f"the disk is full: {_megabytes(free_bytes(home))} are free under {home.root}. Nothing that was delivered or published "
        "is lost, and readers keep what they have. Free space and run `subgroups run`; it goes on where this stopped."
    )


@contextmanager
def full_disk_in_words(home: Home) -> Iterator[None]:
    """Raise DiskFullError for whatever fault means a full disk; our own errors and all others pass as they are."""
    try:
        yield
    except SubgroupsError:
        raise
    except Exception as error:
        if is_full_disk(error, home):
            # Without its cause: a step's innermost error is what people read.
            raise full_disk(home) from None
        raise


def require_room(home: Home, what: str, needed: int) -> None:
    """Refuse to begin what would fill the disk on the way. Raises DiskFullError with what is free and what is needed."""
    needed += _MARGIN
    free = free_bytes(home)
    if free < needed:
        raise DiskFullError(
            f"the disk is too full for {what}: {_megabytes(free)} are free under {home.root}, and it needs about "
            f"{_megabytes(needed)}. Nothing was begun; readers keep what they have. Free space and run `subgroups run`."
        )


def room_for_a_snapshot(home: Home) -> int:
    """Bytes that a publish writes at most: a copy of the working file, its rows again in the lake, and the history anew."""

    def size(path: Path) -> int:
        return path.stat().st_size if path.is_file() else 0

    return 2 * max(size(home.analytics_database), size(home.published_database)) + size(home.history_database)


def keep_reserve(home: Home) -> None:
    """Make the reserve where there is room for it; a disk that is nearly full does without until it has room again."""
    if home.reserve.exists() or free_bytes(home) < 4 * RESERVE:
        return
    with suppress(OSError):  # a reserve is no reason to stop anything
        file = os.open(home.reserve, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(file, 0, RESERVE)
        finally:
            os.close(file)


def make_room_for_ledger(home: Home) -> None:
    """Give up the reserve when the disk is nearly full; costs a microsecond otherwise."""
    disk = os.statvfs(home.root)
    if disk.f_bavail * disk.f_frsize < _LEDGER_ROOM:
        home.reserve.unlink(missing_ok=True)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
