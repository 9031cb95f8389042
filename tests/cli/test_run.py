"""`run`: what is said before and after a night, without one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from subgroup_pipeline.cli.run import say_faults
from subgroup_pipeline.desk.night import begin, seconds_to_settle, see
from subgroup_pipeline.districts.lateness import note_late_feeds
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import Settings, load_settings
from tests.support import small_district as small
from tests.support.home import apply


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBGROUPS_SETTLE_SECONDS", "60")
    return load_settings()


def test_waiting_lets_a_loose_file_settle_and_no_other_districts(settings: Settings) -> None:
    inbox = settings.paths.sftp / "ash" / "inbox" / "subgroups"
    inbox.mkdir(parents=True)
    (inbox / "roster.zip").write_text("a zip proves itself")
    assert seconds_to_settle(settings, []) == 0
    (inbox / "subgroups.csv").write_text("x")
    assert seconds_to_settle(settings, ["birch"]) == 0
    assert 0 < seconds_to_settle(settings, ["ash"]) <= settings.settle_seconds


def test_many_late_districts_are_one_line(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    registry = open_registry(settings)
    names = [f"district_{number:02}" for number in range(25)]
    for name in names:
        text = small.settings(name) + 'schedule: "02:00"\n'
        apply(registry, text)
    districts = registered_districts(registry)
    since = datetime.now(UTC)
    begun = begin(registry, settings.own_shard, names, since)
    note_late_feeds(registry, districts, since + timedelta(days=9))
    seen = see(registry, begun)
    assert seen.faults == []
    say_faults(seen)
    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("LAG903 Nothing has arrived for more than two days. This is so in district_00, ")
    assert first.endswith("and 20 more.")
    assert "subgroups district list --late" in hint
    registry.close()
