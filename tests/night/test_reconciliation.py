"""Every hop of messy deliveries balances to the row, the rules of models and suites agree, and a loss shows."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from subgroup_pipeline.publish.reconciliation import reconcile
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.oneroster import gradebook_files, roster_tables
from tests.night.conftest import TwoNights
from tests.support.installation import Installation

pytestmark = [pytest.mark.xdist_group("two nights"), pytest.mark.slow]


@pytest.fixture(scope="module")
def nights(two_nights: TwoNights) -> Installation:
    return two_nights.installation


def _hops(installation: Installation, district: str) -> dict[tuple[str, str], tuple[int, int, int, dict[str, int]]]:
    rows = installation.ask(
        "select file_name, hop, rows_in, rows_out, rows_set_aside, set_aside_by_rule, is_balanced "
        f"from quality.reconciliation where district_id = '{district}'"
    )
    assert [row for row in rows if not row[-1]] == []
    return {(row[0], row[1]): (*row[2:5], json.loads(row[5] or "{}")) for row in rows}


def test_every_hop_balances_and_names_the_rules(nights: Installation) -> None:
    hops = _hops(nights, "messy")
    eight = {table.file_name for table in roster_tables().values()} - {"demographics.csv"}
    assert {name for name, hop in hops if hop == "raw to staging"} == eight | {"subgroups.csv"}
    assert hops["users.csv", "lines to records"] == (22, 19, 3, {"blank": 2, "does not fit the header": 1})
    assert hops["users.csv", "raw to staging"][3] == {"KEY001": 1, "KEY002": 2, "KEY003": 1, "VOC203": 1}
    assert hops["users.csv", "staging to marts"][:2] == (11, 11)
    assert hops["orgs.csv", "raw to staging"] == (6, 4, 2, {"KEY003": 1, "VOC203": 1})
    assert hops["academicSessions.csv", "raw to staging"][3] == {"DAT301": 1, "DAT302": 1}
    assert hops["classes.csv", "raw to staging"][3] == {"KEY003": 1, "KEY003 of its school": 1, "REF103": 1}
    assert hops["enrollments.csv", "raw to staging"][3] == {
        "DAT301": 1, "DAT302": 1, "KEY002 of its user": 1, "REF103 of its class": 1, "REF105": 1, "REF106": 1, "VOC203": 1,
    }  # fmt: skip
    assert hops["lineItems.csv", "raw to staging"] == (
        10, 4, 6, {"GRD611": 1, "GRD612": 2, "GRD613": 1, "GRD614": 1, "REF103 of its class": 1},
    )  # fmt: skip
    assert hops["results.csv", "raw to staging"] == (24, 16, 8, {
        "GRD612 of its line item": 1, "GRD621": 1, "GRD622": 1, "GRD624": 1, "GRD625": 1, "GRD626": 2, "KEY002 of its student": 1,
    })  # fmt: skip
    assert hops["subgroups.csv", "lines to records"] == (16, 16, 0, {})
    # s001 says the same twice, s002 says two things.
    assert hops["subgroups.csv", "raw to staging"] == (15, 9, 6, {"SUB501": 1, "SUB502": 2, "SUB503": 2, "equal rows": 1})
    assert all(hop[2] == 0 for hop in _hops(nights, "clean").values())


def test_a_set_of_changes_balances_with_what_it_left_as_it_was(nights: Installation) -> None:
    newest = nights.deliveries("changed", "roster")[-1]
    assert newest["state"] == "published"
    rows = nights.ask(
        "select file_name, hop, rows_in, rows_out, set_aside_by_rule, is_balanced from quality.reconciliation "
        f"where delivery_id = '{newest['delivery_id']}' order by all"
    )
    assert rows == [
        ("(carried over)", "raw to staging", 43, 43, None, True),
        ("results.csv", "lines to records", 4, 4, None, True),
        ("results.csv", "raw to staging", 3, 3, None, True),
        ("results.csv", "records to raw", 3, 3, None, True),
        ("users.csv", "lines to records", 5, 5, None, True),
        ("users.csv", "raw to staging", 4, 3, '{"VOC203": 1}', True),
        ("users.csv", "records to raw", 4, 4, None, True),
        ("users.csv", "staging to marts", 11, 11, None, True),
    ]


def test_what_the_models_set_aside_is_what_the_findings_say(nights: Installation) -> None:
    """The checks say of each row that the models leave out why, a row that goes with its parent too."""
    (delivery,) = nights.deliveries("messy", "roster")
    said: Counter[tuple[str, str]] = Counter()
    for finding in delivery["findings"]:
        if finding["code"] != "ROW002" and (finding["severity"] == "error" or finding["code"] in ("KEY001", "KEY002")):
            said[finding["file"], finding["code"]] += finding["count"]
    done: Counter[tuple[str, str]] = Counter()
    for (file, hop), (*_, rules) in _hops(nights, "messy").items():
        if hop == "raw to staging" and file != "subgroups.csv":
            for rule, count in rules.items():
                _, goes_with, parent = rule.partition(" of its ")
                of_parent = "GRD631" if file in gradebook_files() else "REF115" if parent == "school" else "ENR108"
                done[file, of_parent if goes_with else rule] += count
    assert said == done


def test_case_variants_count_and_nobody_who_is_set_aside_does(nights: Installation) -> None:
    students = {row[0] for row in nights.ask("select student_id from marts.dim_student where district_id = 'messy'")}
    assert students == {f"s{n:03}" for n in range(11)}
    enrolled = nights.ask("select count(*) from marts.fct_enrollment where district_id = 'messy' and student_id = 's010'")
    assert enrolled == [(1,)]


def test_scores_of_a_gradebook_are_means_over_students_and_gaps_to_everyone_else(nights: Installation) -> None:
    """By hand: student n has 100 - 5n in the quiz and even ones 50 in the essay, so 75, 95, 70, 85, 65, 75, 60, 65, 55, 55."""
    columns = "subgroup, value, scored_students, mean_score_pct, score_gap_pct"
    clean = "where district_id = 'clean' and subgroup in ('all_students', 'english_learner') and student_count > 0"
    district = nights.ask(f"select {columns} from marts.rpt_district_subgroup {clean} order by all")
    learners, others = 275 / 4, 425 / 6
    assert [row[:3] for row in district] == [
        ("all_students", "all", 10), ("english_learner", "no", 6), ("english_learner", "yes", 4),
    ]  # fmt: skip
    assert [row[3] for row in district] == pytest.approx([70, others, learners])
    assert (district[0][4], district[2][4]) == (None, pytest.approx(learners - others))
    # Even students are in school0, which has the learners 0 and 6; odd ones have the quiz alone.
    schools = nights.ask(f"select school_id, {columns} from marts.rpt_school_subgroup {clean} and value = 'yes' order by all")
    assert [(row[0], row[3]) for row in schools] == [("school0", 2), ("school1", 2)]
    assert [row[4] for row in schools] == pytest.approx([67.5, 70])
    assert [row[5] for row in schools] == pytest.approx([67.5 - 190 / 3, 70 - 235 / 3])
    courses = nights.ask(f"select course_id, {columns} from marts.rpt_course_subgroup {clean} and value = 'yes' order by all")
    assert [row[4] for row in courses] == pytest.approx([67.5, 70])
    # The other district: student 1 is gone, 2 has 100 and is excused from the essay, 0 has no essay any more.
    (changed,) = nights.ask(f"select {columns} from marts.rpt_district_subgroup where district_id = 'changed' and value = 'all'")
    assert changed[2:] == (9, pytest.approx((100 + 100 + 85 + 65 + 75 + 60 + 65 + 55 + 55) / 9), None)


@pytest.mark.parametrize(
    ("statement", "file", "hop"),
    [
        ("delete from warehouse.intermediate.int_row_count where table_name = 'courses'", "courses.csv", "raw to staging"),
        ("delete from analytics.marts.dim_student where student_id = 's003'", "users.csv", "staging to marts"),
    ],
)
def test_a_loss_shows(nights: Installation, statement: str, file: str, hop: str) -> None:
    deliveries = all_deliveries(nights.registry, ["messy", "clean", "changed"])
    with open_warehouse(nights.settings) as connection:
        connection.execute("begin")
        connection.execute(f"{statement} and district_id = 'clean'")
        lost = [(r["file_name"], r["hop"], r["district_id"]) for r in reconcile(connection, deliveries) if not r["is_balanced"]]
        connection.execute("rollback")
    assert lost == [(file, hop, "clean")]


def test_a_line_that_was_not_read_shows(nights: Installation) -> None:
    deliveries = [delivery for delivery in all_deliveries(nights.registry) if delivery.district_id == "clean"]
    users = deliveries[0].record.files["users.csv"]
    for counts, hop in (({"records": 9}, "lines to records"), ({"landed": 9}, "records to raw")):
        deliveries[0].record = DeliveryRecord(files={"users.csv": users.model_copy(update=counts)})
        with open_warehouse(nights.settings) as connection:
            rows = reconcile(connection, deliveries)
        assert hop in {row["hop"] for row in rows if not row["is_balanced"]}
