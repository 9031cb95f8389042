"""One night over many districts, each broken in its own way: every one is told what to mend, and none harms another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import DagsterEventType as Kind

from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.registry.ledger import district_findings
from tests.night.bad_uploads import CASES, GOOD, STUDENT_WORDS
from tests.night.conftest import TwoNights, marts_of

pytestmark = [pytest.mark.xdist_group("two nights"), pytest.mark.slow]


@pytest.fixture(scope="module")
def nights(two_nights: TwoNights) -> TwoNights:
    return two_nights


def _last(nights: TwoNights, district: str) -> dict[str, Any]:
    case = CASES[district]
    return nights.installation.deliveries(district, "subgroups" if case.subgroups else "roster")[-1]


@pytest.mark.parametrize("district", CASES)
def test_state_and_verdict(nights: TwoNights, district: str) -> None:
    delivery, case = _last(nights, district), CASES[district]
    assert (delivery["state"], delivery["verdict"]) == (case.state, case.verdict), delivery["findings"]


@pytest.mark.parametrize("district", CASES)
def test_a_finding_names_the_place_and_the_mend(nights: TwoNights, district: str) -> None:
    delivery, case = _last(nights, district), CASES[district]
    found = [finding for finding in delivery["findings"] if finding["code"] == case.code]
    assert found, [finding["code"] for finding in delivery["findings"]]
    (finding,) = found
    assert (finding["file"], finding["column"]) == case.where
    assert case.says in finding["message"]
    assert case.mend in finding["how_to_fix"]
    assert case.line is None or finding["line"] == case.line
    assert case.count is None or finding["count"] == case.count


@pytest.mark.parametrize("district", [district for district, case in CASES.items() if case.before])
def test_the_last_good_marts_are_served_unchanged(nights: TwoNights, district: str) -> None:
    assert nights.before[district]["rpt_district_subgroup"]
    assert marts_of(nights.installation, district) == nights.before[district]
    first = nights.installation.deliveries(district)[:2]
    assert [delivery["state"] for delivery in first] == ["published", "published"]


@pytest.mark.parametrize("district", [d for d, case in CASES.items() if not case.before and case.verdict in ("rejected", None)])
def test_a_first_delivery_that_is_not_taken_publishes_nothing(nights: TwoNights, district: str) -> None:
    published = nights.installation.ask(f"select count(*) from marts.dim_district where district_id = '{district}'")
    assert published == [(int(district == "workbook"),)]


def test_good_districts_are_published_beside_the_broken_ones(nights: TwoNights) -> None:
    report = nights.installation.district_report
    assert report("better")["all_students", "all"] == 12
    assert [d["state"] for d in nights.installation.deliveries("better")] == ["superseded", "published"]
    assert report("orphans")["all_students", "all"] == 10
    assert report("contradiction")["english_learner", "not_reported"] == 1
    assert report("new_column")["english_learner", "yes"] == 4


def test_two_districts_may_deliver_the_very_same_bytes(nights: TwoNights) -> None:
    for twin in GOOD[1:]:
        states = [(delivery["state"], delivery["verdict"]) for delivery in nights.installation.deliveries(twin)]
        assert states == [("published", "accepted")] * 2
        assert nights.installation.district_report(twin)["english_learner", "yes"] == 4


@pytest.mark.parametrize(
    ("district", "code", "says"), [("unreachable", "NET001", "did not answer"), ("other_host_key", "NET002", "host key")]
)
def test_a_server_with_a_fault_is_a_finding_of_the_district(nights: TwoNights, district: str, code: str, says: str) -> None:
    assert nights.installation.deliveries(district) == []
    with nights.installation.registry.begin() as session:
        found = [finding for finding in district_findings(session) if finding.district_id == district]
    assert [finding.code for finding in found] == [code]
    assert says in found[0].message
    assert "127.0.0.1" in found[0].message
    assert found[0].how_to_fix


def test_inboxes_are_empty_and_the_archive_holds_what_was_sent(nights: TwoNights) -> None:
    settings = nights.installation.settings
    left = [path for path in settings.paths.sftp.rglob("inbox/*/*") if path.is_file()]
    assert left == []
    for delivery in nights.installation.deliveries():
        if len(delivery["files"]) == 1:
            assert DistrictArchive(settings.paths, delivery["district_id"]).place(delivery["sha256"]).is_file()
    modes = {path.stat().st_mode & 0o777 for path in settings.paths.archive.rglob("*")}
    assert modes <= {0o700, 0o600}


def test_every_finding_has_a_message_and_a_mend(nights: TwoNights) -> None:
    findings = [finding for delivery in nights.installation.deliveries() for finding in delivery["findings"]]
    assert findings
    assert [f["code"] for f in findings if not f["message"] or not f["how_to_fix"]] == []


def _files_with_student_words(root: Path) -> list[str]:
    return [
        f"{path.relative_to(root)} ({word.decode()})"
        for path in sorted(root.rglob("*"))
        if path.is_file()
        for word in STUDENT_WORDS
        if word in path.read_bytes()
    ]


@pytest.mark.parametrize("place", ["dagster", "gx", "dbt", "keys"])
def test_no_student_value_stands_in_logs_events_or_check_results(nights: TwoNights, place: str) -> None:
    assert _files_with_student_words(nights.installation.settings.paths.root / place) == []


def test_no_student_value_stands_in_the_events_of_the_run(nights: TwoNights) -> None:
    with open_instance(nights.installation.settings) as instance:
        records = instance.all_logs(nights.run_id)
    kinds = {record.dagster_event_type for record in records}
    assert kinds >= {Kind.ASSET_MATERIALIZATION, Kind.ASSET_CHECK_EVALUATION, Kind.RUN_SUCCESS}
    said = "\n".join(dg.serialize_value(record) for record in records).encode()
    assert [word for word in STUDENT_WORDS if word in said] == []


def test_no_student_value_stands_in_the_registry_or_the_quality_tables(nights: TwoNights) -> None:
    root = nights.installation.settings.paths.root
    assert [found for found in _files_with_student_words(root) if found.startswith("registry.sqlite")] == []
    for table in ("delivery", "finding", "reconciliation"):
        said = str(nights.installation.ask(f"from quality.{table}")).encode()
        assert [word for word in STUDENT_WORDS if word in said] == []
