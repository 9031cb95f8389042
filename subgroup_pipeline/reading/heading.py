"""Where the header of a file stands: the first line that names known columns. What programs write above it is skipped.

Such lines are `sep=;` (for Excel), `#TYPE …` (PowerShell), or a report's title and date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from subgroup_pipeline.reading.delimiter import COMMA, delimiter_and_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FIRST_LINES = 10
"""Lines in which a header is looked for, from the first that says something."""
_FAR_LINES = 200
"""Lines that are looked through to say where the names stand."""
_ENOUGH = 2
"""With so many known names a line is a header. One name alone may be a value of a student."""
_BLANK_LINES = re.compile(rb'(?:(?:[ \t,;|]|"")*\n)+')
"""Lines that say nothing: white space, delimiters, quoted nothing."""
_SOMETHING = re.compile(rb'[^ \t\n",;|]')
_FOR_EXCEL = re.compile(rb'"?sep=.?"?[,;\t|]*\n', re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """The header of a text: the byte and the line (from 1) where it begins, its delimiter, and how many names are known.

    `skipped` are lines above it that say something; the others say nothing. `names_line` is where known names stand when they
    stand too far down.
    """

    at: int
    line: int
    delimiter: str = COMMA
    known: int = 0
    skipped: tuple[int, ...] = ()
    names_line: int | None = None


def find_heading(text: bytes, known: Collection[str]) -> Heading | None:
    """Where the header of a text with LF line ends stands; None when the text says nothing at all.

    The first line that says something is the header unless a line below names more of the `known` columns, two at least.
    """
    blank = _BLANK_LINES.match(text)
    at, line = (blank.end(), blank.group().count(b"\n") + 1) if blank else (0, 1)
    if not _SOMETHING.search(text, at):
        return None
    candidates = list(_candidates(text, at, line, known))
    if not candidates:
        return None
    first = candidates[0]
    best = max(candidates, key=lambda heading: heading.known)  # the first of equals
    heading = best if best.known >= _ENOUGH else first
    if known and not heading.known:
        far = (n for n, begin in _line_begins(text, at, line, _FAR_LINES) if _known_names(text, begin, known) >= _ENOUGH)
        heading = replace(heading, names_line=next(far, None))
    begins = [(n, begin) for n, begin in _line_begins(text, at, line, FIRST_LINES) if n < heading.line]
    return replace(heading, skipped=tuple(n for n, begin in begins if not _BLANK_LINES.match(text, begin)))


def _candidates(text: bytes, at: int, line: int, known: Collection[str]) -> Iterator[Heading]:
    """The first lines as headers; the first alone when it is one."""
    for number, begin in _line_begins(text, at, line, FIRST_LINES):
        if _FOR_EXCEL.match(text, begin):
            continue
        delimiter, names = delimiter_and_names(text[begin : begin + 65536], known)
        yield Heading(begin, number, delimiter, len(names))
        if len(names) >= _ENOUGH:
            return


def _known_names(text: bytes, begin: int, known: Collection[str]) -> int:
    end = text.find(b"\n", begin)
    return len(delimiter_and_names(text[begin : end if end >= 0 else len(text)], known)[1])


def _line_begins(text: bytes, at: int, line: int, most: int) -> Iterator[tuple[int, int]]:
    """Number and first byte of lines from one on."""
    for number in range(line, line + most):
        yield number, at
        at = text.find(b"\n", at) + 1
        if not 0 < at < len(text):
            return
