"""The history from build to build: what begins, what ends, what is taken back, and what newer settings make of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date
from typing import Any

import duckdb
import pytest

from subgroup_pipeline.build.history import keep_history
from subgroup_pipeline.registry.builds import builds_of
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.schema import District
from subgroup_pipeline.warehouse.history_tables import MONTH_COUNT, STUDENT_CELL
from tests.support.dbt_warehouse import Warehouse, at, scope, student

FALL = {
    "sourcedId": "fall", "title": "Fall", "type": "term", "startDate": "2025-08-10", "endDate": "2026-01-10", "schoolYear": "2026"
}  # fmt: skip
SCHOOL = {"sourcedId": "north", "name": "North", "type": "school"}
SEPTEMBER, OCTOBER = date(2025, 9, 1), date(2025, 10, 1)
MEANINGS = {"y": "yes", "n": "no"}


def roster(*names: str) -> dict[str, list[dict[str, str]]]:
    students = [student(name, name.title(), "Yew", orgSourcedIds="north") for name in names]
    return {"orgs": [SCHOOL], "academic_sessions": [FALL], "users": students}


def file(**cells: str | None) -> dict[str, list[dict[str, Any]]]:
    return {"subgroup_row": [{"student_id": name, "cells": {"ell": cell}} for name, cell in cells.items()]}


class Past:
    """One district, built again and again."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.registry: Registry = open_registry(warehouse.settings)
        with self.registry.begin() as session:
            session.add(District(district_id="alder", name="Alder", settings_version=1, created_at=at(0).replace(tzinfo=UTC)))

    def build(
        self,
        roster: str,
        subgroups: str,
        hour: int,
        *,
        since: int | None = None,
        means: Mapping[str, str] = MEANINGS,
        month: date = SEPTEMBER,
    ) -> None:
        times = {"effective_at": at(hour), "history_from": at(hour if since is None else since), "month": month}
        column = {
            "district_id": "alder", "subgroup": "english_learner", "subgroup_label": "English learner", "source": "file",
            "source_column": "ell", "is_open": False, "blank_value": "not_reported", "sensitivity": "standard",
            "is_on_student_pages": True, "subgroup_order": 1, "display_order": 1, "precedence": 1,
        }  # fmt: skip
        values = [
            {"district_id": "alder", "subgroup": "english_learner", "raw_key": text, "value": value, "is_member": value == "yes"}
            | {"display_order": order}
            for order, (text, value) in enumerate(means.items())
        ]
        self.warehouse.control(subgroup_column=[column], subgroup_value=values)
        self.warehouse.night(scope("alder", roster, subgroups, **times), command="run")
        self.warehouse.write(lambda connection: keep_history(connection, self.registry))

    def of(self, name: str) -> list[tuple[Any, ...]]:
        columns = "valid_from, valid_to, value"
        return self.warehouse.mart(
            "fct_student_subgroup_history", columns, where=f"student_id = '{name}' and subgroup <> 'all_students'"
        )

    def changes(self, hour: int) -> Sequence[tuple[Any, ...]]:
        where = f"subgroup = 'english_learner' and effective_at = '{at(hour)}'"
        return self.warehouse.mart("rpt_subgroup_change", "from_value, to_value, student_count", where=where)


@pytest.fixture(scope="module")
def past(warehouse: Warehouse) -> Past:
    warehouse.deliver("alder", "r1", roster("ada", "bo", "cy"))
    warehouse.deliver("alder", "r2", roster("ada", "bo", "di"))
    warehouse.deliver("alder", "s1", file(ada="y", bo="n", cy="y", di="y"))
    warehouse.deliver("alder", "s2", file(ada="y", bo="ex"))
    return Past(warehouse)


def test_a_row_begins_where_the_value_or_being_active_changed(past: Past) -> None:
    past.build("r1", "s1", 1)
    past.build("r1", "s2", 2)
    past.build("r2", "s1", 3)
    assert past.of("ada") == [(at(1), None, "yes")]
    assert past.of("bo") == [(at(1), at(2), "no"), (at(2), at(3), "not_reported"), (at(3), None, "no")]
    assert past.of("cy") == [(at(1), at(2), "yes"), (at(2), at(3), "not_reported")]
    assert past.of("di") == [(at(3), None, "yes")]
    assert past.changes(1) == [(None, "no", 1), (None, "yes", 2)]
    assert past.changes(3) == [("not_reported", "no", 1), ("not_reported", None, 1), (None, "yes", 1)]


def test_the_same_build_again_changes_nothing_and_newer_settings_read_the_past_again(past: Past) -> None:
    past.build("r2", "s1", 3, means=MEANINGS | {"ex": "former"})
    assert past.of("bo") == [(at(1), at(2), "no"), (at(2), at(3), "former"), (at(3), None, "no")]
    assert past.of("ada") == [(at(1), None, "yes")]
    past.build("r2", "s1", 3, means=MEANINGS | {"ex": "no"})
    assert past.of("bo") == [(at(1), None, "no")]


def test_what_is_taken_back_leaves_no_trace(past: Past) -> None:
    past.build("r1", "s2", 4, since=3)
    assert past.of("di") == []
    assert past.of("cy") == [(at(1), at(2), "yes"), (at(2), None, "not_reported")]
    with past.registry.begin() as session:
        assert [build.effective_at.hour for build in builds_of(session, "alder")] == [1, 2, 4]
    assert past.warehouse.mart("rpt_trend_subgroup", "distinct month, term") == [(SEPTEMBER, "Fall")]


def test_a_month_keeps_its_term_and_one_that_was_kept_before_there_were_terms_has_none(past: Past) -> None:
    past.warehouse.write(
        lambda history: history.execute(f"alter table {MONTH_COUNT} drop column term; drop table history.main.table_version")
    )
    past.build("r1", "s2", 5, month=OCTOBER)
    assert past.warehouse.mart("rpt_trend_subgroup", "distinct month, term") == [(OCTOBER, "Fall"), (SEPTEMBER, None)]


@pytest.mark.slow
def test_a_hundred_nights_without_a_change_add_no_row_and_no_byte(past: Past) -> None:
    """The district uploads the same values every night. The models are asked once; what they say is kept a hundred times."""
    past.build("r1", "s2", 5)
    past.build("r1", "s2", 6)
    history = past.warehouse.settings.paths.history_database

    def count(connection: duckdb.DuckDBPyConnection) -> None:
        tables = ("work.intermediate.int_history_change", "work.intermediate.int_history_opened", STUDENT_CELL, MONTH_COUNT)
        counts.append([connection.execute(f"select count(*) from {table}").fetchall()[0][0] for table in tables])

    def another_night(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("update control.run_scope set effective_at = effective_at + interval 1 minute")
        connection.execute("update control.run_scope set history_from = effective_at, built_at = effective_at")
        keep_history(connection, past.registry)

    counts: list[list[int]] = []
    past.warehouse.write(count)
    size = history.stat().st_size
    for _ in range(100):
        past.warehouse.write(another_night)
    past.warehouse.write(count)
    assert counts[0] == counts[1]
    assert (counts[0][:2], counts[0][2] > 0, counts[0][3] > 0) == ([0, 0], True, True)
    assert history.stat().st_size == size
