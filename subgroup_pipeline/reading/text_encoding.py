"""The encoding of an uploaded text: told from its bytes, then made UTF-8. What cannot be told is refused, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "cp1252"]

SAMPLE_LINES = 3
_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_UTF_32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_DAMAGED = re.compile(rb"\xef\xbf\xbd|\xc3[\x82\x83]\xc2[\x80-\xbf]")
"""The replacement character, and UTF-8 that was read as Windows-1252 and written as UTF-8 once more."""
_DAMAGED_BEGINS = (b"\xef\xbf\xbd", b"\xc3\x82", b"\xc3\x83")


class UndecodableError(ValueError):
    """Text in no encoding that can be told; `line` is where, `reason` says what it looks like."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class DecodedText:
    """Text as UTF-8 without a byte order mark, and what it was before; `lines` are the first that hold letters beyond ASCII."""

    text: bytes
    encoding: Encoding
    lines: tuple[int, ...] = ()


def decode_text(data: bytes) -> DecodedText:
    """Make text UTF-8. Raises UndecodableError."""
    if data.startswith(_UTF_32):
        raise UndecodableError(1, "It looks like UTF-32.")
    encoding = told_encoding(data)
    mark = next((mark for mark, _ in _MARKS if data.startswith(mark)), b"")
    body = data[len(mark) :]
    if encoding in ("utf-16-le", "utf-16-be"):
        try:
            return DecodedText(body.decode(encoding).encode("utf-8"), encoding)
        except UnicodeError as error:
            at = error.start if isinstance(error, UnicodeDecodeError) else 0
            line = _line_at(body[:at].decode(encoding, "ignore").encode("utf-8", "ignore"))
            raise UndecodableError(line, "It begins as UTF-16 and is damaged.") from None
    if body.isascii():
        return DecodedText(body, encoding)
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if mark or _MULTIBYTE.search(body):
            raise UndecodableError(_line_at(body[: error.start]), "Some of it is UTF-8 and some is not.") from None
        return _from_windows(body)
    return DecodedText(body, encoding)


def told_encoding(data: bytes) -> Encoding:
    """What the first bytes of a text tell: its byte order mark, or NULs in every second byte; `utf-8` may be Windows-1252 yet."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None) or _without_mark(data)


def damaged_lines(text: bytes) -> tuple[int, tuple[int, ...]]:
    """How many letters of UTF-8 text were lost before it was uploaded, and the first lines of such."""
    if not any(begin in text for begin in _DAMAGED_BEGINS):  # a fifth of the search's time
        return 0, ()
    found = [match.start() for match in _DAMAGED.finditer(text)]
    return len(found), _first_lines(text, found)


def _without_mark(data: bytes) -> Encoding:
    """UTF-16 without a mark has a NUL in every second byte, as long as most letters are Latin; everything else may be UTF-8."""
    even, odd = data[0:4096:2], data[1:4096:2]
    if odd and odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if odd and even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return "utf-8"


def _from_windows(body: bytes) -> DecodedText:
    try:
        text = body.decode("cp1252")
    except UnicodeDecodeError as error:
        raise UndecodableError(_line_at(body[: error.start]), "It is neither UTF-8 nor Windows-1252.") from None
    found = (match.start() for match in _BEYOND_ASCII.finditer(body))
    return DecodedText(text.encode("utf-8"), "cp1252", _first_lines(body, found))


def _first_lines(text: bytes, positions: Iterable[int]) -> tuple[int, ...]:
    lines: list[int] = []
    at, line = 0, 1
    for position in positions:
        line += _line_at(text[at:position]) - 1
        at = position
        if line not in lines:
            lines.append(line)
        if len(lines) == SAMPLE_LINES:
            break
    return tuple(lines)


def _line_at(before: bytes) -> int:
    """Physical line that follows these bytes, whatever ends the lines."""
    return before.count(b"\n") + before.count(b"\r") - before.count(b"\r\n") + 1
