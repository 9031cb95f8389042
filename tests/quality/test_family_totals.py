"""Totals of checks: those of the delivery that was judged last of each feed, told by the run that judged one."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgroup_pipeline.quality.family_totals import FamilyTotal, family_totals, note_failures
from subgroup_pipeline.quality.validation import Failure
from subgroup_pipeline.registry.ledger import Feed
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.rows import delete_deliveries

NOTHING = FamilyTotal((), 0, 0, 0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = load_settings(home=tmp_path)
    settings.paths.make()
    return settings


def _judge(settings: Settings, run_id: str, feed: Feed, **failing_rows: int) -> None:
    """Judge `pine-2=3` as the second delivery of pine, with three rows that have a doubled key."""
    deliveries = {name.replace("_", "-"): rows for name, rows in failing_rows.items()}
    failures = [
        Failure(name, "users", "one_key", "KEY002", "sourcedId", "", rows, ()) for name, rows in deliveries.items() if rows
    ]
    with open_warehouse(settings) as connection:
        note_failures(connection, run_id, {(name.partition("-")[0], feed): name for name in deliveries}, failures)


def _total(settings: Settings, run_id: str) -> FamilyTotal | None:
    """What the run says of the keys of users, if anything."""
    return {(check.table, check.family): total for check, total in family_totals(settings, run_id)}.get(("users", "keys"))


def test_what_one_district_fails_stays_while_another_delivers(settings: Settings) -> None:
    _judge(settings, "first", "roster", pine_1=3, oak_1=2)
    assert _total(settings, "first") == FamilyTotal(("KEY002",), 5, 2, 2)
    _judge(settings, "second", "roster", pine_2=0)
    assert _total(settings, "second") == FamilyTotal(("KEY002",), 2, 1, 1)
    _judge(settings, "third", "roster", oak_2=0)
    assert _total(settings, "third") == NOTHING


def test_a_run_says_nothing_of_tables_whose_feed_it_did_not_judge(settings: Settings) -> None:
    _judge(settings, "rosters", "roster", pine_1=3)
    _judge(settings, "subgroups", "subgroups", pine_2=0)
    assert _total(settings, "subgroups") is None
    assert {check.table for check, _ in family_totals(settings, "subgroups")} == {"subgroup_row"}
    assert family_totals(settings, "idle") == []


def test_rows_that_left_the_warehouse_fail_nothing(settings: Settings) -> None:
    _judge(settings, "first", "roster", pine_1=3)
    with open_warehouse(settings) as connection:
        delete_deliveries(connection, ["pine-1"])
    _judge(settings, "second", "roster", oak_1=0)
    assert _total(settings, "second") == NOTHING
