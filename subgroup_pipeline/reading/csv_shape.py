"""The shape of one uploaded CSV file, and the text that DuckDB reads of it.

Here belongs the walk from bytes to a shape (`shape`): kind of file, encoding, line ends, header, delimiter; `csv_scan` reads
the rows. A file that is not plain is copied clean: UTF-8, LF, rows of one width, nothing that was set aside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.csv_scan import scan_rows
from subgroup_pipeline.reading.delimiter import COMMA, DELIMITERS
from subgroup_pipeline.reading.file_kind import file_kind
from subgroup_pipeline.reading.heading import find_heading
from subgroup_pipeline.reading.shape import CsvShape
from subgroup_pipeline.reading.text_encoding import DecodedText, UndecodableError, damaged_lines, decode_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from subgroup_pipeline.reading.heading import Heading
    from subgroup_pipeline.reading.text_encoding import Encoding

MAX_FILE = 2 * 1024**3
_END_MARK = b"\x1a"
"""What DOS wrote behind the last line, looked for in so many bytes."""
_END_BYTES = 64
_NAMED = 8
"""Names that a finding lists."""
_WARNINGS: dict[Encoding, str] = {"utf-16-le": "ENC002", "utf-16-be": "ENC002", "cp1252": "ENC003"}


def read_shape(path: Path, file_name: str, clean_copy: Path, known: Collection[str] = ()) -> tuple[CsvShape, Path]:
    """Read a file's shape; gives it with the path DuckDB reads: the file itself, or `clean_copy` when one was needed.

    `known` are names that the header may hold, in canonical form; they tell the delimiter.
    """
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
    if _END_MARK in text[-_END_BYTES:]:
        text = _without_end_mark(text, shape, file_name)
    heading = find_heading(text, known)
    if heading is None or not _take_heading(heading, shape, file_name, known):
        if heading is None:
            shape.findings.append(Finding("HDR005", file=file_name))
        return shape, path
    kept = scan_rows(text[heading.at :], shape, file_name, known)
    # DuckDB does not see a quote behind a BOM, and would end the header at a line break in its first name.
    needs_copy = has_returns or shape.encoding in _WARNINGS or (shape.encoding == "utf-8-sig" and text.startswith(b'"'))
    if shape.is_readable and (needs_copy or kept is not decoded.text):
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


def _without_end_mark(text: bytes, shape: CsvShape, file_name: str) -> bytes:
    """The text without the mark that DOS wrote at its end; as it is when something else stands behind the mark."""
    rows = text.rstrip(b"\n\x1a")
    if _END_MARK not in text[len(rows) :]:
        return text
    shape.last_line = rows.count(b"\n") + 1
    shape.findings.append(Finding("EOF003", file=file_name, line=text.count(b"\n", 0, text.index(_END_MARK, len(rows))) + 1))
    return rows + b"\n"


def _take_heading(heading: Heading, shape: CsvShape, file_name: str, known: Collection[str]) -> bool:
    """Note where the header stands and what is above it; whether its names are known at all, as far as any are."""
    shape.header_line, shape.delimiter = heading.line, heading.delimiter
    shape.skipped = len(heading.skipped)
    shape.blank = heading.line - 1 - shape.skipped
    if known and not heading.known:
        where = f" They may stand on line {heading.names_line}." if heading.names_line else ""
        names = sorted(known)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        about = f"Looked for: {', '.join(names[:_NAMED])}{more}.{where}"
        shape.findings.append(Finding("HDR012", file=file_name, line=heading.line, about=about))
        return False
    if heading.skipped:
        shape.findings.append(Finding("HDR013", file=file_name, count=shape.skipped, lines=heading.skipped))
    elif shape.blank:
        shape.findings.append(Finding("HDR006", file=file_name, line=heading.line, count=shape.blank))
    if heading.delimiter != COMMA:
        about = f"They are separated by {DELIMITERS[heading.delimiter]}s."
        shape.findings.append(Finding("DLM001", file=file_name, line=heading.line, about=about))
    return True
