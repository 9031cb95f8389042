"""Quotation marks where RFC 4180 has none, read as Excel, pandas and Python's csv module read them, and written strictly.

A quote inside an unquoted cell is text (`5'2"`); blanks around a quoted cell are none of it (`, "Y"`); `="0042"`, which keeps
Excel from changing an ID, is `0042`. Text behind a closing quote (`"Robert "Bob" Smith"`) ends with its line at the latest, but
nobody can tell what the cell was. A quote that is not closed on its line and has text behind its partner is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

FORMULA = re.compile(r'="([^"]*)"')
"""A cell that Excel reads as a text, and nothing else would."""


class UnclosedQuoteError(ValueError):
    """A quotation mark at byte `at` that is not closed."""

    def __init__(self, at: int) -> None:
        super().__init__("a quotation mark is not closed")
        self.at = at


@dataclass
class Requoted:
    """A text as RFC 4180 wants it, line for line, and where rows begin in it that were read with leniency."""

    text: bytes
    stray: list[int] = field(default_factory=list)
    formulas: list[int] = field(default_factory=list)
    uncertain: dict[int, list[int]] = field(default_factory=dict)
    """Columns with text behind a closing quote; -1 where the quotes hold a delimiter, so that the columns are not sure."""


def has_quoted_formula(text: bytes) -> bool:
    """Whether a formula of Excel may stand in quotes, where a strict reader would not see it."""
    return b"=" in text and b'"=""' in text


@cache
def _patterns(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A run of cells that are strict and of one line each, with what ends them; and one cell of any kind."""
    d = re.escape(delimiter).encode()
    end = rb"(?=%s|\n|\Z)" % d
    run = rb'(?:(?:"(?!="")(?:[^"\n]|"")*+"|[^"\n%s]*+)(?:%s|\n))*+' % (d, d)
    cell = (
        rb'(?P<quoted> *"(?P<inside>(?:[^"]|"")*+)" *%s)|(?P<formula> *="(?P<value>[^"\n%s]*+)" *%s)'
        rb'|(?P<loose> *"(?P<part>(?:[^"]|"")*+)"(?P<tail>[^\n%s]*+))|(?P<open> *")|(?P<plain>[^\n%s]*+)'
    )
    return re.compile(run), re.compile(cell % (end, d, end, d, d))


def requote(text: bytes, delimiter: str) -> Requoted:
    """Read a text with LF line ends, and a header of one line, with leniency. Raises UnclosedQuoteError."""
    return _Reading(text, delimiter).result()


class _Reading:
    """The walk over a text: from odd cell to odd cell, as nearly all cells are strict."""

    def __init__(self, text: bytes, delimiter: str) -> None:
        self._text, self._delimiter = text, delimiter.encode()
        self._run, self._cell = _patterns(delimiter)
        self._made = Requoted(b"")
        self._row = 0
        """Where the row begins in the text read, and `_row_out` in the text made."""
        self._row_out = 0
        self._share = text.partition(b"\n")[0].count(self._delimiter)
        """Delimiters of a row, by the header."""

    def result(self) -> Requoted:
        text = self._text
        pieces: list[bytes] = []
        at = length = 0
        while at < len(text):
            found = self._run.match(text, at)
            upto = found.end() if found else at
            if (newline := text.rfind(b"\n", at, upto)) >= 0:
                self._row, self._row_out = newline + 1, length + newline + 1 - at
            length += upto - at
            odd = self._cell.match(text, upto)
            assert odd is not None  # noqa: S101 - a plain cell may be empty
            pieces += [text[at:upto], self._strict(odd), text[odd.end() : odd.end() + 1]]
            length += len(pieces[-2]) + len(pieces[-1])
            at = odd.end() + 1
            if pieces[-1] == b"\n":
                self._row, self._row_out = at, length
        self._made.text = b"".join(pieces)
        return self._made

    def _strict(self, found: re.Match[bytes]) -> bytes:
        """A cell as it is written strictly."""
        written = found.group()
        match found.lastgroup:
            case "plain":
                if b'"' not in written:
                    return written
                self._note(self._made.stray)
                return _quoted(written)
            case "formula":
                self._note(self._made.formulas)
                return found["value"]
            case "quoted":
                return self._of_quoted(found)
            case "loose" if b"\n" not in found["part"]:
                is_sure = self._delimiter not in found["part"]
                self._made.uncertain.setdefault(self._row_out, []).append(self._column(found.start()) if is_sure else -1)
                return _quoted(found["part"].replace(b'""', b'"') + found["tail"])
        raise UnclosedQuoteError(self._text.index(b'"', found.start()))

    def _of_quoted(self, found: re.Match[bytes]) -> bytes:
        inside = found["inside"]
        if b"\n" in inside:
            self._refuse_swallowed_rows(found)
        if inside.startswith(b'=""') and (formula := FORMULA.fullmatch(inside.replace(b'""', b'"').decode())):
            self._note(self._made.formulas)
            return _quoted(formula[1].encode())
        strict = b'"' + inside + b'"'
        if strict != found.group():
            self._note(self._made.stray)
        return strict

    def _note(self, rows: list[int]) -> None:
        if not rows or rows[-1] != self._row_out:
            rows.append(self._row_out)

    def _column(self, at: int) -> int:
        cells = 0
        begin = self._row
        while begin < at:
            found = self._cell.match(self._text, begin)
            begin = (found.end() if found else begin) + 1
            cells += 1
        return cells

    def _refuse_swallowed_rows(self, found: re.Match[bytes]) -> None:
        """Raise when a quoted cell holds a line that is a row by its delimiters: its quote was probably never closed."""
        end = self._text.find(b"\n", found.end())
        lines = self._text[found.start() : end if end >= 0 else len(self._text)].split(b"\n")[1:]
        if self._share and any(line.count(self._delimiter) == self._share for line in lines):
            raise UnclosedQuoteError(self._text.index(b'"', found.start()))


def _quoted(cell: bytes) -> bytes:
    return b'"' + cell.replace(b'"', b'""') + b'"'
