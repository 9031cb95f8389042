"""A proposal as the text of a settings file: what is certain as YAML, what is not as comments that begin with `QUESTION:`."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.membership import means_membership
from subgroup_pipeline.districts.subgroup_settings import NOT_REPORTED
from subgroup_pipeline.reading.delimiter import DELIMITERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from subgroup_pipeline.desk.proposal.catalogue import Meaning
    from subgroup_pipeline.desk.proposal.proposal import Proposal
    from subgroup_pipeline.desk.proposal.proposed_column import ProposedColumn
    from subgroup_pipeline.desk.proposal.student_id import StudentId

_WIDTH = 120
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./]*(:[A-Za-z0-9_.]+)*")
"""Texts that YAML reads as they stand; every scalar of a settings file is read as text, so `no` and `1` need no quotes."""
_ESCAPED = {'"': '\\"', "\\": "\\\\"}


def scalar(text: str) -> str:
    """A text as YAML writes it, quoted only where that is needed."""
    if _PLAIN.fullmatch(text):
        return text
    return '"' + "".join(_ESCAPED.get(c) or (c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


def settings_text(proposal: Proposal) -> str:
    """The whole file."""
    lines = [*_head(proposal), *_identity(proposal), "", "subgroups:"]
    lines += [f"  files: {scalar(proposal.files)}", *_student_id(proposal.student_id)]
    taken = [column for column in proposal.columns if column.state == "taken"]
    lines += ["  columns:" if taken else "  columns: {}"]
    for question in proposal.about_columns:
        lines += _question(question, 4)
    for column in proposal.columns:
        lines += _column(column)
    return "\n".join(lines) + "\n"


def _head(proposal: Proposal) -> list[str]:
    shape = proposal.shape
    asked = len(proposal.questions)
    about = (
        f"{asked} question{'s' if asked != 1 else ''}, each where it belongs: answer it and take the line in, or leave it out."
    )
    lines = _comment(f"Proposed from {proposal.file_name}, to be looked through before it is applied.", 0)
    separator = DELIMITERS[shape.delimiter]
    lines += _comment(
        f"Read as: {shape.encoding}, cells separated by {separator}s, header on line {shape.header_line}, {proposal.rows} rows.",
        0,
    )
    return [*lines, *_comment(about if asked else "Nothing is in question.", 0)]


def _identity(proposal: Proposal) -> list[str]:
    lines: list[str] = []
    for key, value in (("district", proposal.district_id), ("name", proposal.name), ("timezone", proposal.timezone)):
        lines += [line for question in proposal.about_identity.get(key, ()) for line in _question(question, 0)]
        lines.append(f"{key}: {scalar(value)}")
    # No file says these; without contacts nobody of the district gets mail.
    lines.append("# contacts: [<address>]   # who gets the set-up link, what became of an upload, and what is late")
    lines.append('# schedule: "02:00"       # local time by which uploads are expected')
    return lines


def _student_id(found: StudentId) -> list[str]:
    lines = [line for question in found.questions for line in _question(question, 2)]
    lines.append(f"  student_id_column: {scalar(found.column)}" if found.column else "  # student_id_column: student_id")
    if found.rates:
        lines += _comment("Share of the distinct IDs that are one active student's, by column and roster field:", 2)
        for one in found.rates:
            lines += _comment(f"  {one.rate:7.2%}  {one.matched} of {one.ids}  {one.column} = {one.field}", 2)
    lines.append(f"  matches: {scalar(found.matches)}" if found.matches else "  # matches: users.sourcedId")
    return lines


def _column(column: ProposedColumn) -> list[str]:
    if column.state == "left_out":
        return _comment(f"left out: {column.name or '(no name)'}. {column.why}", 4)
    lines = _comment(f"{column.why} {_counts(column)}".strip(), 4)
    lines += [line for question in column.questions for line in _question(question, 4)]
    settings = f"{scalar(column.name)}: {{{', '.join(_keys(column))}}}"
    return [*lines, f"    {settings}" if column.state == "taken" else f"    # {_printable(settings)}"]


def _keys(column: ProposedColumn) -> Iterable[str]:
    """The settings of a column; `<subgroup>` and `<cell>: <value>` where they are not known."""
    found, subgroup = column.meanings, column.subgroup
    yield f"subgroup: {subgroup.name if subgroup else '<subgroup>'}"
    if subgroup and subgroup.is_open:
        yield "open: true"
    else:
        values = [f"{scalar(cell)}: {_value(meaning, found.blank)}" for cell, meaning in found.values.items()]
        yield f"values: {{{', '.join(values or ['<cell>: <value>'])}}}"
    if found.blank != NOT_REPORTED:
        yield f"blank: {scalar(found.blank)}"
    if found.blank_words:
        yield f"blank_words: [{', '.join(map(scalar, found.blank_words))}]"
    if subgroup and subgroup.sensitivity != "standard":
        yield f"sensitivity: {subgroup.sensitivity}"


def _value(meaning: Meaning, blank: str) -> str:
    if meaning.member is None or means_membership(meaning.value, blank) == meaning.member:
        return scalar(meaning.value)
    return f"{{value: {scalar(meaning.value)}, member: {'true' if meaning.member else 'false'}}}"


def _counts(column: ProposedColumn) -> str:
    met = [f"`{cell}` {count}" for cell, count in column.counts.items()]
    if column.hidden:
        met.append(f"{column.hidden} different {'cells' if column.hidden > 1 else 'cell'} not shown")
    return f"Cells: {', '.join([*met, f'blank {column.blank}'])}."


def _question(words: str, indent: int) -> list[str]:
    return _comment(f"QUESTION: {words}", indent)


def _comment(words: str, indent: int) -> list[str]:
    margin = " " * indent + "# "
    return textwrap.wrap(
        _printable(words),
        _WIDTH,
        initial_indent=margin,
        subsequent_indent=margin + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(words: str) -> str:
    """Words in one line, whatever a header or a file's name holds."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in words)
