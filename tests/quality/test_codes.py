"""Each finding code, planted alone in a delivery of its own, is found there and nowhere else, in one validation per table."""

from __future__ import annotations

import copy

import pytest

from subgroup_pipeline.quality.expectations import checks_of, suite_names
from subgroup_pipeline.quality.validation import Failure, Validation
from subgroup_pipeline.settings import Settings
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES
from tests.quality.conftest import CLEAN, Land, LandMany, Rows, validate
from tests.quality.planted import CAUSES, FOLLOWS, PLANTED


@pytest.fixture(scope="module")
def planted(land_many: LandMany) -> Validation:
    deliveries = {name: copy.deepcopy(CLEAN) for name in [*PLANTED, "clean_1", "clean_2"]}
    for name, (change, *_) in PLANTED.items():
        change(deliveries[name])
    return validate(land_many(deliveries), RAW_TABLES, run_name="codes")


def test_each_delivery_has_exactly_the_failure_that_was_planted(planted: Validation) -> None:
    found: dict[str, list[Failure]] = {}
    for failure in planted.failures:
        found.setdefault(failure.delivery_id.removesuffix(":sub"), []).append(failure)
    seen = {
        name: [
            (one.code, one.table, one.check, one.column, one.count, one.keys)
            for one in failures
            if one.code == PLANTED[name][1] or one.code not in FOLLOWS | CAUSES.get(name, set())
        ]
        for name, failures in found.items()
    }
    assert seen == {name: [tuple(expected)] for name, (_, *expected) in PLANTED.items()}


def test_every_code_of_the_suites_is_planted() -> None:
    codes = {rule.code for table in suite_names() for check in checks_of(table) for rule in check.rules}
    assert codes == {code for _, code, *_ in PLANTED.values()}


def test_rows_are_counted_of_all_deliveries(planted: Validation, clean: Rows) -> None:
    assert planted.rows["users", "clean_1"] == len(clean["users"])
    assert planted.rows["subgroup_row", "nobody:sub"] == len(clean["subgroup_row"]) + 1


def test_what_student_id_is_matched_against(settings: Settings, land: Land, clean: Rows) -> None:
    fields = {
        "users.sourcedId": ("u2", "u3"),
        "users.identifier": ("102", "103"),
        "users.username": ("bob", "cyd"),
        "userIds:Local": ("2", "3"),
        "metadata.sis": ("a2", "a3"),
    }
    for match_field, (known, inactive) in fields.items():
        ids = (f"\u00a0 {known}\t", inactive, "{Local:2}", "x")
        rows = clean | {"subgroup_row": [{"student_id": one, "cells": {"ell": "Y"}} for one in ids]}
        land(match_field, rows, match_field=match_field)
    failures = validate(settings, ["subgroup_row"], run_name="match").failures
    expected: list[tuple[str, str, tuple[str, ...]]] = [("SUB503", field, ("x", "{Local:2}")) for field in fields]
    expected += [("SUB505", field, (inactive,)) for field, (_, inactive) in fields.items()]
    seen = [(one.code, one.delivery_id.removesuffix(":sub"), one.keys) for one in failures]
    assert sorted(seen) == sorted(expected)


def test_without_a_roster_nothing_is_matched(settings: Settings, land: Land, clean: Rows) -> None:
    rows = {"subgroup_row": [*clean["subgroup_row"], {"student_id": "nobody", "cells": {}}, {"student_id": "", "cells": {}}]}
    land("alone", rows, roster=None)
    failures = validate(settings, ["subgroup_row"], run_name="alone").failures
    assert [failure.code for failure in failures] == ["SUB501"]


def test_rows_to_be_deleted_refer_to_anything(settings: Settings, land: Land, clean: Rows) -> None:
    rows = copy.deepcopy(clean)
    gone = {"status": "tobedeleted"}
    rows["users"].append({"sourcedId": "u7", "role": "student", "enabledUser": "true", "orgSourcedIds": "gone"} | gone)
    rows["enrollments"].append({"sourcedId": "e7", "classSourcedId": "gone", "userSourcedId": "gone", "role": "student"} | gone)
    rows["classes"].append({"sourcedId": "k7", "classType": "homeroom"} | gone)
    land("r", rows)
    codes = {failure.code for failure in validate(settings, RAW_TABLES, run_name="deleted").failures}
    assert codes == {"DLT101", "VOC208"}, "it is said that rows do not count, and nothing else of them"


def test_a_file_of_changes_needs_the_keys_of_its_enrollments(settings: Settings, land: Land, clean: Rows) -> None:
    rows = copy.deepcopy(clean)
    rows["enrollments"] += [rows["enrollments"][0] | {"sourcedId": ""}, rows["enrollments"][1]]
    land("r", rows, delta_tables="enrollments")
    codes = {failure.code for failure in validate(settings, ["enrollments"], run_name="keys").failures}
    assert {"KEY001", "KEY002"} <= codes
    assert not {"KEY005", "KEY006"} & codes
