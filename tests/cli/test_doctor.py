"""The doctor: each complaint says what is wrong and the mend, and one check that fails hides no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from subgroup_pipeline.cli import doctor
from subgroup_pipeline.cli.doctor.complaint import Complaint
from subgroup_pipeline.settings import load_settings

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))


def _saying(words: str) -> Complaint:
    (found,) = [said for said in doctor.examine() if words in said["what"]]
    return found


def test_a_misspelt_variable_is_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_NIGTHLY_CRON", "04:00")
    said = _saying("SUBGROUPS_NIGTHLY_CRON")
    assert (said["level"], said["mend"]) == ("warning", "Did you mean SUBGROUPS_NIGHTLY_CRON?")


def test_a_pinned_rollback_is_said_with_its_end() -> None:
    settings = load_settings()
    settings.paths.make()
    settings.paths.pinned_snapshot.write_text("20260101T000000000000\n", encoding="ascii")
    said = _saying("20260101T000000000000")
    assert (said["level"], said["mend"]) == ("warning", "`subgroups publish release` ends the rollback.")


def test_a_check_that_fails_is_a_complaint_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    settings.paths.make()
    settings.paths.pinned_snapshot.write_bytes(b"\xff\xfe not ascii")
    assert _saying("`pinned rollback`")["level"] == "error"
    assert _saying("No district is registered.")
