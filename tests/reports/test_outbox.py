"""A real night over real SFTP: the district finds its reports in the outbox, and only it reads them."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.ledger import UploadedFile
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.reports.outbox import Delivered, deliver_reports
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of

NAMES = ("Given", "Family")
"""Every student of the made-up roster has a name that begins so; the subgroup file carries names too."""


def _with_names(students: int) -> str:
    rows = small.subgroups(students).splitlines()
    named = [f"{row},Given{n} Family{n}" for n, row in enumerate(rows[1:])]
    unknown = ["x900,Y,n,Given900 Family900", ",Y,n,Given901 Family901", "x901,Maybe,n,Given902 Family902"]
    return "\n".join([f"{rows[0]},student_name", *named, *unknown]) + "\n"


def _outbox(installation: Installation, district: str) -> dict[str, bytes]:
    """Every file that the district's client finds, by its path."""
    sftp = installation.sftp(district)
    found: dict[str, bytes] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in sftp.listdir_attr(f"outbox/{folder}"):
            path = f"{folder}{entry.filename}"
            if stat.S_ISDIR(entry.st_mode or 0):
                folders.append(f"{path}/")
            else:
                found[path] = sftp.open(f"outbox/{path}").read()
    return found


def _deliver(installation: Installation) -> Delivered:
    return deliver_reports(installation.registry, installation.settings, registered_districts(installation.registry))


@pytest.fixture(scope="module")
def outbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, str, dict[str, bytes]]]:
    """After a night with a clean roster and a subgroup file that has three bad rows."""
    with installation_in(tmp_path_factory.mktemp("outbox") / "home", staff_mail="staff@vendor.example") as installation:
        district = installation.apply(small.settings("alpha") + "contacts: [data@alpha.example]\n")
        installation.upload(district, "roster", {"roster.zip": zip_of(small.roster())})
        installation.upload(district, "subgroups", {"subgroups.csv": _with_names(10)})
        installation.night()
        yield installation, district, _outbox(installation, district)


def test_a_district_downloads_what_to_fix(outbox: tuple[Installation, str, dict[str, bytes]]) -> None:
    installation, district, files = outbox
    roster, subgroups = installation.deliveries(district)
    forms = ("html", "xlsx", "csv", "json")
    stems = {path.rpartition(".")[0] for path in files if re.match(r"20\d\d-\d\d-\d\d/", path)}
    assert {(stem.partition("/")[2].split("_")[0], stem[-6:]) for stem in stems} == {
        ("roster", roster["delivery_id"][-6:]),
        ("subgroups", subgroups["delivery_id"][-6:]),
    }
    places = [*stems, "latest/roster", "latest/subgroups"]
    assert set(files) == {"index.html", *(f"{place}.{form}" for place in places for form in forms)}
    rows = list(csv.DictReader(io.StringIO(files["latest/subgroups.csv"].decode("utf-8-sig"))))
    assert {(row["code"], row["line"], row["record"], row["row_key"]) for row in rows if row["column"] != "student_name"} == {
        ("SUB503", "12", "11", "x900"),
        ("SUB501", "13", "12", ""),
        ("SUB503", "14", "13", "x901"),
        ("SUB506", "14", "13", "x901"),
    }
    assert {(row["code"], row["value"]) for row in rows if row["value"]} == {("SUB506", "Maybe")}
    page = files["latest/subgroups.html"].decode()
    assert "Published, but 3 rows had to be left out." in page
    assert "10 students" in page
    said = json.loads(files["latest/roster.json"])
    assert (said["verdict"], said["shown"]["is_this_delivery"]) == ("accepted", True)
    assert [problem["code"] for problem in said["problems"]] == ["ENR106"]
    index = files["index.html"].decode()
    linked = re.findall(r'href="([^"]+)"', index)
    assert sorted(linked) == sorted(f"{stem}.{form}" for stem in stems for form in forms)
    assert "https://" not in index
    kept = installation.settings.paths.reports / district / f"{subgroups['delivery_id']}.html"
    assert kept.read_text() == page

    for name, content in files.items():
        assert not any(word.encode() in content for word in NAMES), name
    for path in Path(installation.settings.paths.failing_rows).rglob("*.json"):
        assert not any(word in path.read_text() for word in NAMES)


def test_the_mail_of_a_night_has_counts_and_links_and_nothing_of_a_student(
    outbox: tuple[Installation, str, dict[str, bytes]],
) -> None:
    installation, district, _ = outbox
    with installation.registry.begin() as session:
        mails = session.scalars(sa.select(Mail).order_by(Mail.mail_id)).all()
    about = [(mail.kind, mail.recipient) for mail in mails if mail.key.startswith("verdict:")]
    assert sorted(about) == [
        ("error_report", "data@alpha.example"), ("first_upload", "staff@vendor.example"),
        ("first_upload", "staff@vendor.example"), ("first_upload_good", "data@alpha.example"),
    ]  # fmt: skip
    (wrong,) = (mail for mail in mails if mail.kind == "error_report")
    assert "3 rows had to be left out" in wrong.text
    assert f"/d/{district}/deliveries/{installation.deliveries(district, 'subgroups')[0]['delivery_id']}" in wrong.text
    ids = re.compile(r"\b(s\d{3}|x90\d|user\d+|\d{5})\b")
    for mail in mails:
        said = re.sub(r"https?://\S+?(?=[\s\"<])", "", mail.subject + mail.text + mail.html)
        said = re.sub(r"color:#\w+", "", said)
        assert not any(word in said for word in (*NAMES, "Maybe", "student_name"))
        assert not ids.search(said), ids.search(said)


def test_reports_are_written_once_and_again_when_the_delivery_changes(
    outbox: tuple[Installation, str, dict[str, bytes]],
) -> None:
    installation, district, files = outbox
    assert _deliver(installation).reports == 0
    installation.upload(district, "subgroups", {"subgroups.csv": small.subgroups(10) + ",Y,n\n"})
    installation.night()
    later = _outbox(installation, district)
    assert len(later) == len(files) + 4
    said = json.loads(later["latest/subgroups.json"])
    assert said["solved"] == {
        "previous_delivery_id": installation.deliveries(district, "subgroups")[0]["delivery_id"],
        "before": 3, "solved": 3, "new": 0,
    }  # fmt: skip
    assert "All 3 problem rows of the last upload are solved." in later["latest/subgroups.html"].decode()
    assert {path: later[path] for path in files if path.startswith("20")} == {
        path: content for path, content in files.items() if path.startswith("20")
    }
    assert {path for path in later if path.startswith("20")} == set(re.findall(r'href="([^"]+)"', later["index.html"].decode()))


@pytest.fixture
def rejected(installation: Installation) -> tuple[Installation, str]:
    """A district with a delivery that was refused, and no report yet."""
    district = installation.apply(small.settings("alpha"))
    installation.sftp(district).close()
    upload = UploadedFile("roster.zip", "0" * 64, 7)
    with installation.registry.begin() as session:
        register_delivery(
            session, district, "roster", sha256="0" * 64, content_sha256="0" * 64, proof=None, files=[upload],
            findings=[Finding("ZIP001", file="roster.zip")], is_rejected=True,
        )  # fmt: skip
    return installation, district


def test_a_server_that_does_not_answer_delays_the_reports_by_a_night(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    key = installation.settings.paths.keys / "pipeline"
    key.rename(key.with_suffix(".away"))
    down = _deliver(installation)
    assert (down.reports, set(down.faults), down.districts) == (1, {district}, set())
    assert _outbox(installation, district) == {}
    key.with_suffix(".away").rename(key)
    up = _deliver(installation)
    assert (up.reports, up.faults, up.districts) == (1, {}, {district})
    assert "Not used." in _outbox(installation, district)["latest/roster.html"].decode()


def test_a_kill_between_writing_and_noting_writes_the_same_again(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    _deliver(installation)
    files = _outbox(installation, district)
    (installation.settings.paths.reports / district / "delivered.json").unlink()
    (installation.settings.paths.sftp / district / "outbox" / "latest" / "roster.html.part").write_text("half a page")
    assert _deliver(installation).reports == 1
    assert _outbox(installation, district) == files
    assert _deliver(installation).reports == 0


def test_a_district_with_a_server_of_its_own_gets_none_on_ours(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    own = "server: {host: sftp.invalid, username: us, host_key: ssh-ed25519 AAAA, private_key: alpha}\n"
    installation.apply(small.settings("alpha") + own)
    delivered = _deliver(installation)
    assert (delivered.reports, delivered.districts, delivered.faults) == (1, set(), {})
    assert _outbox(installation, district) == {}
    (delivery,) = installation.deliveries(district)
    page = installation.settings.paths.reports / district / f"{delivery['delivery_id']}.html"
    assert "This is not a zip file that can be opened." in page.read_text()
    assert _deliver(installation).reports == 0
