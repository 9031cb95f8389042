"""The federal roll-up of race and ethnicity, as the models compute it, against the rule in plain Python."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from subgroup_pipeline.districts.subgroup_sources import RACES, VOCABULARY
from subgroup_pipeline.warehouse.rule_sql import rules

FLAGS = ["hispanic_or_latino", "two_or_more_races", *RACES.values()]
CELLS = st.sampled_from([None, "true", "TRUE", "True", "false", "FALSE", "Y", "yes", "1", "0", "N", "truee", "?"])
YES = {"true", "1", "yes", "y", "t"}


def roll_up(flags: dict[str, str | None]) -> str | None:
    """Hispanic wins, then two or more races, then the single race."""
    said = {name for name, cell in flags.items() if cell is not None and cell.lower() in YES}
    races = said & set(RACES.values())
    if "hispanic_or_latino" in said:
        return "hispanic_or_latino"
    if "two_or_more_races" in said or len(races) > 1:
        return "two_or_more_races"
    return races.pop() if races else None


CONNECTION = duckdb.connect()
"""For all examples, each of which is many students: planning the rule takes 50 ms, however many there are."""
SELECT = f"select {rules().race_ethnicity_of('student')} from (select unnest(?, recursive := true)) as student"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(FLAGS, CELLS)), min_size=1, max_size=80))
def test_the_roll_up_is_the_rule(students: list[dict[str, str | None]]) -> None:
    typed = "struct(" + ", ".join(f"{flag} varchar" for flag in FLAGS) + ")[]"
    found = CONNECTION.execute(SELECT.replace("unnest(?", f"unnest(?::{typed}"), [students]).fetchall()
    assert [row[0] for row in found] == [roll_up(student) for student in students]


def test_every_outcome_has_a_value_without_settings() -> None:
    assert set(VOCABULARY["race_ethnicity"]) == {"hispanic_or_latino", "two_or_more_races", *RACES.values()}
