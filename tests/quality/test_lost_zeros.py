"""The rule about lost zeros never claims a match that padding does not give, whatever ids a roster and a file have."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from subgroup_pipeline.quality.subgroup_rewrites import RewriteFacts, rewrite_facts

IDS = st.lists(st.text("0123a", min_size=1, max_size=5), max_size=30, unique=True)
STATES = """
create table checks.file_key as select 'd' as delivery_id, f.id as key, 1 as n_rows,
    case when k.key is null then 'unknown' when k.first_student is null then 'inactive'
        when k.first_student <> k.last_student then 'ambiguous' else 'matched' end as state
from (select unnest($file::varchar[]) as id) f left join checks.known_key k on k.key = f.id
"""
UNMET = """
create table checks.unmet_key as
from checks.known_key k anti join checks.file_key f using (delivery_id, key) where first_student = last_student;
create macro first_keys(k) as min(k, 5)
"""


@settings(max_examples=100, deadline=None)
@given(students=IDS, ambiguous=IDS, inactive=IDS, file=IDS)
def test_what_is_claimed_is_what_padding_gives(
    students: list[str], ambiguous: list[str], inactive: list[str], file: list[str]
) -> None:
    known = dict.fromkeys(inactive, (None, None)) | dict.fromkeys(ambiguous, ("s1", "s2")) | {s: (s, s) for s in students}
    with duckdb.connect() as session:
        session.execute("create schema checks; create table checks.known_key (delivery_id varchar, key varchar, "
                        "first_student varchar, last_student varchar)")  # fmt: skip
        for key, holders in known.items():
            session.execute("insert into checks.known_key values ('d', ?, ?, ?)", [key, *holders])
        session.execute(STATES, {"file": file})
        session.execute(UNMET)
        facts = rewrite_facts(session).get("d", RewriteFacts())
    claimed = facts.padded.students if facts.padded else 0

    def gained(width: int) -> int:
        """Students whom nobody in the file meets, and somebody does once every unknown number is padded."""
        padded = {one.zfill(width) for one in file if one.isdigit() and one not in known}
        return len((padded - set(file)) & set(students))

    assert claimed == max(gained(width) for width in range(1, 7))
    if facts.padded:
        assert facts.padded.width is not None
        assert gained(facts.padded.width) == claimed
        assert all(one in file and one.zfill(facts.padded.width) in students for one in facts.padded.ids)
    assert facts.students <= min(len(set(students) - set(file)), len(set(file) - known.keys()))
    assert not set().union(*(one.ids for one in facts.differences)) & known.keys(), "an ID of the roster is somebody's as it is"
