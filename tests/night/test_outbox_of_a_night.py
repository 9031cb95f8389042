"""Two nights over real SFTP: the district finds its reports in the outbox, and its mail, and neither says too much."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from tests.night.conftest import TwoNights
from tests.night.named_students import DISTRICT, NAMES
from tests.support.outbox import outbox_of

pytestmark = [pytest.mark.xdist_group("two nights"), pytest.mark.slow]


def test_a_district_downloads_what_to_fix(two_nights: TwoNights) -> None:
    installation, district, files = two_nights.installation, DISTRICT, two_nights.first_outbox
    roster, subgroups, _ = installation.deliveries(district)
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
    for path in (installation.settings.paths.failing_rows / district).rglob("*.json"):
        assert not any(word in path.read_text() for word in NAMES)


def test_the_mail_of_a_night_has_counts_and_links_and_nothing_of_a_student(
    two_nights: TwoNights,
) -> None:
    installation, district = two_nights.installation, DISTRICT
    mails = two_nights.first_mails
    about = [(mail.kind, mail.recipient) for mail in mails if mail.key.startswith("verdict:")]
    assert sorted(about) == [
        ("error_report", "data@named.example"), ("first_upload", "staff@vendor.example"),
        ("first_upload", "staff@vendor.example"), ("first_upload_good", "data@named.example"),
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
    two_nights: TwoNights,
) -> None:
    installation, district, files = two_nights.installation, DISTRICT, two_nights.first_outbox
    assert two_nights.reports_again == 0
    later = outbox_of(installation, district)
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
