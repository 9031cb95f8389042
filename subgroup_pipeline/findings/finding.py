"""A finding: one thing that the pipeline says about a delivery, made from the catalogue of codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.catalogue import catalogue

if TYPE_CHECKING:
    from subgroup_pipeline.findings.severity import Severity

MOST_ROWS = 10_000
"""Rows that are kept of a delivery for its report; the findings count all of them."""


@dataclass(frozen=True)
class Finding:
    """One finding. `line` is the physical line in the file as uploaded, counted from 1 with the header as line 1.

    `about` names the place or column in words that carry no value from a student's row. A finding that knows its rows by key
    rather than by line says so in `key_column` and `keys` (none: the key is blank), with `id_column` where the key is not the
    row's own id; `landing.failing_rows` finds the lines. Keys without `key_column` stand on no row (students who are absent).
    """

    code: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    count: int | None = None
    about: str = ""
    lines: tuple[int, ...] = field(default=())
    key_column: str = ""
    keys: tuple[str, ...] = field(default=(), repr=False)
    id_column: str = ""

    @property
    def severity(self) -> Severity:
        """From the catalogue; the one place that says how grave a code is."""
        return catalogue()[self.code].severity

    @property
    def message(self) -> str:
        """What happened, in a clerk's words."""
        said = catalogue()[self.code].what
        return f"{said} {self.about}".strip()

    @property
    def how_to_fix(self) -> str:
        """What the clerk can do."""
        return catalogue()[self.code].how_to_fix


_COLUMN_CHARACTERS = 255
"""Of the registry's field."""
_NAMED = 10
"""Names that a message lists."""


def columns_finding(
    code: str, file: str, columns: Sequence[str], about: str = "", *, line: int = 1, of: int | None = None
) -> Finding:
    """One finding about one or several columns of a file, in the order given, `of` so many that are wanted.

    The message lists the first names; `column` has as many as the registry's field holds.
    """
    if len(columns) == 1:
        return Finding(code, file=file, line=line, column=columns[0], about=about)
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    share = f" of {of}" if of else ""
    listed = f"({len(columns)}{share} columns: {', '.join(columns[:_NAMED])}{more}.) {about}".strip()
    kept = list(columns)
    while len(kept) > 1 and len(", ".join(kept)) > _COLUMN_CHARACTERS:
        kept.pop()
    return Finding(code, file=file, line=line, column=", ".join(kept), count=len(columns), about=listed)


def columns_of(column: str | None) -> list[str]:
    """The names in the `column` of a finding of `columns_finding`."""
    return column.split(", ") if column else []
