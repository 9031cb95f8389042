"""A sheet of texts and whole numbers, written to the same bytes as any other sheet of xlsxwriter in a fraction of the time.

xlsxwriter looks at every cell for what a sheet may hold: formulas, rich texts, comments, formats of rows. Ours holds none,
and a night writes thousands of sheets. This builds on methods that xlsxwriter makes no promise of; a test compares the bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xlsxwriter.format import Format

_CELL_MAX = 32_767
"""Units of UTF-16 that Excel takes in a cell."""
_BLOCK = 16
"""Rows that name their first and last column together."""


class TextSheet(Worksheet):  # type: ignore[misc]  # xlsxwriter has no types
    """A worksheet that is filled row by row; its texts have the format of their row, its numbers have none."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[Format, list[tuple[int, bool, int]]]] = []

    def append(self, cells: Sequence[str | int | None], style: Format) -> None:
        """Add a row; blank cells are left out and long texts cut."""
        text_at = self.str_table._get_shared_string_index  # noqa: SLF001 - as its own sheets do
        kept = []
        for at, cell in enumerate(cells):
            if isinstance(cell, int):
                kept.append((at, False, cell))
            elif cell:
                kept.append((at, True, text_at(cell if len(cell) <= _CELL_MAX // 2 else _cut(cell))))
        for at, _, _ in kept[:1] + kept[-1:]:
            self._check_dimensions(len(self._rows), at)
        self._rows.append((style, kept))

    def _write_rows(self) -> None:
        names = [xl_col_to_name(at) for at in range(self.dim_colmax + 1)]
        for first in range(0, len(self._rows), _BLOCK):
            block = self._rows[first : first + _BLOCK]
            columns = [at for _, cells in block for at, _, _ in cells[:1] + cells[-1:]]
            for row, (style, cells) in enumerate(block, start=first + 1):
                text = f's="{style._get_xf_index()}" t="s"'  # noqa: SLF001 - as its own sheets do
                written = [
                    f'<c r="{names[at]}{row}" {text}><v>{value}</v></c>'
                    if is_text
                    else f'<c r="{names[at]}{row}"><v>{value}</v></c>'
                    for at, is_text, value in cells
                ]
                if written:
                    spans = f"{min(columns) + 1}:{max(columns) + 1}"
                    self.fh.write(f'<row r="{row}" spans="{spans}">{"".join(written)}</row>')


def _cut(text: str) -> str:
    return text.encode("utf-16-le")[: 2 * _CELL_MAX].decode("utf-16-le", "ignore")
