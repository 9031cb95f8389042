"""A small clean roster and subgroup file, and a way to land changed copies of them as deliveries of one run."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import duckdb
import pytest

from subgroup_pipeline.quality import validation
from subgroup_pipeline.quality.check_session import open_session
from subgroup_pipeline.quality.validation import Validation
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control_tables import RUN_DELIVERY
from subgroup_pipeline.warehouse.raw_tables import tables_of
from subgroup_pipeline.warehouse.rows import insert_rows
from tests.support.as_landed import insert_as_landed

ROSTER_TABLES = [table.name for table in tables_of("roster")]
Rows = dict[str, list[dict[str, Any]]]
Land = Callable[..., None]
LandMany = Callable[[dict[str, Rows]], Settings]

OF_CHANGES = {"delta_without_status": "orgs", "results_delta_without_status": "results"}
"""Deliveries of `land_many` that hold changes only, and of which table."""
CLEAN: Rows = {
    "orgs": [
        {"sourcedId": "d1", "name": "Made-up ISD", "type": "district"},
        {"sourcedId": "s1", "name": "Elm School", "type": "school", "parentSourcedId": "d1"},
        {"sourcedId": "s2", "name": "Oak School", "type": "school", "parentSourcedId": "d1"},
    ],
    "academic_sessions": [
        {"sourcedId": "t1", "title": "Fall", "type": "term", "startDate": "2026-08-17", "endDate": "2026-12-18",
         "parentSourcedId": "y1", "schoolYear": "2027"},
        {"sourcedId": "t2", "title": "Spring", "type": "term", "startDate": "2027-01-05", "endDate": "2027-05-28",
         "parentSourcedId": "y1", "schoolYear": "2027"},
        {"sourcedId": "y1", "title": "2026-27", "type": "schoolYear", "startDate": "2026-08-17", "endDate": "2027-05-28",
         "schoolYear": "2027"},
    ],
    "courses": [{"sourcedId": "c1", "title": "Algebra", "orgSourcedId": "s1", "schoolYearSourcedId": "y1", "grades": "08,09"}],
    "classes": [
        {"sourcedId": f"k{n}", "title": f"Algebra {n}", "courseSourcedId": "c1", "classType": "scheduled",
         "schoolSourcedId": f"s{n}", "termSourcedIds": "t1,t2", "subjects": "Math,Logic", "subjectCodes": "1,2"}
        for n in (1, 2)
    ],
    "users": [
        {"sourcedId": "u1", "role": "student", "enabledUser": "true", "orgSourcedIds": "s1,s2", "username": "ann",
         "givenName": "Ann", "familyName": "A", "identifier": "101", "userIds": "{LDAP:x},{Local:1}", "grades": "08",
         "metadata": {"sis": "a1"}},
        {"sourcedId": "u2", "role": "student", "enabledUser": "true", "orgSourcedIds": "s1", "username": "bob",
         "givenName": "Bob", "familyName": "B", "identifier": "102", "userIds": "{Local:2}", "metadata": {"sis": "a2"}},
        {"sourcedId": "u3", "role": "student", "enabledUser": "false", "orgSourcedIds": "s2", "username": "cyd",
         "givenName": "Cyd", "familyName": "C", "identifier": "103", "userIds": "{local:1},{Local:3}",
         "metadata": {"sis": "a3"}},
        {"sourcedId": "u4", "role": "teacher", "enabledUser": "true", "orgSourcedIds": "s1", "username": "dee",
         "givenName": "Dee", "familyName": "D", "identifier": "104", "userIds": "{Local:4}", "metadata": {"sis": "a4"}},
    ],
    "enrollments": [
        {"sourcedId": f"e{n}{k}", "classSourcedId": f"k{k}", "schoolSourcedId": f"s{k}", "userSourcedId": f"u{n}", "role": role,
         "primary": "true" if role == "teacher" else "", "beginDate": "2026-08-17", "endDate": "2026-12-18"}
        for n, k, role in ((1, 1, "student"), (2, 2, "student"), (4, 1, "teacher"), (4, 2, "teacher"))
    ],
    "demographics": [{"sourcedId": "u1", "birthDate": "2015-02-28", "sex": "female"}, {"sourcedId": "u2", "sex": ""}],
    "line_items": [
        {"sourcedId": f"li{n}", "title": f"Quiz {n}", "classSourcedId": f"k{n}", "gradingPeriodSourcedId": "t1",
         "assignDate": "2026-08-24", "dueDate": "2026-08-28", "resultValueMin": "0", "resultValueMax": "20.5"}
        for n in (1, 2)
    ],
    "results": [
        {"sourcedId": f"r{n}", "lineItemSourcedId": f"li{n}", "studentSourcedId": f"u{n}", "scoreStatus": "fully graded",
         "score": "17.5", "scoreDate": "2026-08-28"}
        for n in (1, 2)
    ],
    "subgroup_row": [
        {"student_id": "101", "cells": {"ell": "Y", "sped": ""}},
        {"student_id": "102", "cells": {"ell": "N", "sped": "1"}},
    ],
}  # fmt: skip


@pytest.fixture
def clean() -> Rows:
    return copy.deepcopy(CLEAN)


def validate(settings: Settings, tables: Collection[str], *, run_name: str) -> Validation:
    """The suites of these tables, in a session of their own."""
    with open_session(settings) as session:
        return validation.validate(settings, session, tables, run_name=run_name)


def make_settings(home: Path) -> Settings:
    settings = load_settings(home=home)
    settings.paths.make()
    return settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path / "home")


@pytest.fixture
def land(settings: Settings) -> Land:
    """`land(delivery_id, rows, roster=..., match_field=...)`: see `land_delivery`."""

    def put(delivery_id: str, rows: Rows, **how: Any) -> None:  # noqa: ANN401 - as `land_delivery` takes them
        with open_warehouse(settings) as connection:
            land_delivery(connection, delivery_id, rows, **how)

    return put


@pytest.fixture(scope="module")
def land_many(tmp_path_factory: pytest.TempPathFactory) -> LandMany:
    """Many deliveries in one warehouse of their own, opened once; gives its settings."""

    def put(deliveries: dict[str, Rows]) -> Settings:
        settings = make_settings(tmp_path_factory.mktemp("many"))
        with open_warehouse(settings) as connection:
            for delivery_id, rows in deliveries.items():
                land_delivery(connection, delivery_id, rows, delta_tables=OF_CHANGES.get(delivery_id, ""))
        return settings

    return put


def land_delivery(
    connection: duckdb.DuckDBPyConnection,
    delivery_id: str,
    rows: Rows,
    roster: str | None = "",
    match_field: str = "users.identifier",
    delta_tables: str = "",
) -> None:
    """Rows of several tables as a roster delivery; subgroup rows go under `<delivery_id>:sub`, matched against `roster`."""
    of_run: list[dict[str, str | None]] = [{"delivery_id": delivery_id, "feed": "roster", "delta_tables": delta_tables}]
    if "subgroup_row" in rows:
        roster_id = delivery_id if roster == "" else roster
        subgroups: dict[str, str | None] = {"delivery_id": f"{delivery_id}:sub", "feed": "subgroups"}
        of_run.append(subgroups | {"roster_delivery_id": roster_id, "match_field": match_field})
    for table, entries in rows.items():
        owner = f"{delivery_id}:sub" if table == "subgroup_row" else delivery_id
        lineage = {"district_id": f"district_{delivery_id}", "delivery_id": owner, "landed_at": "2026-09-01 03:00:00"}
        insert_as_landed(connection, table, entries, **lineage)
    control = [{"district_id": f"district_{delivery_id}", **one} for one in of_run]
    insert_rows(connection, RUN_DELIVERY, control)
