"""The file operations of one SFTP session. Each asks the jail first, so nothing here can be reached without its leave.

Answers are either the result, or an SFTP error that tells the district's staff what to do; a refusal is also an event.
"""

from __future__ import annotations

import logging
import os
import stat
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, cast

import asyncssh
from asyncssh.constants import FXF_APPEND, FXF_CREAT, FXF_EXCL, FXF_READ, FXF_TRUNC, FXF_WRITE

from subgroup_pipeline.dropserver.audit_trail import AuditTrail
from subgroup_pipeline.dropserver.jail import DROP_BOXES, OUTBOX, Jail, JailPath, RefusedNameError, Right, is_regular
from subgroup_pipeline.dropserver.listing import LISTED_OWNER, attributes, listing

MAX_OPEN_FILES = 128
"""An account's open files over all its sessions, so that one district cannot use up the server's descriptors."""
MAX_REFUSALS_NOTED = 100
"""Refusals of one session that are written down; a client gone wild must not fill the audit log."""
UNFINISHED = ".filepart"
READ_MAX = 4 * 1024 * 1024

_WHERE_TO = f"upload into {', '.join(DROP_BOXES[:-1])} or {DROP_BOXES[-1]}; {OUTBOX} is for reading"


@dataclass(frozen=True)
class Sharing:
    """What all sessions of one server have in common."""

    root: Path
    trail: AuditTrail
    max_file_bytes: int
    open_files: Counter[str]


@dataclass(eq=False)
class OpenFile:
    """A handle the client holds: what it may be used for was settled when it was opened."""

    descriptor: int
    place: JailPath
    writing: bool
    failed: bool = False


class DropFiles(asyncssh.SFTPServer):
    """What a client may do to files, within its account's jail."""

    def __init__(
        self,
        chan: asyncssh.SSHServerChannel[bytes],
        account: str,
        sharing: Sharing,
        over: Callable[[DropFiles], None],
    ) -> None:
        super().__init__(chan)
        self._account = account
        self._sharing = sharing
        self._over = over
        self._jail = Jail(sharing.root, account)
        self._open: set[OpenFile] = set()
        self._refusals = 0
        self.client_said_close = False
        """Set by the protocol while it answers a CLOSE: files that are closed otherwise lost their client half-way."""

    # -- looking ---------------------------------------------------------------------------------------------------------

    def realpath(self, path: bytes) -> bytes:
        """Names only: links do not exist here, so nothing on disk has a say."""
        return self._place(path, "realpath").shown.encode()

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """What stands there."""
        return attributes(self._seen(path, "stat"))

    lstat = stat

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """What an open file is like now."""
        return attributes(os.fstat(cast("OpenFile", file_obj).descriptor))

    def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """List a directory. Refused at once, as opendir; the listing itself is made when the client asks for it."""
        place = self._allowed(path, Right.LIST, "list")
        if not stat.S_ISDIR(self._seen(path, "list").st_mode):
            raise asyncssh.SFTPNotADirectory("not a directory")
        return listing(place)

    def format_user(self, uid: int | None) -> str:  # noqa: ARG002
        """Whom listings name as a file's owner: not the server's operating system account."""
        return LISTED_OWNER

    def format_group(self, gid: int | None) -> str:  # noqa: ARG002
        """As format_user."""
        return LISTED_OWNER

    # -- open files ------------------------------------------------------------------------------------------------------

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:  # noqa: ARG002 - the client sets no mode
        """Open for reading or for writing, never for both."""
        writing = bool(pflags & (FXF_WRITE | FXF_APPEND | FXF_CREAT | FXF_TRUNC))
        if writing and pflags & FXF_READ:
            self._refuse("open", path, "a file is opened either for reading or for writing")
        place = self._allowed(path, Right.WRITE if writing else Right.READ, "write" if writing else "read")
        if self._sharing.open_files[self._account] >= MAX_OPEN_FILES:
            self._refuse("open", path, f"more than {MAX_OPEN_FILES} files are open")
        self._only_regular(place, "open", missing_ok=writing)
        opened = OpenFile(os.open(place.local, _os_flags(pflags, writing=writing), 0o600), place, writing)
        self._open.add(opened)
        self._sharing.open_files[self._account] += 1
        return opened

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Bytes of a file that was opened for reading. A short answer is allowed, an endless one is not made."""
        opened = cast("OpenFile", file_obj)
        if opened.writing:
            self._refuse("read", opened.place.shown.encode(), "the file was opened for writing")
        return os.pread(opened.descriptor, min(size, READ_MAX), offset)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Put bytes where the client says, or at the end of a file opened for appending."""
        opened = cast("OpenFile", file_obj)
        if not opened.writing:
            self._refuse("write", opened.place.shown.encode(), "the file was opened for reading")
        opened.failed = True  # until all of it is on disk: a client may go on as if nothing had happened
        if offset + len(data) > self._sharing.max_file_bytes:
            raise asyncssh.SFTPQuotaExceeded(f"a file holds at most {self._sharing.max_file_bytes} bytes")
        written = 0
        while written < len(data):
            written += os.pwrite(opened.descriptor, data[written:], offset + written)
        opened.failed = False
        return written

    def close(self, file_obj: object) -> None:
        """Let go of a file; of an upload, say how it ended."""
        opened = cast("OpenFile", file_obj)
        if opened not in self._open:
            return
        self._open.remove(opened)
        self._sharing.open_files[self._account] -= 1
        size = os.fstat(opened.descriptor).st_size
        os.close(opened.descriptor)
        if opened.writing:
            clean = self.client_said_close and not opened.failed
            self._note("sftp.upload", path=opened.place.shown, bytes=str(size), clean_close=str(clean).lower())
            if not clean:
                _set_apart(opened)

    def fsync(self, file_obj: object) -> None:
        """Nothing that waits for the disk runs in the event loop; durability is the archive's matter."""

    def exit(self) -> None:
        """The session is over, however it came to that."""
        for opened in list(self._open):
            self.close(opened)
        self._over(self)

    # -- changing names --------------------------------------------------------------------------------------------------

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename; the new name must be free."""
        source, target = self._both_ends(oldpath, newpath)
        if os.path.lexists(target.local):
            raise asyncssh.SFTPFileAlreadyExists("a file of the new name exists; remove it first, or use posix-rename")
        self._move(source, target)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename, replacing what has the new name."""
        self._move(*self._both_ends(oldpath, newpath))

    def remove(self, path: bytes) -> None:
        """Remove a regular file."""
        place = self._allowed(path, Right.REMOVE, "remove")
        self._only_regular(place, "remove")
        os.unlink(place.local)  # noqa: PTH108 - bytes
        self._note("sftp.remove", path=place.shown)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:  # noqa: ARG002 - the client sets no mode
        """Make a folder in an outbox; whoever uploads makes none."""
        os.mkdir(self._allowed(path, Right.FOLDERS, "mkdir").local, 0o700)  # noqa: PTH102 - bytes

    def rmdir(self, path: bytes) -> None:
        """Remove an empty folder of an outbox; every other directory belongs to the server."""
        os.rmdir(self._allowed(path, Right.FOLDERS, "rmdir").local)  # noqa: PTH106 - bytes

    # -- answered, and nothing changes -------------------------------------------------------------------------------------

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:  # noqa: ARG002
        """OK, and nothing changes: WinSCP sets times after an upload, and later stages trust the server's own clock."""
        self._seen(path, "setstat")

    lsetstat = setstat

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """As setstat."""

    # -- refused -------------------------------------------------------------------------------------------------------------

    def readlink(self, path: bytes) -> bytes:
        """Refused: there are no links."""
        self._refuse("readlink", path, "there are no links here")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:  # noqa: ARG002 - where it would lead does not matter
        """Refused: a link is a way out."""
        self._refuse("symlink", newpath, "links cannot be made")

    link = symlink

    def refuse_operation(self, operation: str) -> NoReturn:
        """An operation that the protocol knows and this server does not allow to anyone."""
        self._refuse(operation, b"", f"{operation} is not allowed here")

    # -- the checks ----------------------------------------------------------------------------------------------------------

    def _place(self, path: bytes, operation: str) -> JailPath:
        try:
            return self._jail.place(path)
        except RefusedNameError as error:
            self._refuse(operation, path, str(error))

    def _allowed(self, path: bytes, right: Right, operation: str) -> JailPath:
        place = self._place(path, operation)
        if right is Right.LIST and place.zone is None:
            raise asyncssh.SFTPNoSuchFile("no such directory")
        if not place.may(right):
            self._refuse(operation, path, f"not allowed here; {_WHERE_TO}")
        if place.through_link:
            self._refuse(operation, path, "links are not followed")
        return place

    def _seen(self, path: bytes, operation: str) -> os.stat_result:
        """Attributes of something the account can see; what it cannot see does not exist."""
        place = self._allowed(path, Right.LIST, operation)
        return os.lstat(place.local)

    def _only_regular(self, place: JailPath, operation: str, *, missing_ok: bool = False) -> None:
        try:
            regular = is_regular(place.local)
        except FileNotFoundError:
            if not missing_ok:
                raise
            return
        if not regular:
            self._refuse(operation, place.shown.encode(), "not a regular file")

    def _both_ends(self, oldpath: bytes, newpath: bytes) -> tuple[JailPath, JailPath]:
        source = self._allowed(oldpath, Right.RENAME, "rename")
        target = self._allowed(newpath, Right.RENAME, "rename")
        if source.owner != target.owner:
            self._refuse("rename", newpath, "a file stays with its district")
        self._only_regular(source, "rename")
        self._only_regular(target, "rename", missing_ok=True)
        return source, target

    def _move(self, source: JailPath, target: JailPath) -> None:
        os.replace(source.local, target.local)  # noqa: PTH105 - bytes
        self._note("sftp.rename", path=source.shown, to=target.shown)

    def _note(self, kind: str, **details: str) -> None:
        self._sharing.trail.record(kind, self._account, **details)

    def _refuse(self, operation: str, path: bytes, reason: str) -> NoReturn:
        self._refusals += 1
        if self._refusals <= MAX_REFUSALS_NOTED:
            last = " (further refusals of this session are not noted)" if self._refusals == MAX_REFUSALS_NOTED else ""
            shown = path.decode("utf-8", "backslashreplace")
            self._note("sftp.refused", operation=operation, path=shown, reason=reason + last)
        raise asyncssh.SFTPPermissionDenied(reason)


def _os_flags(pflags: int, *, writing: bool) -> int:
    # O_NONBLOCK: a pipe that someone put there must not stop the event loop; it is nothing to a regular file.
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | (os.O_WRONLY if writing else os.O_RDONLY)
    for asked, meaning in ((FXF_APPEND, os.O_APPEND), (FXF_CREAT, os.O_CREAT), (FXF_TRUNC, os.O_TRUNC), (FXF_EXCL, os.O_EXCL)):
        if pflags & asked:
            flags |= meaning
    return flags


def _set_apart(opened: OpenFile) -> None:
    """Name an upload that lost its client as clients name unfinished files, so that nobody takes half of it for data.

    A client that takes up again sends the file anew; one that wrote under a temporary name already keeps it.
    """
    name = os.fsdecode(os.fspath(opened.place.local))
    if not name.endswith(UNFINISHED):
        try:
            os.rename(name, name + UNFINISHED)  # noqa: PTH104 - the jail gives names, not Paths
        except OSError as error:
            logging.getLogger(__name__).warning("an upload that was cut off keeps its name: %s", error.strerror)
