"""Lists in the raw tables: every field where its column is, `metadata` whole, and findings that name object and field."""

from __future__ import annotations

from typing import Any

import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.landing.failing_rows import kept_failing_rows
from subgroup_pipeline.reports.assemble import build_reports
from subgroup_pipeline.reports.html_page import as_html
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.oneroster_server.oauth import Bearer
from tests.support import small_district as small
from tests.support.roster_server import TOKEN, FetchedHome, roster


def rows(home: FetchedHome, query: str) -> list[tuple[Any, ...]]:
    with open_warehouse(home.settings) as connection:
        return connection.execute(query).fetchall()


def test_an_object_is_the_row_that_its_file_has(home: FetchedHome) -> None:
    made = small.made_roster(3)
    made.add_gradebook(3)
    made.rows["users"][0] |= {
        "userIds": "{Local:0001},{State:9}", "orgSourcedIds": "school0,school1", "grades": "05,06", "password": "hush",
        "agentSourcedIds": "s001,s002", "email": "kept@nowhere.example", "middleName": "Zoë, \"Z\"\nJane",
    }  # fmt: skip
    made.rows["classes"][0] |= {"subjects": "Maths,Art", "subjectCodes": "1,2", "periods": "1,3", "termSourcedIds": "year,fall"}
    files = made.texts() | {"demographics.csv": "sourcedId,birthDate,sex,white\ns000,2015-01-02,female,true\n"}
    home.offer("rest", files=files, page_size=2)
    home.apply(small.settings("csv"))
    home.deliver("roster", files, "csv")
    home.fetch()
    home.land()
    for table in (
        "orgs",
        "academic_sessions",
        "courses",
        "classes",
        "users",
        "enrollments",
        "demographics",
        "line_items",
        "results",
    ):
        shown = "* exclude (district_id, delivery_id, file_name, landed_at, status, dateLastModified, metadata)"
        ours, theirs = (
            rows(home, f"select {shown} from raw.{table} where district_id = '{d}' order by 1") for d in ("rest", "csv")
        )
        assert [[_number(cell) for cell in row] for row in ours] == [[_number(cell) for cell in row] for row in theirs], table
    assert b"hush" not in home.pages("users", "rest")


def test_a_user_of_1p2_has_the_roles_and_orgs_that_stand_in_the_object(home: FetchedHome) -> None:
    made = small.made_roster(6)
    made.add_gradebook(6)
    made.rows["users"][0] |= {"orgSourcedIds": "school0,school1", "userIds": "{Local:0001}"}
    files = made.texts()
    district = home.offer("rest", Bearer(TOKEN), files, auth="{type: bearer}", behaviour={"version": "1.2"}, page_size=2)
    district.lists["users"][1]["roles"].append({"roleType": "secondary", "role": "ext:mentor", "org": {"sourcedId": "school0"}})
    district.lists["users"][2]["roles"][0]["endDate"] = "2026-09-30"
    district.lists["users"][3]["roles"][0]["role"] = "pupil"
    home.apply(small.settings("csv"))
    home.deliver("roster", files, "csv")
    home.fetch()
    home.land()
    for table in ("enrollments", "line_items", "results"):
        shown = "* exclude (district_id, delivery_id, file_name, landed_at, status, dateLastModified, metadata)"
        ours, theirs = (
            rows(home, f"select {shown} from raw.{table} where district_id = '{d}' order by 1") for d in ("rest", "csv")
        )
        assert [[_number(cell) for cell in row] for row in ours] == [[_number(cell) for cell in row] for row in theirs], table
    users = (
        "select sourcedId, role, orgSourcedIds, enabledUser, userIds, grades from raw.users where district_id = '{}' order by 1"
    )
    ours, theirs = (rows(home, users.format(district_id)) for district_id in ("rest", "csv"))
    assert ours[2][3] == "false"
    assert ours[3][1:3] == (None, None)
    assert [row for n, row in enumerate(ours) if n not in (2, 3)] == [row for n, row in enumerate(theirs) if n not in (2, 3)]
    delivery = home.came("rest")[0]
    assert delivery.record.oneroster_version == "1.2"
    assert {(f.code, f.file, f.line, f.column) for f in delivery.findings} == {("VOC203", "/users", None, "roles.role")}
    assert b"hush-9" not in home.pages("users", "rest")
    # Preferred names and pronouns stay in the archive (docs/architecture.md 3.23).
    assert {user["preferredFirstName"] for user in home.kept("users", "rest")} == {"Preferred"}
    assert not [word for word in ("Preferred", "they") if word in repr(rows(home, "select * from raw.users"))]


def _number(cell: object) -> object:
    """A line break in a cell is a space over REST, and numbers are numbers there."""
    text = cell.replace("\n", " ") if isinstance(cell, str) else cell
    return f"{float(text):g}" if isinstance(text, str) and text.replace(".", "", 1).isdigit() and len(text) < 6 else text


def test_metadata_is_kept_whole_and_what_nobody_shares_is_not_blank(home: FetchedHome) -> None:
    shapes: list[Any] = [
        {"ell": "y", "edu": {"special_education": "Y", "deep": {"er": 1}}, "list": ["a", "b"]},
        {"ELL": "n", "edu.special_education": "n", "HMH_SAM_GIFTED": "N"},
        {"Ell": "", "sped": None, "flag": True, "o'n\"e": " x "},
        {},
        None,
        "not an object",
    ]
    users = home.offer(files=roster(len(shapes)), page_size=2).lists["users"]
    for user, metadata in zip(users, shapes, strict=True):
        user["metadata"] = metadata
    del users[3]["metadata"]
    home.fetch()
    home.land()
    found = {row[0]: row[1] for row in rows(home, "select sourcedId, metadata from raw.users")}
    assert found == {
        "s000": {"ell": "y", "edu.special_education": "Y", "edu.deep.er": "1", "list": "a,b"},
        "s001": {"ell": "n", "edu.special_education": "n", "hmh_sam_gifted": "N"},
        "s002": {"ell": None, "flag": "true", "o'n\"e": "x"},
        "s003": {},
        "s004": {},
        "s005": {},
    }


def test_a_key_that_nobody_shares_any_more_holds_the_delivery(home: FetchedHome) -> None:
    district = home.offer()
    home.fetch()
    home.judge()
    for user in district.lists["users"]:
        del user["metadata"]["ell"]
    home.fetch()
    home.judge()
    newest = home.came()[-1]
    assert [delivery.state for delivery in home.came()] == ["accepted", "held"]
    said = {(finding.code, finding.file, finding.column) for finding in newest.findings if finding.code.startswith("SUB")}
    assert said == {("SUB530", "/users", "metadata.ell")}


def test_findings_name_the_endpoint_the_object_and_the_field(home: FetchedHome) -> None:
    district = home.offer(files=roster(12), page_size=5)
    district.lists["users"][7]["metadata"]["ell"] = "perhaps"
    district.lists["enrollments"][6]["class"]["sourcedId"] = "no-such-class"
    district.lists["users"][2]["givenName"] = "two\nlines"
    home.fetch()
    home.judge()
    delivery = home.came()[0]
    found = {(f.code, f.file, f.line, f.column) for f in delivery.findings if f.severity in ("error", "warning")}
    assert ("SUB506", "/users", 8, "metadata.ell") in found
    assert ("REF105", "/enrollments", 7, "class.sourcedId") in found
    assert not [f for f in delivery.findings if f.code.startswith(("DLT", "PKG", "HDR")) or (f.file or "").endswith(".csv")]
    kept = {(row.code, row.file, row.line, row.column, row.row_key) for row in kept_failing_rows(home.settings.paths, delivery)}
    assert ("SUB506", "/users", 8, "metadata.ell", "s007") in kept
    districts = {one.district_id: one for one in registered_districts(home.registry)}
    [report] = build_reports(home.registry, home.settings, districts, [delivery])
    page = as_html(report)
    assert "/users, field metadata.ell" in page
    assert "Object</th>" in page
    assert "upload" not in " ".join((*report.what_to_do, report.verdict_in_words))


@pytest.mark.slow
def test_many_objects_on_few_pages_are_read_within_the_limits(home: FetchedHome) -> None:
    made = small.made_roster(4000)
    for number in range(2, 4000):
        made.add_class(number, f"course{number % 2}", f"Class {number}", f"C{number}")
    home.offer(files=made.texts(), page_size=10_000)
    home.fetch()
    assert home.land().rows["classes"] == 4000
