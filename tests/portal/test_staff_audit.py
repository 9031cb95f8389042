"""The audit log in the portal and on the command line: narrowed, paged, taken away as CSV, and proved."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.registry.database import Registry, open_registry, record_event
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.portal import PortalUnderTest, portal_running, send_form


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings(home=tmp_path_factory.mktemp("audit") / "home")


@pytest.fixture(scope="module")
def registry(settings: Settings) -> Iterator[Registry]:
    opened = open_registry(settings)
    with opened.begin() as session:
        for number in range(230):
            record_event(session, "test.counted", actor="pipeline", detail={"number": number})
        record_event(session, "sftp.login_refused", actor="pine", detail={"peer": "203.0.113.9"})
        record_event(
            session, "person.changed", actor="ana", detail={"old": None, "new": {"role": "school", "schools": ["1", "2"]}}
        )
        record_event(session, "district.password_set", actor="=cmd|' /C calc'!A0", district_id="pine")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def portal(settings: Settings, registry: Registry) -> Iterator[PortalUnderTest]:
    with portal_running(settings, registry) as portal:
        yield portal


def test_events_are_paged_and_narrowed(portal: PortalUnderTest) -> None:
    with portal.staff() as browser:
        first = browser.get("/staff/audit")
        assert first.text.count("test.counted</code>") == 96, "four other events are newer"
        older = first.text.partition('href="/staff/audit?before=')[2].partition('"')[0]
        second = browser.get(f"/staff/audit?before={older}")
        assert second.text.count("test.counted</code>") == 100
        assert "number: 132" in second.text
        assert "old: none, new: (role: school, schools: 1 2)" in first.text
        of_pine = browser.get("/staff/audit", params={"district": "pine"}).text
        assert "sftp.login_refused</code>" in of_pine
        assert "district.password_set</code>" in of_pine
        assert "test.counted</code>" not in of_pine
        assert "No event fits" in browser.get("/staff/audit", params={"who": "nobody"}).text
        assert "No event fits" in browser.get("/staff/audit", params={"until": "2001-01-01"}).text


@pytest.mark.parametrize("asked", ["before=" + "9" * 30, "until=9999-12-31", "since=0001-01-01", "who=%00"])
def test_what_no_form_sends_is_answered(portal: PortalUnderTest, asked: str) -> None:
    assert portal.staff().get(f"/staff/audit?{asked}").status_code == 200


def test_the_csv_holds_what_the_page_shows_and_no_formula(portal: PortalUnderTest) -> None:
    with portal.staff() as browser:
        answer = browser.get("/staff/audit.csv", params={"kind": "district.password_set"})
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [(row["kind"], row["district_id"]) for row in rows] == [("district.password_set", "pine")]
    assert rows[0]["actor"].startswith("'=")


def test_the_proof_is_on_the_page_and_on_the_command_line(
    portal: PortalUnderTest, registry: Registry, settings: Settings
) -> None:
    command = [str(Path(sys.executable).parent / "subgroups"), "audit"]
    environment = {"SUBGROUPS_HOME": str(settings.paths.root), "PATH": "/usr/bin:/bin"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *words], env=environment, capture_output=True, text=True, check=False)

    with portal.staff() as browser:
        assert "None was changed" in send_form(browser, "/staff/audit", {}).text
        whole = run("--verify", "--json")
        assert (whole.returncode, json.loads(whole.stdout)["faults"]) == (0, [])
        shown = json.loads(run("--kind", "sftp.", "--json").stdout)
        assert [(event["kind"], event["actor"]) for event in shown] == [("sftp.login_refused", "pine")]

        with registry.begin() as session:
            session.execute(sa.text("update audit_event set actor = 'somebody else' where event_id = 7"))
        assert "Event 7" in send_form(browser, "/staff/audit", {}).text
    broken = run("--verify")
    assert broken.returncode == 1
    assert "event 7: it, or the event before it, was changed" in broken.stderr
