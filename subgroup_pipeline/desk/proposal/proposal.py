"""The proposal: settings for a new district from a sample of its subgroup file and, if there is one, its roster."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.desk.proposal.proposed_column import ProposedColumn, propose_columns
from subgroup_pipeline.desk.proposal.roster_fields import RosterFacts, roster_facts
from subgroup_pipeline.desk.proposal.sample import differing_ids, read_sample, twice
from subgroup_pipeline.desk.proposal.settings_text import settings_text
from subgroup_pipeline.desk.proposal.student_id import StudentId, id_candidates, student_id
from subgroup_pipeline.districts.district_file import DISTRICT_KEY, RESERVED_KEYS
from subgroup_pipeline.errors import ProposalError, SettingsError
from subgroup_pipeline.local_time import zone_name
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    import duckdb

    from subgroup_pipeline.desk.proposal.sample import Sample
    from subgroup_pipeline.reading.shape import CsvShape
    from subgroup_pipeline.settings import Settings

_KEY_MOST = 41


@dataclass(frozen=True)
class Identity:
    """What a person knows of the district beside its files; empty where nobody said it."""

    district_id: str = ""
    name: str = ""
    timezone: str = ""


@dataclass(frozen=True)
class Question:
    """Something that only the district knows; `about` is the key or the column that waits for it."""

    about: str
    question: str


@dataclass(frozen=True)
class Proposal:
    """Everything that was found, and what is to be asked. No ID and no name of a student is part of it."""

    file_name: str
    rows: int
    shape: CsvShape = field(repr=False)
    district_id: str
    name: str
    timezone: str
    student_id: StudentId
    columns: tuple[ProposedColumn, ...]
    about_identity: dict[str, tuple[str, ...]]
    about_columns: tuple[str, ...] = ()

    @property
    def files(self) -> str:
        """What names of the district's files look like, by the sample's."""
        return f"*{Path(self.file_name).suffix or '.csv'}"

    @property
    def questions(self) -> list[Question]:
        """All of them, in the order of the text."""
        asked = [(key, words) for key, said in self.about_identity.items() for words in said]
        asked += [("student_id", words) for words in self.student_id.questions]
        asked += [("columns", words) for words in self.about_columns]
        asked += [(column.name, words) for column in self.columns for words in column.questions]
        return [Question(about, words) for about, words in asked]

    @cached_property
    def yaml(self) -> str:
        """The text of the settings file, valid whatever is in question."""
        return settings_text(self)

    def as_json(self) -> dict[str, Any]:
        """As JSON for programs and for the portal."""
        return {
            "file": self.file_name,
            "encoding": self.shape.encoding,
            "delimiter": self.shape.delimiter,
            "header_line": self.shape.header_line,
            "rows": self.rows,
            "district": self.district_id,
            "student_id_column": self.student_id.column or None,
            "matches": self.student_id.matches or None,
            "rates": [vars(one) | {"rate": one.rate} for one in self.student_id.rates],
            "columns": [_described(column) for column in self.columns],
            "questions": self.questions,
            "yaml": self.yaml,
        }


def propose(settings: Settings, file: Path, roster: Path | None = None, identity: Identity | None = None) -> Proposal:
    """Propose settings from a file. What is read is thrown away. Raises ProposalError, or SettingsError for a wrong identity."""
    with ReadingPool(1) as readers:
        return proposed_by(readers, settings, file, roster, identity or Identity())


def proposed_by(readers: ReadingPool, settings: Settings, file: Path, roster: Path | None, identity: Identity) -> Proposal:
    """As `propose`, with processes that read which may serve others too."""
    _check(identity)
    settings.paths.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="proposal-", dir=settings.paths.scratch))
    try:
        with open_files(settings) as connection:
            sample = read_sample(connection, readers, file, scratch)
            facts, problem = _roster(connection, readers, roster, scratch, sample)
            return _assembled(connection, settings, sample, identity, facts, problem)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(identity: Identity) -> None:
    key = identity.district_id
    if key and (not DISTRICT_KEY.fullmatch(key) or key in RESERVED_KEYS):
        raise SettingsError(
            f"`{key}` is no district key: write 2 to 41 of a-z, 0-9 and _, none of {', '.join(sorted(RESERVED_KEYS))}"
        )
    if identity.timezone:
        try:
            zone_name(identity.timezone)
        except ValueError as error:
            raise SettingsError(f"`{identity.timezone}`: {error}") from error


def _roster(
    connection: duckdb.DuckDBPyConnection, readers: ReadingPool, roster: Path | None, scratch: Path, sample: Sample
) -> tuple[RosterFacts | None, str]:
    """What the roster says, or why it says nothing: then the ID is in question, and the rest of the proposal stands."""
    if roster is None:
        return None, ""
    try:
        return roster_facts(connection, readers, roster, scratch, id_candidates(sample.columns)), ""
    except ProposalError as error:
        return None, f"The roster could not be read: {error}"


def _assembled(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    sample: Sample,
    identity: Identity,
    facts: RosterFacts | None,
    problem: str,
) -> Proposal:
    found = student_id(sample.columns, facts, problem)
    about: list[str] = []
    if not sample.is_named:
        names = len(sample.shape.header)
        about.append(
            f"None of the {names} names on line {sample.shape.header_line} is known, so it may be the row of a student. Which "
            "line is the header, and which columns are subgroups? The names are not shown."
        )
    column = next((one for one in sample.columns if one.name == found.column), None)
    if column and column.distinct < column.filled and (differing := differing_ids(connection, column.position)):
        about.append(
            f"{differing} IDs stand in several rows that differ, and such rows are set aside. Is this one row per student? A "
            "file with one row per flag has to be turned into columns first."
        )
    others = [one for one in sample.columns if one is not column]
    district_name = facts.district_name if facts else ""
    key, name, questions = _named(identity, district_name, Path(sample.file_name).stem)
    if not identity.timezone:
        questions["timezone"] = ("Which time zone is the district in? This is the installation's.",)
    return Proposal(
        file_name=sample.file_name,
        rows=sample.rows,
        shape=sample.shape,
        district_id=key,
        name=name,
        timezone=identity.timezone or settings.timezone,
        student_id=found,
        columns=propose_columns(others, twice(sample.shape.header)),
        about_identity=questions,
        about_columns=tuple(about),
    )


def _named(identity: Identity, of_roster: str, of_file: str) -> tuple[str, str, dict[str, tuple[str, ...]]]:
    """Key and name of the district: as said, else as the roster's org is called, else after the file and in question."""
    name = identity.name or of_roster
    key = identity.district_id or _key(name or of_file)
    questions: dict[str, tuple[str, ...]] = {}
    if not identity.district_id and not name:
        questions["district"] = (
            "What is the district's key? This one is made from the file's name; it cannot be changed later.",
        )
    if not name:
        questions["name"] = ("What is the district called?",)
    return key, name or key.replace("_", " ").title(), questions


def _key(name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:_KEY_MOST].strip("_")
    return made if DISTRICT_KEY.fullmatch(made) and made not in RESERVED_KEYS else "new_district"


def _described(column: ProposedColumn) -> dict[str, Any]:
    return {
        "column": column.name,
        "state": column.state,
        "why": column.why,
        "subgroup": column.subgroup.name if column.subgroup else None,
        "open": bool(column.subgroup and column.subgroup.is_open),
        "values": {cell: meaning.value for cell, meaning in column.meanings.values.items()},
        "blank_means": column.meanings.blank,
        "blank_words": list(column.meanings.blank_words),
        "cells": column.counts,
        "cells_not_shown": column.hidden,
        "filled": column.filled,
        "blank": column.blank,
        "questions": list(column.questions),
    }
