"""The report of an upload says what the build with it changed, and the report of any other upload does not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.publish.subgroup_changes import Change, published_changes
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.html_page import as_html
from subgroup_pipeline.reports.report import MOST_CHANGES, Report
from tests.support.home import Home
from tests.support.published_marts import MadeUp, publish_made_up


def _report(home: Home, delivery_id: str, changes: list[Change]) -> Report:
    districts = {one.district_id: one for one in registered_districts(home.registry)}
    (report,) = build_reports(home.registry, home.settings, districts, [home.delivery(delivery_id)], changes={"alder": changes})
    return report


def test_a_report_says_what_its_build_changed(tmp_path: Path, template: Path) -> None:
    shutil.copytree(template, tmp_path / "home")
    home = Home.at(tmp_path / "home")
    for district in ("alder", "birch"):
        home.add(district)
    snapshot = publish_made_up(home, {"alder": MadeUp(students=8), "birch": MadeUp(students=8)})
    found = published_changes(home.settings, snapshot)
    assert found.keys() == {"alder", "birch"}
    assert [change.in_words for change in found["alder"]] == [
        "12 students entered English learner: from No to Yes",
        "7 students joined the district",
        "3 students left English learner: from Yes to No",
        "2 students left the district",
        "1 student changed in Race ethnicity: from White to Asian",
    ]
    manifest = current_manifest(home.settings)
    assert manifest is not None
    live = manifest.districts["alder"]
    subgroups = home.delivery(str(live.subgroup_delivery_id))
    newest = max(subgroups.received_at, home.delivery(live.roster_delivery_id).received_at).astimezone(UTC).replace(tzinfo=None)
    changes = [replace(change, effective_at=newest) for change in found["alder"]]
    shown = _report(home, subgroups.delivery_id, changes).shown
    assert shown is not None
    assert [(one.in_words, one.student_count) for one in shown.changes[:1]] == [(changes[0].in_words, 12)]
    assert "12 students entered English learner: from No to Yes" in as_html(_report(home, subgroups.delivery_id, changes))
    many = _report(home, subgroups.delivery_id, changes * MOST_CHANGES)
    assert many.shown is not None
    assert len(many.shown.changes) == MOST_CHANGES
    assert "and other changes of fewer students" in as_html(many)
    of_an_earlier_build = [replace(change, effective_at=newest - timedelta(days=1)) for change in changes]
    other = home.deliver("subgroups", {"half.csv": "half"}, "alder")
    for delivery_id, said in ((subgroups.delivery_id, of_an_earlier_build), (other, changes)):
        without = _report(home, delivery_id, said)
        assert without.shown is not None
        assert without.shown.changes == []
        assert "What it changed" not in as_html(without)
    home.close()
