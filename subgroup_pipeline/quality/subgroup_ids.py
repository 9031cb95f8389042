"""How student IDs are written where they match nobody: zeros lost, shortened by Excel, other capital letters, spaces.

Nothing here makes an ID match: it is only said why one does not (design 2.10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.limits import FEW_ROWS
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.quality.subgroup_file import SubgroupFile
    from subgroup_pipeline.quality.subgroup_match import MatchFacts

Ids = tuple[str, ...]

# By width: how many students' numbers would be met by a number of the file if zeros were put before it up to that width. A
# student whom another row of the file meets already does not count, nor does a number that is somebody's as it is.
_PADDED = """
with short as (
    select delivery_id, key, ltrim(key, '0') as digits from checks.file_key
    where state = 'unknown' and regexp_full_match(key, '[0-9]+')
),
wide as (
    select k.delivery_id, k.key, ltrim(k.key, '0') as digits from checks.known_key k
    left join checks.file_key f on f.delivery_id = k.delivery_id and f.key = k.key
    where k.first_student = k.last_student and regexp_full_match(k.key, '0[0-9]+') and f.key is null
),
by_width as (
    select s.delivery_id, length(w.key) as width, count(distinct w.key) as n, first_keys(s.key) as ids
    from short s join wide w using (delivery_id, digits) where length(s.key) < length(w.key) group by all
)
select delivery_id, max(n), arg_max(width, n), arg_max(ids, n) from by_width group by all
"""

_OTHER_CASE = """
with alike as (
    select f.delivery_id, f.key
    from checks.file_key f join checks.known_key k on k.delivery_id = f.delivery_id and lower(k.key) = lower(f.key)
    where f.state = 'unknown' and k.first_student is not null
    group by all having min(k.first_student) = max(k.last_student)
)
select delivery_id, count(*), first_keys(key) from alike group by all
"""

_SCIENTIFIC = """
select delivery_id, sum(n_rows)::bigint, first_keys(key) from checks.file_key where state = 'unknown' and is_scientific(key)
group by all
"""

_SPACED = """
select delivery_id, count(*), first_keys(trimmed(student_id)) from checks.subgroup_row where student_id <> trimmed(student_id)
group by all
"""


@dataclass(repr=False)
class IdFacts:
    """How many IDs (rows, for `scientific` and `spaced`) are written so, and the first of them to find lines by.

    Without a repr: these are ids of people, and never leave memory.
    """

    padded: int = 0
    padded_width: int = 0
    padded_ids: Ids = ()
    other_case: tuple[int, Ids] = (0, ())
    scientific: tuple[int, Ids] = (0, ())
    spaced: tuple[int, Ids] = (0, ())

    @property
    def explained(self) -> int:
        """IDs that are most likely those of the roster, written another way."""
        return max(self.padded, self.other_case[0])


def id_facts(session: duckdb.DuckDBPyConnection) -> dict[str, IdFacts]:
    """Facts by delivery, of those where something is to be said. Reads checks.known_key and checks.file_key."""
    facts: dict[str, IdFacts] = {}
    for delivery_id, padded, width, ids in session.execute(_PADDED).fetchall():
        facts[delivery_id] = IdFacts(padded, width, tuple(ids))
    for name, query in (("other_case", _OTHER_CASE), ("scientific", _SCIENTIFIC), ("spaced", _SPACED)):
        for delivery_id, count, ids in session.execute(query).fetchall():
            setattr(facts.setdefault(delivery_id, IdFacts()), name, (count, tuple(ids)))
    return facts


def id_findings(file: SubgroupFile, facts: IdFacts, match: MatchFacts) -> Iterator[Finding]:
    """Findings about the IDs of one file."""
    column, name = file.id_column, file.name
    scientific, ids = facts.scientific
    if scientific > max(FEW_ROWS, file.guards.subgroup_scientific_ids * match.rows):
        about = f"{scientific} of {match.rows} rows; at most {file.limit('subgroup_scientific_ids')} may be."
        yield Finding("SUB513", file=name, column=column, count=scientific, about=about, **file.by_ids(ids))
    if facts.padded:
        is_much = facts.padded > FEW_ROWS and facts.padded >= file.guards.subgroup_padded_ids * match.keys
        about = (
            f"{match.matched + facts.padded} of {match.keys} IDs match if padded with zeros to {facts.padded_width} digits, "
            f"{match.matched} as they are: export them as text."
        )
        if is_much:
            about += f" From {file.limit('subgroup_padded_ids')} on the file is not used."
        code = "SUB514" if is_much else "SUB515"
        yield Finding(code, file=name, column=column, count=facts.padded, about=about, **file.by_ids(facts.padded_ids))
    count, ids = facts.other_case
    if count:
        about = f"{count} would match if capital letters did not count."
        yield Finding("SUB516", file=name, column=column, count=count, about=about, **file.by_ids(ids))
    count, ids = facts.spaced
    if count:
        yield Finding("SUB517", file=name, column=column, count=count, **file.by_ids(ids))
