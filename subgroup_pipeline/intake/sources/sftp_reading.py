"""Reading one file over an SFTP channel with many requests under way (SFTP version 3, draft-ietf-secsh-filexfer-02).

paramiko's own reader starts a thread for each file and asks for 32 KB at a time, which takes three times the processor time. This
one speaks on the channel of paramiko's client while nobody else does, and leaves nothing unanswered on it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import paramiko

PIECE = 128 * 1024
"""Bytes of one request; OpenSSH gives up to 255 KB at once. A server may give less, and is then asked for the rest."""
AHEAD = 16 * 1024**2
"""Bytes that are asked for before they are there: 800 MB a second over a way of 20 ms."""
_RECEIVE = 4 * 1024**2
_MOST = PIECE + 64 * 1024
"""Bytes of an answer; what is longer was not asked for."""
_OPEN, _CLOSE, _READ, _STAT = 3, 4, 5, 17
_STATUS, _HANDLE, _DATA, _ATTRIBUTES = 101, 102, 103, 105
_END, _NO_SUCH_FILE = 1, 2
_FOR_READING = struct.pack(">II", 1, 0)


class SftpAnswerError(EOFError):
    """The server answered what nobody asked. Another try on a fresh channel may heal it."""


def read_file(channel: paramiko.Channel, path: str, size: int, write: Callable[[bytes], object]) -> tuple[int, int] | None:
    """Read a file of this size; gives its size and mtime as they are afterwards, None where it ended before.

    Raises FileNotFoundError, OSError for another refusal, SftpAnswerError, and what the channel raises. After any of these but
    the first the channel is of no more use.
    """
    conversation = _Conversation(channel)
    name = _text(path.encode())
    opened = conversation.ask(_OPEN, name + _FOR_READING)
    handle = _text(conversation.answer(opened, _HANDLE)[4:])
    download = _Download(conversation, handle, size, write)
    download.run()
    # Only now, so that what is said of the file is later than all that was read of it.
    asked, closed = conversation.ask(_STAT, name), conversation.ask(_CLOSE, handle)
    try:
        size_after, mtime = _size_and_mtime(conversation.answer(asked, _ATTRIBUTES))
    finally:
        conversation.answer(closed, _STATUS)
    return (size_after, mtime) if download.is_whole else None


class _Conversation:
    """Requests and answers of one file. Requests are sent together when an answer is waited for."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._received = bytearray()
        self._to_send = bytearray()
        self._number = 0
        self._early: dict[int, tuple[int, bytes]] = {}

    def ask(self, kind: int, body: bytes) -> int:
        """Add a request; gives its number."""
        self._number += 1
        self._to_send += struct.pack(">IBI", len(body) + 5, kind, self._number) + body
        return self._number

    def answer(self, number: int, kind: int) -> bytes:
        """The answer to a request, which must be of this kind. Raises OSError for a refusal in its place."""
        while number not in self._early:
            other, kind_of_other, said = self.any_answer()
            self._early[other] = (kind_of_other, said)
        given, body = self._early.pop(number)
        if given == _STATUS != kind:
            raise _refusal(body)
        if given != kind:
            raise SftpAnswerError("the server answered something else than it was asked")
        return body

    def any_answer(self) -> tuple[int, int, bytes]:
        """The next answer, whichever it is: its request's number, its kind, and what it says."""
        if self._to_send:
            self._channel.sendall(bytes(self._to_send))
            self._to_send.clear()
        (length,) = struct.unpack(">I", self._take(4))
        if not 5 <= length <= _MOST:
            raise SftpAnswerError("the server answered beyond all measure")
        kind, number = struct.unpack(">BI", self._take(5))
        if not 0 < number <= self._number:
            raise SftpAnswerError("the server answered what it was not asked")
        return number, kind, self._take(length - 5)

    def _take(self, size: int) -> bytes:
        while len(self._received) < size:
            data = self._channel.recv(_RECEIVE)
            if not data:
                raise EOFError("the connection broke")
            self._received += data
        taken = bytes(memoryview(self._received)[:size])
        del self._received[:size]
        return taken


class _Download:
    """The bytes of one file, written in order, whatever the order of the answers; `is_whole` unless it ended before `size`."""

    def __init__(self, conversation: _Conversation, handle: bytes, size: int, write: Callable[[bytes], object]) -> None:
        self._conversation, self._handle, self._size, self._write = conversation, handle, size, write
        self._under_way: dict[int, tuple[int, int]] = {}
        self._early: dict[int, bytes] = {}
        self._asked = self._written = 0
        self.is_whole = True

    def run(self) -> None:
        """Ask for the bytes and write them, until nothing is under way."""
        while self._under_way or (self.is_whole and self._written < self._size):
            if self.is_whole and self._asked - self._written <= AHEAD // 2:
                while self._asked < self._size and self._asked - self._written < AHEAD:
                    length = min(PIECE, self._size - self._asked)
                    self._ask(self._asked, length)
                    self._asked += length
            self._take(*self._conversation.any_answer())

    def _ask(self, place: int, length: int) -> None:
        number = self._conversation.ask(_READ, self._handle + struct.pack(">QI", place, length))
        self._under_way[number] = (place, length)

    def _take(self, number: int, kind: int, body: bytes) -> None:
        place, length = self._under_way.pop(number, (0, 0))
        if kind == _STATUS and struct.unpack_from(">I", body)[0] == _END:
            self.is_whole = False
            return
        if kind == _STATUS:
            raise OSError("the server stopped to give the file")
        data = body[4:]
        if kind != _DATA or not 0 < len(data) <= length:
            raise SftpAnswerError("the server gave other bytes than it was asked for")
        if len(data) < length:
            self._ask(place + len(data), length - len(data))
        self._early[place] = data
        while self._written in self._early:
            piece = self._early.pop(self._written)
            self._write(piece)
            self._written += len(piece)


def _size_and_mtime(attributes: bytes) -> tuple[int, int]:
    """From ATTRS: flags, then size, uid and gid, permissions, atime and mtime, each where its flag is set."""
    (flags,) = struct.unpack_from(">I", attributes)
    at, size, mtime = 4, -1, -1
    if flags & 1:
        (size,) = struct.unpack_from(">Q", attributes, at)
        at += 8
    at += (8 if flags & 2 else 0) + (4 if flags & 4 else 0)
    if flags & 8:
        _, mtime = struct.unpack_from(">II", attributes, at)
    return size, mtime


def _refusal(status: bytes) -> OSError:
    """The error that a status stands for. What the server says in words is not repeated: it may name anything."""
    (code,) = struct.unpack_from(">I", status)
    return FileNotFoundError("no such file") if code == _NO_SUCH_FILE else OSError(f"the server refused to read (status {code})")


def _text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value
