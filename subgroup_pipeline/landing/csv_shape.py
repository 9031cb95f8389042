"""The shape of one uploaded CSV file, and the text that DuckDB reads of it.

Belongs here: what a shape is, and the walk from bytes to it: kind of file, encoding, line ends, header, delimiter; the scan of
the rows is `csv_scan`. A file that is not plain is copied clean: UTF-8, LF, rows of one width, nothing that was set aside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.text_encoding import DecodedText, UndecodableError, damaged_lines, decode_text
from subgroup_pipeline.landing.delimiter import COMMA, DELIMITERS, find_delimiter
from subgroup_pipeline.landing.file_kind import file_kind
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from subgroup_pipeline.intake.text_encoding import Encoding

MAX_FILE = 2 * 1024**3
_LEADING = re.compile(rb'(?:(?:[ \t,;|]|"")*\n)+')
"""Lines before the header that say nothing: white space, delimiters, quoted nothing."""
_SOMETHING = re.compile(rb'[^ \t\n",;|]')
_WARNINGS: dict[Encoding, str] = {"utf-16-le": "ENC002", "utf-16-be": "ENC002", "cp1252": "ENC003"}


@dataclass(frozen=True)
class SetAsideRow:
    """A row that is not landed: its physical line, the code that says why, and the beginning of its text."""

    line: int
    code: str
    text: str


@dataclass
class CsvShape:
    """What a file is made of; lines count from 1 in the file as uploaded.

    `records` are rows after the header that are not blank; `set_aside` of them are not landed. `blank` counts blank rows, also
    those before the header; `continued` are lines that a quoted line break makes part of the record before. `is_padded` says that
    a cell of a row begins or ends with white space, `is_ascii` that no character is beyond ASCII.
    """

    header: list[str] = field(default_factory=list)
    header_line: int = 1
    lines: int = 0
    records: int = 0
    blank: int = 0
    continued: int = 0
    set_aside: int = 0
    is_padded: bool = False
    is_ascii: bool = True
    encoding: Encoding = "utf-8"
    delimiter: str = COMMA
    findings: list[Finding] = field(default_factory=list)
    set_aside_rows: list[SetAsideRow] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.severity == "fatal" for finding in self.findings)


def read_shape(path: Path, file_name: str, clean_copy: Path, known: Collection[str] = ()) -> tuple[CsvShape, Path]:
    """Read a file's shape; gives it with the path DuckDB reads: the file itself, or `clean_copy` when one was needed.

    `known` are names that the header may hold, in canonical form; they tell the delimiter.
    """
    from subgroup_pipeline.landing.csv_scan import scan_rows

    shape = CsvShape()
    if path.stat().st_size > MAX_FILE:
        shape.findings.append(Finding("FIL002", file=file_name))
        return shape, path
    data = path.read_bytes()
    decoded = _decoded(data, shape, file_name)
    if decoded is None:
        return shape, path
    text = decoded.text
    has_returns = b"\r" in text
    if has_returns:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = _from_header(text, shape, file_name)
    if not text:
        return shape, path
    shape.delimiter = find_delimiter(text, known)
    if shape.delimiter != COMMA:
        about = f"They are separated by {DELIMITERS[shape.delimiter]}s."
        shape.findings.append(Finding("DLM001", file=file_name, line=shape.header_line, about=about))
    kept = scan_rows(text, shape, file_name)
    # DuckDB does not see a quote behind a BOM, and would end the header at a line break in its first name.
    needs_copy = has_returns or shape.encoding in _WARNINGS or (shape.encoding == "utf-8-sig" and text.startswith(b'"'))
    if shape.is_readable and (needs_copy or len(kept) < len(decoded.text)):
        clean_copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        clean_copy.write_bytes(kept)
        return shape, clean_copy
    return shape, path


def _decoded(data: bytes, shape: CsvShape, file_name: str) -> DecodedText | None:
    """The text as UTF-8 with what is to be said about that; None when it is no text."""
    if kind := file_kind(data):
        shape.findings.append(Finding("FIL001", file=file_name, line=1, about=f"It is {kind}."))
        return None
    try:
        decoded = decode_text(data)
    except UndecodableError as error:
        shape.findings.append(Finding("ENC001", file=file_name, line=error.line, about=error.reason))
        return None
    shape.encoding = decoded.encoding
    if code := _WARNINGS.get(decoded.encoding):
        shape.findings.append(Finding(code, file=file_name, line=1, lines=decoded.lines))
    shape.is_ascii = decoded.text.isascii()
    if not shape.is_ascii:
        count, lines = damaged_lines(decoded.text)
        if count:
            shape.findings.append(Finding("ENC004", file=file_name, count=count, lines=lines))
    return decoded


def _from_header(text: bytes, shape: CsvShape, file_name: str) -> bytes:
    """The text from its header on, lines before it that say nothing noted; empty when there is nothing but such."""
    if match := _LEADING.match(text):
        text = text[match.end() :]
        shape.blank = match.group().count(b"\n")
        shape.header_line = shape.blank + 1
    if not _SOMETHING.search(text):
        shape.findings.append(Finding("HDR005", file=file_name))
        return b""
    if shape.blank:
        shape.findings.append(Finding("HDR006", file=file_name, line=shape.header_line, count=shape.blank))
    return text
