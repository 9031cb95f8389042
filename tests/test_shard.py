"""A shard is read from a setting, and every district is of exactly one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.shard import Shard


@given(st.text(), st.integers(1, 50))
def test_every_district_is_of_exactly_one_shard(district_id: str, of: int) -> None:
    takers = [number for number in range(of + 1) if Shard(number, of).takes(district_id)]
    assert takers == [Shard(0, of).owner(district_id)]
    assert Shard().takes(district_id)


def test_the_rule_never_moves() -> None:
    """A district that changed its shard with a release would be read from two homes."""
    assert {name: Shard(0, 4).owner(name) for name in ("alder", "birch", "maple_valley", "pine")} == RULE


RULE = {"alder": 1, "birch": 2, "maple_valley": 3, "pine": 3}


@pytest.mark.parametrize("text", ["2", "3/2", "1/0", "0/0", "-1/2", "a/b", "1/2/3", " 1/2"])
def test_what_is_no_shard_is_refused_in_words(text: str) -> None:
    with pytest.raises(SettingsError, match=r"SUBGROUPS_SHARD.*1/2"):
        load_settings(shard=text)


def test_the_whole_is_written_as_nothing() -> None:
    assert [str(load_settings(shard=text).own_shard) for text in ("", "1/1", "1/2", "0/2")] == ["", "", "1/2", "0/2"]
