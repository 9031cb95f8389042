"""One night over many districts, each broken in its own way: every one is told what to mend, and none harms another."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import dagster as dg
import pytest
from dagster._core.events import DagsterEventType as Kind

from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.registry.ledger import district_findings
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of

Files = dict[str, str | bytes]
STUDENT_WORDS = (b"pupil", b"Zephyrine", b"Quillfeather", b"loginof")
"""What ids, names and user names of the made-up students hold, and nothing else does."""


def _marked(text: str) -> str:
    """Give students ids and names that can be found anywhere."""
    text = re.sub(r"\bs(\d{3})\b", r"pupil\1", text)
    text = re.sub(r",user(\d+),", r",loginof\1,", text)
    return text.replace("Given", "Zephyrine").replace("Family", "Quillfeather")


def _roster(students: int = 10, **replacements: tuple[str, str]) -> dict[str, str]:
    """A roster; `users=(old, new)` replaces a text in users.csv."""
    files = {name: _marked(text) for name, text in small.roster(students).items()}
    for kind, (old, new) in replacements.items():
        assert old in files[f"{kind}.csv"], old
        files[f"{kind}.csv"] = files[f"{kind}.csv"].replace(old, new)
    return files


def _zip(files: Mapping[str, str | bytes]) -> Files:
    return {"roster.zip": zip_of(files)}


def _vast_manifest() -> bytes:
    """A zip of 300 KB whose manifest.csv would unpack to 300 MB of line ends."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package, package.open("manifest.csv", "w") as member:
        for _ in range(300):
            member.write(b"\n" * 2**20)
    return buffer.getvalue()


def _subgroups(old: str = "", new: str = "", students: int = 10) -> Files:
    text = _marked(small.subgroups(students))
    assert old in text
    return {"subgroups.csv": text.replace(old, new) if old else text}


def _without(files: dict[str, str], name: str) -> dict[str, str]:
    rest = {key: text for key, text in files.items() if key not in (name, "manifest.csv")}
    return {"manifest.csv": small.manifest(rest), **rest}


@dataclass(frozen=True)
class Case:
    """What a district uploads on the night that is looked at, and what it must be told.

    `before` says that a good roster and subgroup file were published the night before. `where` is the file or column that
    the finding names, `says` stands in its message and `mend` in what to do.
    """

    code: str
    state: str
    verdict: str | None
    roster: Files | None = None
    subgroups: Files | None = None
    where: tuple[str | None, str | None] = (None, None)
    says: str = ""
    mend: str = ""
    before: bool = False
    students: int = 10
    line: int | None = None
    count: int | None = None


def _cases() -> dict[str, Case]:
    """Districts by key; their feed is the one that is given last."""
    good = _roster()
    users = good["users.csv"]
    torn = zip_of(good)[:-200]
    ragged = "".join(f"pupil{n:03},,,true,school0,student,loginof{n}\n" for n in range(100, 107))
    truncated_rows = users.replace(",05,\n", ",05,,\n")
    aside, set_aside = "accepted_with_rows_set_aside", "published"
    return {
        # Broken second deliveries of districts that are published.
        "torn_zip": Case("ZIP001", "rejected", "rejected", {"roster.zip": torn}, where=("roster.zip", None), mend=".zip",
                         says="zip", before=True),
        "double_ids": Case("KEY002", "held", "held", _zip(_roster(users=("pupil003,,", "pupil002,,"))),
                           where=("users.csv", "sourcedId"), says="same ID", mend="one row", before=True,
                           line=4, count=2),
        "renamed_column": Case("HDR001", "rejected", "rejected", None, _subgroups("student_id", "Student No"),
                               ("subgroups.csv", "student_id"), "nearest header is `Student No`", "first line", before=True,
                               line=1),
        "strangers": Case("SUB508", "held", "held", None, _subgroups("pupil00", "pupil70"), ("subgroups.csv", "student_id"),
                          "0 of 10", "student ID column", before=True),
        "shrunken": Case("VOL301", "held", "held", _zip(_roster(30)), where=("users.csv", None), says="30 of 60 are gone",
                         mend="export the whole roster", before=True, students=60, count=30),
        # First deliveries.
        "no_users": Case("PKG001", "rejected", "rejected", _zip(_without(good, "users.csv")), where=("users.csv", None),
                         says="Missing: users.csv", mend="export"),
        "lost_file": Case("PKG003", "rejected", "rejected",
                          _zip({name: text for name, text in good.items() if name != "classes.csv"}),
                          where=("manifest.csv", None), says="Missing: classes.csv", mend="whole set"),
        "empty_zip": Case("ZIP002", "rejected", "rejected", _zip({}), where=("roster.zip", None), says="empty", mend="Export"),
        "no_zip": Case("ZIP001", "rejected", "rejected", {"roster.zip": b""}, where=("roster.zip", None), says="zip",
                       mend=".zip"),
        "latin_one": Case("ENC001", "rejected", "rejected",
                          _zip({**good, "users.csv": users.replace("Zephyrine4", "Zephyrine4\x81").encode("latin-1")}),
                          where=("users.csv", None), says="UTF-8", mend="CSV UTF-8", line=6),
        "ragged": Case("ROW003", "rejected", "rejected", _zip({**good, "users.csv": users + ragged}), where=("users.csv", None),
                       says="more or fewer cells", mend="Excel", line=12, count=7),
        "header_only": Case("ROW005", "rejected", "rejected", _zip({**good, "users.csv": users.partition("\n")[0] + "\n"}),
                            where=("users.csv", None), says="no rows", mend="Export"),
        "open_quote": Case("ROW004", "rejected", "rejected",
                           _zip({**good, "users.csv": users.replace("Zephyrine4", '"Zephyrine4')}),
                           where=("users.csv", None), says="cannot be read as CSV", mend="quotation mark", line=6),
        "nobody": Case("STU601", "rejected", "rejected", _zip(_roster(users=(",true,", ",false,"))),
                       where=("users.csv", "enabledUser"), says="10 are not enabled", mend="enabledUser"),
        "delta": Case("PKG008", "rejected", "rejected", _zip(_roster(manifest=("file.users,bulk", "file.users,delta"))),
                      where=("manifest.csv", None), says="delta", mend="bulk"),
        "wrong_version": Case("PKG006", "rejected", "rejected",
                              _zip(_roster(manifest=("oneroster.version,1.1", "oneroster.version,1.2"))),
                              where=("manifest.csv", None), says="1.2", mend="OneRoster 1.1", line=3),
        "workbook": Case("PKG007", "rejected", "rejected", _zip(good), {"subgroups.xlsx": b"PK\x03\x04 not csv"},
                         ("subgroups.xlsx", None), "cannot be read", ".csv"),
        "manifest_of_300_mb": Case("PKG017", "rejected", "rejected", {"roster.zip": _vast_manifest()},
                                   where=("manifest.csv", None), says="far too large", mend="Export the roster again"),
        "wrong_inbox": Case("PKG018", "rejected", "rejected", None, {**good}, says="Put it into inbox/roster.", mend="folder",
                            where=("academicSessions.csv", None)),
        "too_early": Case("SUB509", "landed", None, None, _subgroups(), ("subgroups.csv", None), "waits", "roster"),
        # Taken, with something to mend.
        "orphans": Case("REF106", set_aside, aside, _zip(_roster(enrollments=(",pupil004,", ",pupil904,"))),
                        where=("enrollments.csv", "userSourcedId"), says="not in users.csv", mend="or correct", line=6, count=1),
        "contradiction": Case("SUB502", set_aside, aside, _zip(good),
                              _subgroups("pupil002,N,n\n", "pupil002,N,n\npupil002,Y,n\n"),
                              ("subgroups.csv", "student_id"), "several rows that differ", "one row per", line=4, count=2),
        "new_column": Case("HDR003", set_aside, "accepted", _zip(good),
                           {"subgroups.csv": "".join(f"{line},x\n" for line in
                                                     _marked(small.subgroups()).replace("sped", "sped,Lunch").splitlines())
                            .replace("Lunch,x", "Lunch")},
                           ("subgroups.csv", "Lunch"), "not set up", "subgroup"),
        "wide_quoted": Case("ROW001", set_aside, "accepted",
                            _zip({**good, "users.csv": truncated_rows.replace(",,\n", ',"",""\n')}),
                            where=("users.csv", None), says="extra empty cells", mend="empty columns", line=2, count=10),
        "six_short_rows": Case("ROW002", set_aside, aside,
                               _zip({**good, "users.csv": users + "".join(ragged.splitlines(keepends=True)[:5])}),
                               where=("users.csv", None), says="left out", mend="quotation marks", line=12, count=5),
    }  # fmt: skip


CASES = _cases()
GOOD = ("better", "twin_one", "twin_two")
SERVERS = ("unreachable", "other_host_key")


@dataclass
class Nights:
    """The installation after both nights, and the marts of the districts published on the first."""

    installation: Installation
    before: dict[str, dict[str, list[tuple[Any, ...]]]]
    run_id: str


def _marts(installation: Installation, district: str) -> dict[str, list[tuple[Any, ...]]]:
    tables = [row[0] for row in installation.ask("select table_name from information_schema.tables where table_schema = 'marts'")]
    return {
        table: sorted(installation.ask(f"from marts.{table} where district_id = '{district}'"), key=str)
        for table in sorted(tables)
    }


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with installation_in(tmp_path_factory.mktemp("bad") / "home") as installation:
        for district, case in CASES.items():
            installation.apply(small.settings(district))
            if case.before:
                installation.drop(district, "roster", _zip(_roster(case.students)))
                installation.drop(district, "subgroups", _subgroups(students=case.students))
        installation.apply(small.settings("better"))
        installation.drop("better", "roster", _zip(_roster()))
        installation.night()
        before = {district: _marts(installation, district) for district, case in CASES.items() if case.before}
        for district, case in CASES.items():
            installation.drop(district, "roster", case.roster or {})
            installation.drop(district, "subgroups", case.subgroups or {})
        installation.drop("better", "roster", _zip(_roster(12)))
        for twin in GOOD[1:]:
            installation.apply(small.settings(twin))
            installation.drop(twin, "roster", _roster())
            installation.drop(twin, "subgroups", _subgroups())
        _servers(installation)
        result = installation.night()
        yield Nights(installation, before, result.run_id)


def _servers(installation: Installation) -> None:
    """Two districts with servers of their own: nobody answers, and one that shows another host key."""
    host_key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(installation.settings.paths.keys / "own_server"))
    for district, port in zip(SERVERS, (1, installation.settings.sftp_port), strict=True):
        server = f"server: {{host: 127.0.0.1, port: {port}, username: us, private_key: own_server, host_key: {host_key}}}\n"
        installation.apply(small.settings(district) + server)


def _last(nights: Nights, district: str) -> dict[str, Any]:
    case = CASES[district]
    return nights.installation.deliveries(district, "subgroups" if case.subgroups else "roster")[-1]


@pytest.mark.parametrize("district", CASES)
def test_state_and_verdict(nights: Nights, district: str) -> None:
    delivery, case = _last(nights, district), CASES[district]
    assert (delivery["state"], delivery["verdict"]) == (case.state, case.verdict), delivery["findings"]


@pytest.mark.parametrize("district", CASES)
def test_a_finding_names_the_place_and_the_mend(nights: Nights, district: str) -> None:
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
def test_the_last_good_marts_are_served_unchanged(nights: Nights, district: str) -> None:
    assert nights.before[district]["rpt_district_subgroup"]
    assert _marts(nights.installation, district) == nights.before[district]
    first = nights.installation.deliveries(district)[:2]
    assert [delivery["state"] for delivery in first] == ["published", "published"]


@pytest.mark.parametrize("district", [d for d, case in CASES.items() if not case.before and case.verdict in ("rejected", None)])
def test_a_first_delivery_that_is_not_taken_publishes_nothing(nights: Nights, district: str) -> None:
    published = nights.installation.ask(f"select count(*) from marts.dim_district where district_id = '{district}'")
    assert published == [(int(district == "workbook"),)]


def test_good_districts_are_published_beside_the_broken_ones(nights: Nights) -> None:
    report = nights.installation.district_report
    assert report("better")["all_students", "all"] == 12
    assert [d["state"] for d in nights.installation.deliveries("better")] == ["superseded", "published"]
    assert report("orphans")["all_students", "all"] == 10
    assert report("contradiction")["english_learner", "not_reported"] == 1
    assert report("new_column")["english_learner", "yes"] == 4


def test_two_districts_may_deliver_the_very_same_bytes(nights: Nights) -> None:
    for twin in GOOD[1:]:
        states = [(delivery["state"], delivery["verdict"]) for delivery in nights.installation.deliveries(twin)]
        assert states == [("published", "accepted")] * 2
        assert nights.installation.district_report(twin)["english_learner", "yes"] == 4


@pytest.mark.parametrize(
    ("district", "code", "says"), [("unreachable", "NET001", "did not answer"), ("other_host_key", "NET002", "host key")]
)
def test_a_server_with_a_fault_is_a_finding_of_the_district(nights: Nights, district: str, code: str, says: str) -> None:
    assert nights.installation.deliveries(district) == []
    with nights.installation.registry.begin() as session:
        found = [finding for finding in district_findings(session) if finding.district_id == district]
    assert [finding.code for finding in found] == [code]
    assert says in found[0].message
    assert "127.0.0.1" in found[0].message
    assert found[0].how_to_fix


def test_inboxes_are_empty_and_the_archive_holds_what_was_sent(nights: Nights) -> None:
    settings = nights.installation.settings
    left = [path for path in settings.paths.sftp.rglob("inbox/*/*") if path.is_file()]
    assert left == []
    for delivery in nights.installation.deliveries():
        if len(delivery["files"]) == 1:
            assert (settings.paths.archive / delivery["sha256"][:2] / delivery["sha256"]).is_file()
    modes = {path.stat().st_mode & 0o777 for path in settings.paths.archive.rglob("*")}
    assert modes <= {0o700, 0o600}


def test_every_finding_has_a_message_and_a_mend(nights: Nights) -> None:
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
def test_no_student_value_stands_in_logs_events_or_check_results(nights: Nights, place: str) -> None:
    assert _files_with_student_words(nights.installation.settings.paths.root / place) == []


def test_no_student_value_stands_in_the_events_of_the_run(nights: Nights) -> None:
    with open_instance(nights.installation.settings) as instance:
        records = instance.all_logs(nights.run_id)
    kinds = {record.dagster_event_type for record in records}
    assert kinds >= {Kind.ASSET_MATERIALIZATION, Kind.ASSET_CHECK_EVALUATION, Kind.RUN_SUCCESS}
    said = "\n".join(dg.serialize_value(record) for record in records).encode()
    assert [word for word in STUDENT_WORDS if word in said] == []


def test_no_student_value_stands_in_the_registry_or_the_quality_tables(nights: Nights) -> None:
    root = nights.installation.settings.paths.root
    assert [found for found in _files_with_student_words(root) if found.startswith("registry.sqlite")] == []
    for table in ("delivery", "finding", "reconciliation"):
        said = str(nights.installation.ask(f"from quality.{table}")).encode()
        assert [word for word in STUDENT_WORDS if word in said] == []
