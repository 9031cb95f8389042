"""The table of policies over a whole home: what leaves, what stays, and what may not happen on the way."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.home import Home
from subgroup_pipeline.publish.compaction import compact_history
from subgroup_pipeline.registry.damage import damage_since
from subgroup_pipeline.registry.schema import Invitation, Mail, Person, SignIn, SignInLink
from subgroup_pipeline.upkeep.leaving import Leaving
from subgroup_pipeline.upkeep.of_district import nothing
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.upkeep.policies import POLICIES, Policy
from subgroup_pipeline.upkeep.runner import run_upkeep
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small
from tests.support.place import Place
from tests.support.upkeep import clear
from tests.support.wrapped import killed

_DERIVED = {"warehouse", "dbt", "dagster", "gx", "published", "keys", "sftp", "reserve", "registry_file"}
"""Places that hold what is in force, or of which the table names a part."""


def _write(path: Path, *, age: float) -> Path:
    """A file that was written so many days ago, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    then = time.time() - age * 86400
    os.utime(path, (then, then))
    return path


def _fill(home: Home) -> tuple[list[Path], list[Path]]:
    """Files of districts that deliver nothing any more, and of killed processes: those past their time, and the others."""
    outbox = home.sftp / "alpha" / "outbox"
    old_day, young_day = (f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in (92, 88))
    past = [
        _write(home.archive / "ab" / ("ab" + "0" * 62), age=31),
        _write(home.archive / ".1234.part", age=0.1),
        _write(home.scratch / "20260101T000000000000-abcdef" / "users.csv", age=0.1),
        _write(home.scratch / "duckdb_temp_storage-0.tmp", age=0.1),
        _write(home.failing_rows / "alpha" / "1.landing.json", age=91),
        _write(home.reports / "gone" / "1.html", age=91),
        _write(outbox / old_day / "roster_0300_abcdef.html", age=1),
        _write(outbox / "latest" / "roster.html", age=91),
        _write(outbox / "index.html", age=91),
        _write(outbox / "report_old.html", age=91),
        _write(outbox / "latest" / "roster.csv.part", age=0.1),
        _write(outbox / "checks" / "check_1.html", age=91),
        _write(home.rehearsals / "0011223344556677" / "registry.sqlite", age=0.1),
        _write(home.published / ".20260101T000000000000Z.building" / "analytics.duckdb", age=0),
        _write(home.warehouse / "analytics.compacting", age=0),
        _write(home.warehouse / "raw.duckdb.damaged", age=0),
        _write(home.logs / "subgroups.jsonl.3", age=91),
    ]  # fmt: skip
    os.utime(home.rehearsals / "0011223344556677", (0, 0))
    os.utime(home.scratch / "20260101T000000000000-abcdef", (0, 0))
    stays = [
        _write(home.archive / "ab" / ("ab" + "1" * 62), age=29),
        _write(home.archive / "ab" / "readme.txt", age=400),
        _write(home.scratch / "20260101T000000000000-abcdef.reading", age=5),
        _write(home.scratch / "20260101T000000000000-fedcba" / "users.csv", age=0),
        _write(home.failing_rows / "alpha" / "2.landing.json", age=89),
        _write(home.reports / "gone" / "2.html", age=89),
        _write(home.reports / "gone" / "delivered.json", age=400),
        _write(outbox / young_day / "roster_0300_abcdef.html", age=88),
        _write(outbox / "latest" / "subgroups.html", age=89),
        _write(outbox / "latest" / "roster.json.part", age=0),
        _write(outbox / "a person's note.txt", age=400),
        _write(home.sftp / "alpha" / "inbox" / "roster" / "roster.zip.part", age=400),
        _write(home.rehearsals / "8899aabbccddeeff" / "deep" / "raw.duckdb", age=0),
        _write(home.logs / "subgroups.jsonl", age=400),
        _write(home.logs / "dagster-daemon.log", age=400),
        _write(home.root / "registry.sqlite.damaged-20260101T000000Z", age=400),
    ]  # fmt: skip
    return past, stays


def test_what_is_past_its_time_leaves_and_nothing_else(place: Place) -> None:
    past, stays = _fill(place.settings.paths)
    said = clear(place.settings, place.registry, dry_run=True)
    assert all(path.exists() for path in (*past, *stays)), "a dry run removes nothing"
    assert clear(place.settings, place.registry) == said
    assert [path for path in past if path.exists()] == []
    assert [path for path in stays if not path.exists()] == []
    assert clear(place.settings, place.registry) == {}
    assert said == {
        "archive": 1, "scratch": 2, "failing_rows": 1, "reports": 1, "outboxes": 4, "check_reports": 1, "rehearsals": 1,
        "half_written": 4, "damaged": 1, "logs": 1,
    }  # fmt: skip


def test_mail_and_what_is_over_leave_the_registry_by_their_age(place: Place) -> None:
    now = datetime.now(UTC)
    place.apply(small.settings("alpha"))
    with place.registry.begin() as session:
        session.add(Person(email="a@alpha.example", role="district", district_id="alpha", added_at=now, added_by="test"))
        session.flush()
        for age in (29, 31, 91):
            ago, soon = now - timedelta(days=age), now + timedelta(hours=1)
            who = {"email": "a@alpha.example", "began_at": ago, "seen_at": ago, "way": "link", "peer": "", "browser": ""}
            link = {"email": "a@alpha.example", "made_at": ago}
            setup = {"district_id": "alpha", "made_at": ago, "made_by": "test"}
            session.add_all(
                [
                    SignIn(cookie_sha256=f"over{age}", expires_at=ago, **who),
                    SignIn(cookie_sha256=f"ended{age}", expires_at=soon, ended_at=ago, **who),
                    SignIn(cookie_sha256=f"open{age}", expires_at=soon, **who),
                    SignInLink(token_sha256=f"over{age}", expires_at=ago, **link),
                    SignInLink(token_sha256=f"live{age}", expires_at=soon, **link),
                    Invitation(token_sha256=f"used{age}", expires_at=soon, used_at=ago, **setup),
                    Invitation(token_sha256=f"revoked{age}", expires_at=soon, revoked_at=ago, **setup),
                    Invitation(token_sha256=f"live{age}", expires_at=soon, **setup),
                    Mail(
                        key=f"k{age}", recipient="a@alpha.example", kind="held", subject="", text="", html="", state="sent",
                        queued_at=ago, due_at=ago,
                    ),
                ]
            )  # fmt: skip
    expected = {"mail": 1, "invitations": 4, "sign_in_links": 2, "sign_ins": 4}
    assert clear(place.settings, place.registry, dry_run=True) == expected
    assert clear(place.settings, place.registry) == expected
    assert clear(place.settings, place.registry) == {}
    with place.registry.begin() as session:
        left = {table: session.scalars(sa.select(column)).all() for table, column in (
            ("mail", Mail.key), ("invitation", Invitation.token_sha256), ("link", SignInLink.token_sha256),
        )}  # fmt: skip
    assert sorted(left["mail"]) == ["k29", "k31"]
    assert sorted(left["invitation"]) == ["live29", "live31", "live91", "revoked29", "used29"]
    assert sorted(left["link"]) == ["live29", "live31", "live91", "over29"]


def test_a_damaged_warehouse_file_stays_until_a_run_has_made_it_anew(place: Place) -> None:
    aside = _write(place.settings.paths.warehouse / "raw.duckdb.damaged", age=1)
    place.settings.paths.unproven_warehouse.touch()
    assert clear(place.settings, place.registry) == {}
    place.settings.paths.unproven_warehouse.unlink()
    assert clear(place.settings, place.registry) == {"damaged": 1}
    assert not aside.exists()


def test_every_place_of_the_home_has_a_policy_or_is_known_to_need_none(place: Place) -> None:
    places = {name for name in vars(place.settings.paths) if name != "root"}
    tops = {name for name in places if getattr(place.settings.paths, name).parent == place.settings.paths.root}
    named = {policy.place.split("/")[0] for policy in POLICIES}
    assert tops - named - _DERIVED == set()


@pytest.mark.parametrize("moment", range(1, 18, 3))
def test_a_kill_on_the_way_is_mended_by_the_next_night(place: Place, moment: int) -> None:
    past, stays = _fill(place.settings.paths)
    with killed(os.unlink, call=moment):
        clear(place.settings, place.registry)
    clear(place.settings, place.registry)
    assert [path for path in past if path.exists()] == []
    assert [path for path in stays if not path.exists()] == []


def test_nothing_out_of_the_home_is_reached_through_a_link(place: Place, tmp_path: Path) -> None:
    home, away = place.settings.paths, tmp_path / "away"
    kept = [_write(away / name, age=400) for name in ("1.html", "latest/roster.html", "ab/" + "ab" + "0" * 62, "left/users.csv")]
    for link in (home.failing_rows / "alpha", home.reports / "alpha", home.sftp / "alpha", home.rehearsals / "one"):
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(away)
    (home.archive / "ab").symlink_to(away / "ab")
    (home.scratch / "left").symlink_to(away / "left")
    (home.failing_rows / "beta").mkdir()
    (home.failing_rows / "beta" / "1.json").symlink_to(kept[0])
    cleared = clear(place.settings, place.registry, days=100)
    assert all(path.exists() for path in kept)
    assert cleared == {"scratch": 1, "rehearsals": 1, "failing_rows": 1}, "a link leaves, and what it leads to stays"


def test_a_place_that_leads_out_of_the_home_is_told_and_the_others_are_cleared(place: Place, tmp_path: Path) -> None:
    home = place.settings.paths
    kept = _write(tmp_path / "away" / "alpha" / "1.html", age=400)
    old = _write(home.failing_rows / "alpha" / "1.landing.json", age=91)
    shutil.rmtree(home.reports)
    home.reports.symlink_to(tmp_path / "away")
    before = datetime.now(UTC)
    cleared = {one.policy.name: one for one in run_upkeep(Installation(place.settings, place.registry, before))}
    assert "leads out of" in cleared["reports"].fault
    assert kept.exists()
    assert not old.exists()
    assert any("leads out of" in said for said in damage_since(place.registry, before))


def test_what_cannot_be_removed_stops_neither_the_rest_nor_the_night(place: Place) -> None:
    removed: list[int] = []

    def refuse() -> None:
        raise PermissionError(13, "Permission denied", "failing_rows/alpha/1.json")

    def past(_: Installation) -> Iterator[Leaving]:
        yield Leaving(refuse)
        yield Leaving(lambda: removed.append(1), bytes=7)
        raise ValueError("a row: s001,Given1,Family1")

    policies = [
        Policy("odd", "odd/", "", "", "", past, nothing),
        Policy("even", "even/", "", "", "", lambda _: [Leaving(lambda: None)], nothing),
    ]
    odd, even = run_upkeep(Installation(place.settings, place.registry, datetime.now(UTC)), policies=policies)
    assert (odd.things, odd.bytes, removed) == (1, 7, [1])
    assert "Permission denied: failing_rows/alpha/1.json" in odd.fault
    assert (even.things, even.fault) == (1, "")


def test_raw_rows_stay_only_of_deliveries_that_are_needed(place: Place) -> None:
    place.add()
    ids = {}
    for number, state in enumerate(("published", "held", "superseded", "rejected", "landed")):
        ids[state] = place.deliver("subgroups", {"s.csv": small.subgroups(number + 2)})
    place.land()
    for state, delivery in ids.items():
        place.set_state(delivery, state)
    with open_warehouse(place.settings) as connection:
        # As a kill between the rows and the note of them leaves it.
        connection.execute("delete from control.landed_delivery where delivery_id = ?", [ids["rejected"]])
    assert clear(place.settings, place.registry) == {"raw_rows": 2}
    kept = {row[0] for row in place.ask("select distinct delivery_id from raw.subgroup_row")}
    assert kept == {ids[state] for state in ("published", "held", "landed")}
    assert {row[0] for row in place.ask("select delivery_id from control.landed_delivery")} == kept


def test_the_history_of_a_district_leaves_when_it_is_registered_no_more(place: Place) -> None:
    place.add()
    row = "insert into history.student_cell values ('{}', 'Zyxwv Nobody', 'all_students', null, '2026-09-01', null, 'd1')"
    with open_warehouse(place.settings) as connection:
        for district in ("alpha", "gone"):
            connection.execute(row.format(district))
    assert clear(place.settings, place.registry) == {"history": 1}
    assert place.ask("select district_id from history.student_cell") == [("alpha",)]
    with open_warehouse(place.settings) as connection:
        connection.execute("delete from history.student_cell")
    compact_history(place.settings)
    assert b"Zyxwv" not in place.settings.paths.history_database.read_bytes()
    assert clear(place.settings, place.registry) == {}


def test_snapshots_beyond_those_kept_leave_but_never_the_one_that_readers_see(place: Place) -> None:
    home = place.settings.paths
    names = [f"2026010{day}T000000000000Z" for day in range(1, 10)]
    for name in names:
        for file in ("analytics.duckdb", "manifest.json", "lake/dim_student/district_id=alpha/data.parquet"):
            _write(home.published / name / file, age=0)
    home.current_snapshot.symlink_to(names[0])
    assert clear(place.settings, place.registry) == {"snapshots": 1}
    assert sorted(path.name for path in home.published.glob("2*")) == [names[0], *names[2:]]


def test_a_half_removed_snapshot_is_none(place: Place) -> None:
    home = place.settings.paths
    for day in range(1, 9):
        _write(home.published / f"2026010{day}T000000000000Z" / "analytics.duckdb", age=0)
        _write(home.published / f"2026010{day}T000000000000Z" / "manifest.json", age=0)
    with killed(shutil.rmtree):
        clear(place.settings, place.registry)
    left = home.published / "20260101T000000000000Z"
    assert [path.name for path in left.iterdir()] == ["analytics.duckdb"]
    assert clear(place.settings, place.registry) == {"snapshots": 1}
    assert not left.exists()


def test_stored_runs_of_the_checks_stay_by_number(place: Place) -> None:
    for suite in ("orgs", "users"):
        for run in range(9):
            _write(place.settings.paths.gx / "validations" / suite / f"run{run}" / "time" / "batch.json", age=10 - run)
    assert clear(place.settings, place.registry) == {"validations": 4}
    left = sorted(path.name for path in (place.settings.paths.gx / "validations" / "orgs").iterdir())
    assert left == [f"run{run}" for run in range(2, 9)]
