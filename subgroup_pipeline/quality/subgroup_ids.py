"""Why student IDs match nobody: another field of the roster, another writing, shortened by Excel, spaces.

Nothing here makes an ID match: it is only said why one does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import FEW_ROWS, share_in_words
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.quality.subgroup_rewrites import CAPITALS, UNSEEN, Difference, RewriteFacts, in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.quality.subgroup_fields import FieldFit
    from subgroup_pipeline.quality.subgroup_file import SubgroupFile
    from subgroup_pipeline.quality.subgroup_match import MatchFacts

Ids = tuple[str, ...]


@dataclass(repr=False)
class IdFacts:
    """How many rows are `scientific`, and the first of their IDs; IDs in another writing; the field they fit.

    Without a repr: these are ids of people, and never leave memory.
    """

    rewrites: RewriteFacts = field(default_factory=RewriteFacts)
    other_field: FieldFit | None = None
    scientific: tuple[int, Ids] = (0, ())

    def cause(self, match: MatchFacts) -> FieldFit | RewriteFacts | None:
        """What explains most of the IDs that match nobody, if anything does: another field, or another writing."""
        as_written = match.matched + self.rewrites.students
        if self.other_field is not None and self.other_field.ids > max(as_written, match.keys / 2):
            return self.other_field
        unmatched = match.keys - match.matched
        return self.rewrites if self.rewrites.students and 2 * self.rewrites.students >= unmatched else None


def id_facts(session: duckdb.DuckDBPyConnection, rewrites: dict[str, RewriteFacts]) -> dict[str, IdFacts]:
    """Facts by delivery, of those where something is to be said. Reads checks.file_key."""
    facts = {delivery_id: IdFacts(found) for delivery_id, found in rewrites.items()}
    for delivery_id, count, ids in session.execute(fact_query("subgroups/scientific")).fetchall():
        facts.setdefault(delivery_id, IdFacts()).scientific = (count, tuple(ids))
    return facts


def id_findings(file: SubgroupFile, facts: IdFacts, match: MatchFacts) -> Iterator[Finding]:
    """Findings about the IDs of one file."""
    column, name = file.id_column, file.name
    scientific, ids = facts.scientific
    if scientific > max(FEW_ROWS, file.guards.subgroup_scientific_ids * match.rows):
        about = f"{scientific} of {match.rows} rows; at most {file.limit('subgroup_scientific_ids')} may be."
        yield Finding("SUB513", file=name, column=column, count=scientific, about=about, **file.by_ids(ids))
    yield from _about_cause(file, facts, match)


def _about_cause(file: SubgroupFile, facts: IdFacts, match: MatchFacts) -> Iterator[Finding]:
    """Lost zeros refuse a file; another cause holds it where the match rate is too low; else each writing is a warning."""
    padded = facts.rewrites.padded
    is_lost = padded is not None and FEW_ROWS < padded.students >= file.guards.subgroup_padded_ids * match.keys
    cause = facts.cause(match) if not is_lost and match.is_below(file.guards.match_rate) else None
    if cause is None:
        for one in facts.rewrites.differences:
            yield from _about_difference(file, one, match, is_lost=is_lost)
    elif isinstance(cause, RewriteFacts):
        differences = cause.differences
        about = _would_match(match, cause.students, f"They differ in: {in_words(differences)}.")
        ids = tuple(key for one in differences for key in one.ids)
        yield Finding("SUB525", file=file.name, column=file.id_column, count=cause.students, about=about, **file.by_ids(ids))
    else:
        own = file.settings.subgroups.matches if file.settings.subgroups else "users.sourcedId"
        about = (
            f"{cause.ids} of {match.keys} IDs ({share_in_words(cause.ids / match.keys)}) are in `{cause.match_field}`, and "
            f"{match.matched} in `{own}`, which is set up."
        )
        yield Finding("SUB527", file=file.name, column=file.id_column, count=match.keys - match.matched, about=about)


def _about_difference(file: SubgroupFile, one: Difference, match: MatchFacts, *, is_lost: bool) -> Iterator[Finding]:
    if one.words == (UNSEEN,):
        return  # SUB512 says it of the rows
    if one.width:
        code = "SUB514" if is_lost else "SUB515"
        limit = f" From {file.limit('subgroup_padded_ids')} on the file is not used." if is_lost else ""
        about = f"padded with zeros to {one.width} digits, {match.matched} as they are: export them as text.{limit}"
        about = f"{match.matched + one.students} of {match.keys} IDs match if {about}"
    elif one.words == (CAPITALS,):
        code, about = "SUB516", f"{one.students} would match if capital letters did not count."
    else:
        code, about = "SUB526", _would_match(match, one.students, f"They differ in: {in_words([one])}.")
    yield Finding(code, file=file.name, column=file.id_column, count=one.students, about=about, **file.by_ids(one.ids))


def _would_match(match: MatchFacts, students: int, how: str) -> str:
    likely = match.matched + students
    return f"{likely} of {match.keys} IDs would match if they were written as there, {match.matched} match as they are. {how}"
