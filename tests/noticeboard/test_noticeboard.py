"""The noticeboard as people and its own process see it: what is released and nothing else, in every form there is."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import httpx
import pytest

from subgroup_pipeline.access.rate_limits import Rate
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.cli.children import NOTICEBOARD, Children
from subgroup_pipeline.noticeboard.board import Board
from subgroup_pipeline.portal import released
from subgroup_pipeline.publish.current import release, roll_back
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.upkeep.offboarding import offboard
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.warehouse.connection import warehouse_lock
from tests.support.home import Home
from tests.support.noticeboard import noticeboard_running
from tests.support.portal import PortalUnderTest, portal_running
from tests.support.published_marts import MadeUp, publish_made_up
from tests.support.worksheets import worksheets

STUDENTS = 121
"""Of which some groups of every school are small."""
PUBLIC, CLOSED = "alpha", "beta"
SCHOOL = "/schools/school1"
PLACES = ("", SCHOOL, f"{SCHOOL}/courses/course1", "/schools/school%200%2Fa%3Fb%252F%23")
VIEWS = ("", "?view=trend&of=race_ethnicity", "?view=pairs&of=race_ethnicity", "?view=schools", "?view=courses")


@dataclass
class Shown:
    """A portal and a noticeboard over two districts, of which one has a public page."""

    home: Home
    portal: PortalUnderTest
    noticeboard: Children
    stranger: httpx.Client
    aggregate: httpx.Client


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    home = Home.at(tmp_path_factory.mktemp("noticeboard") / "home")
    home.add(PUBLIC, "privacy: {public_page: true}\n")
    home.add(CLOSED, "privacy: {profile: texas, release: nightly}\n")
    publish_made_up(home, {PUBLIC: MadeUp(students=STUDENTS), CLOSED: MadeUp(students=STUDENTS)})
    with noticeboard_running(home.settings) as noticeboard, portal_running(home.settings, home.registry) as portal:
        person = portal.person("board@beta.example", Role.AGGREGATE, CLOSED)
        with portal.browser() as stranger, portal.browser(cookie=person) as aggregate:
            yield Shown(home, portal, noticeboard, stranger, aggregate)
    home.close()


def _hidden(home: Home, district_id: str) -> list[tuple[str, str | None, str | None, str, str, int]]:
    """What is hidden in the current reports of a district, with the counts, from the files that no page reads."""
    snapshot = home.settings.paths.current_snapshot.resolve()
    with duckdb.connect(str(snapshot / "analytics.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{snapshot / 'shareable.duckdb'}' as shared (read_only)")
        found = []
        for level, keys in (("district", ""), ("school", ", school_id"), ("course", ", school_id, course_id")):
            columns = (keys.strip(", ").split(", ") if keys else []) + ["null", "null"]
            found += connection.execute(
                f"select '{level}', {columns[0]}, {columns[1]}, subgroup, value, exact.student_count "
                f"from shared.public.rpt_{level}_subgroup as shown inner join marts.rpt_{level}_subgroup as exact "
                f"using (district_id, subgroup, value{keys}) where district_id = ? and shown.student_count is null",
                [district_id],
            ).fetchall()
        return found


def test_the_page_of_a_district_says_what_it_is_and_what_hiding_means(shown: Shown) -> None:
    page = shown.stranger.get("/p/alpha")
    assert page.status_code == 200
    for words in (
        "Made-up alpha",
        "October 1, 2026",
        "Released on",
        "Groups of 1 to 9 students are hidden",
        "it does not mean zero",
    ):
        assert words in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "public, max-age=300"
    assert shown.stranger.get("/p/alpha", headers={"if-none-match": page.headers["etag"]}).status_code == 304


def test_every_number_on_a_page_is_one_of_the_released_file(shown: Shown) -> None:
    """A hidden count is in no cell, title, path of a chart, address or file, and nothing orders rows but the settings."""
    hidden = _hidden(shown.home, PUBLIC)
    assert len(hidden) > 20
    for place in PLACES:
        for view in VIEWS:
            page = shown.stranger.get(f"/p/alpha{place}{view}")
            assert page.status_code == 200, (place, view)
            cells = re.findall(r'<td class="number">([^<]*)</td>', page.text)
            counts = {int(cell.replace(",", "")) for cell in cells if cell.replace(",", "").isdigit()}
            assert not counts & set(range(1, 10)), (place, view)
            assert "<rect" not in page.text.partition("</header>")[2]
    of_school = shown.stranger.get(f"/p/alpha{SCHOOL}").text
    exact = {
        (subgroup, value): count for _, school, course, subgroup, value, count in hidden if (school, course) == ("school1", None)
    }
    assert exact
    rows = re.findall(r'<th scope="row">(.*?)</th><td class="number">(.*?)</td><td class="number">(.*?)</td>', of_school)
    masked = {words for words, count, _ in rows if count == "*"}
    assert len(masked) == len(exact)
    assert all(share == "*" for words, _, share in rows if words in masked)


def test_rows_are_in_the_order_of_the_settings(shown: Shown) -> None:
    orders = set()
    for place in PLACES:
        page = shown.stranger.get(f"/p/alpha{place}").text
        words = re.findall(r'<th scope="row">(.*?)</th>', page)
        orders.add(tuple(word for word in words if word.startswith("Race")))
    longest = max(orders, key=len)
    assert longest == tuple(f"Race ethnicity: {name}" for name in ("Asian", "Black", "Hispanic", "White"))
    assert all([word for word in longest if word in order] == list(order) for order in orders)


@pytest.mark.parametrize("view", VIEWS)
def test_files_hold_the_rows_of_the_released_tables(shown: Shown, view: str) -> None:
    joined = f"{view}&format=" if view else "?format="
    answer = shown.stranger.get(f"/p/alpha{joined}csv")
    records = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert records
    for record in records:
        assert (record["student_count"] == "") == (record["display_value"] == "*")
        assert not {"total_students", "scored_students", "reason", "hidden"} & record.keys()
        assert record["student_count"] == "" or float(record["student_count"]) not in range(1, 10)
    sheets = worksheets(shown.stranger.get(f"/p/alpha{joined}xlsx").content)
    assert sum(len(rows) for rows in sheets.values()) - len(sheets) == len(records)


def test_no_page_is_as_no_district(shown: Shown) -> None:
    answers = [
        shown.stranger.get(path) for path in ("/p/beta", "/p/nobody", "/p/alpha/schools/none", f"/p/beta{SCHOOL}", "/p/%00")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str({**answer.headers, "date": ""}) for answer in answers}) == 1


def test_a_page_that_is_turned_off_is_gone_at_once(shown: Shown) -> None:
    shown.home.add(PUBLIC, "privacy: {public_page: false}\n")
    assert shown.stranger.get("/p/alpha").status_code == 404
    shown.home.add(PUBLIC, "privacy: {public_page: true}\n")
    assert shown.stranger.get("/p/alpha").status_code == 200


def test_one_address_cannot_keep_the_portal_busy(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(released, "BY_ADDRESS", Rate(tries=2, seconds=60))
    asked = [shown.stranger.get("/p/alpha", headers={"x-forwarded-for": "198.51.100.9"}).status_code for _ in range(3)]
    assert asked == [200, 200, 429]
    assert shown.stranger.get("/p/alpha", headers={"x-forwarded-for": "198.51.100.10"}).status_code == 200


def test_who_sees_counts_only_gets_what_is_released(shown: Shown) -> None:
    """In place of the reports and of the overview, with the rule of the district; nothing of a student or another district."""
    for path in ("/d/beta", "/d/beta/reports", f"/d/beta/reports{SCHOOL}", f"/d/beta/reports{SCHOOL}/courses/course1"):
        page = shown.aggregate.get(path)
        assert page.status_code == 200
        assert "Groups of 1 to 4 students are hidden" in page.text
        assert page.headers["cache-control"] == "no-store"
    assert shown.aggregate.get("/d/beta/reports?format=csv").text.startswith('\ufeff"report","release_id"')
    for path in (
        "/d/alpha",
        "/d/alpha/reports",
        "/d/beta/reports/students",
        "/d/beta/reports/students/s0",
        "/d/beta/deliveries",
        "/staff",
    ):
        assert shown.aggregate.get(path).status_code == 404, path
    links = set(re.findall(r'href="([^"]*)"', shown.aggregate.get("/d/beta/reports?view=schools").text))
    for link in links:
        assert shown.aggregate.get(link.replace("&amp;", "&")).status_code in (200, 303), link


def test_before_the_first_release_there_is_nothing_to_see(shown: Shown) -> None:
    shown.home.add("gamma", "privacy: {public_page: true}\n")
    with shown.portal.browser(cookie=shown.portal.person("board@gamma.example", Role.AGGREGATE, "gamma")) as browser:
        assert "once the district releases its public numbers" in browser.get("/d/gamma/reports").text
        assert browser.get(f"/d/gamma/reports{SCHOOL}").status_code == 404
    assert shown.stranger.get("/p/gamma").status_code == 404


def test_the_process_knows_its_folder_and_nothing_of_the_home(shown: Shown) -> None:
    """Its environment, its command and its open files, after it has shown everything."""
    home = shown.home.settings.paths
    shown.stranger.get("/p/alpha")
    process = Path("/proc") / str(shown.noticeboard.process_ids()[NOTICEBOARD])
    environment = (process / "environ").read_bytes()
    assert b"SUBGROUPS_" not in environment
    assert str(home.root).encode() not in environment
    assert (process / "cmdline").read_bytes().count(str(home.root).encode()) == 1
    opened = {str(link.readlink()) for link in (process / "fd").iterdir() if link.is_symlink()}
    of_home = {path for path in opened if path.startswith(str(home.root)) and not path.startswith(str(home.logs))}
    assert of_home
    assert all(path.startswith(str(home.noticeboard)) for path in of_home), of_home


def test_its_connection_reaches_no_other_file(shown: Shown) -> None:
    home = shown.home.settings.paths
    with Board(home.noticeboard).look() as lying:
        assert lying is not None
        for statement in (
            f"attach '{home.published_database.resolve()}' as staff (read_only)",
            f"select * from read_parquet('{home.current_snapshot.resolve()}/lake/*/*/*.parquet')",
            f"select * from read_text('{home.registry_file}')",
            "set enable_external_access = true",
            "create table public.more as select 1",
        ):
            with pytest.raises(duckdb.Error):
                lying.cursor.execute(statement)


def test_its_program_has_no_part_that_knows_students() -> None:
    """None of the rooms that open the registry, the warehouse's files or a snapshot is loaded."""
    program = "import sys, subgroup_pipeline.noticeboard.pages; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    rooms = {name.split(".")[1] for name in loaded if name.startswith("subgroup_pipeline.")}
    assert not rooms & {"registry", "publish", "intake", "landing", "build", "disclosure", "keyring", "reading", "upkeep"}
    assert "sqlalchemy" not in loaded


def test_it_shows_what_readers_see_after_a_rollback_too(shown: Shown) -> None:
    first = current_manifest(shown.home.settings)
    publish_made_up(shown.home, {CLOSED: MadeUp(students=STUDENTS + 40)})
    assert "161" in shown.aggregate.get("/d/beta/reports").text
    roll_back(shown.home.settings)
    assert first is not None
    assert first.snapshot in shown.aggregate.get("/d/beta/reports").text
    release(shown.home.settings)
    assert "161" in shown.aggregate.get("/d/beta/reports").text
    assert len(list(shown.home.settings.paths.noticeboard.glob("*Z.*"))) == 1


def test_a_district_that_leaves_is_taken_down_with_its_name(shown: Shown) -> None:
    current = shown.home.settings.paths.noticeboard / "current"
    assert shown.stranger.get("/p/alpha").status_code == 200
    assert "Made-up alpha" in (current / "names.json").read_text()
    with warehouse_lock(shown.home.settings):
        at = Installation(shown.home.settings, shown.home.registry, datetime.now(UTC))
        assert [one for one in offboard(at, PUBLIC, by="test", dry_run=False) if one.fault] == []
    assert shown.stranger.get("/p/alpha").status_code == 404
    assert "alpha" not in (current / "names.json").read_text()
    assert b"alpha" not in (current / "shareable.duckdb").read_bytes()
    assert shown.aggregate.get("/d/beta/reports").status_code == 200


def test_while_it_does_not_answer_the_portal_says_so(shown: Shown) -> None:
    shown.noticeboard.stop()
    page = shown.aggregate.get("/d/beta/reports")
    assert page.status_code == 503
    assert "Try again in a few minutes" in page.text
