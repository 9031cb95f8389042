"""The reports of a district, its schools and courses, through the real server: who sees what, and the same as a file."""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import httpx
import pytest

from subgroup_pipeline.access.roles import Role
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running
from tests.support.published_marts import COURSES, SCHOOLS, MadeUp, publish_made_up
from tests.support.worksheets import worksheets

AT = "/d/alder/reports"
ODD_SCHOOL, ODD_COURSE = next(iter(SCHOOLS)), next(iter(COURSES))


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[PortalUnderTest]:
    root = tmp_path_factory.mktemp("reports") / "home"
    shutil.copytree(template, root)
    home = Home.at(root)
    for district in ("alder", "birch", "cedar"):
        home.add(district)
    home.set_state(home.deliver("roster", {"half.csv": "half"}, "alder"), "held")
    publish_made_up(home, {"alder": MadeUp(), "cedar": MadeUp(students=1)})
    with portal_running(home.settings, home.registry) as running:
        yield running
    home.close()


@pytest.fixture(scope="module")
def clerk(portal: PortalUnderTest) -> Iterator[httpx.Client]:
    with portal.of_district("alder") as browser:
        yield browser


def _school(school_id: str) -> str:
    return f"{AT}/schools/{quote(school_id, safe='')}"


def _shown(browser: httpx.Client, path: str) -> str:
    """The page's content, its tags left in."""
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text.partition("<main")[2]


def _csv(browser: httpx.Client, path: str) -> list[dict[str, str]]:
    answer = browser.get(f"{path}{'&' if '?' in path else '?'}format=csv")
    assert answer.status_code == 200, path
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _cell(text: str) -> str | float:
    """A cell of either form: a workbook holds 16 digits of a number, and needs no apostrophe before what looks like a formula."""
    try:
        return round(float(text), 9)
    except ValueError:
        return text.removeprefix("'")


def _links(page: str) -> list[str]:
    return [html.unescape(link) for link in re.findall(r'href="([^"]+)"', page)]


def test_all_students_come_first_and_counts_are_those_of_the_mart(clerk: httpx.Client) -> None:
    rows = re.findall(
        r'<th scope="row">([^<]+)</th>\s*<td class="number">(?:<a [^>]*>)?([^<]+)<.*?\n<td class="number">([^<]+)<',
        _shown(clerk, AT),
    )
    assert rows[0] == ("All students", "90", "100.0%")
    assert ("English learner: Yes", "15", "16.7%") in rows


@pytest.mark.parametrize("school_id", SCHOOLS)
def test_an_id_may_hold_any_character(clerk: httpx.Client, school_id: str) -> None:
    for course_id in COURSES:
        path = f"{_school(school_id)}/courses/{quote(course_id, safe='')}"
        assert html.escape(COURSES[course_id]) in _shown(clerk, path)
        assert {(row["school_id"], row["course_id"]) for row in _csv(clerk, path)} == {(school_id, course_id)}


@pytest.mark.parametrize(
    "wrong", ["no-such", "school%200", "school%200%2Fa%3Fb%252f%23", "SCHOOL1", "school1%20", "school1/courses/x"]
)
def test_what_is_not_there_is_not_found(clerk: httpx.Client, wrong: str) -> None:
    assert clerk.get(f"{AT}/schools/{wrong}").status_code == 404


def test_choices_in_the_address_are_on_screen_and_in_the_file(clerk: httpx.Client) -> None:
    path = f"{AT}?subgroup=race_ethnicity&subgroup=english_learner&values=members&sort=students"
    rows = _csv(clerk, path)
    counts = [int(row["student_count"]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert {row["subgroup"] for row in rows} == {"all_students", "race_ethnicity", "english_learner"}
    assert "<b>Somali" not in _shown(clerk, AT)
    assert _shown(clerk, f"{AT}?sort=nothing&view=nothing&subgroup=%22%3E%3Cb%3E").count("<b>") == 0


ODD = _school(ODD_SCHOOL)
VIEWS = [
    AT, f"{AT}?values=members&sort=gap", f"{AT}?view=schools", f"{AT}?view=schools&measure=mean",
    f"{AT}?view=schools&of=race_ethnicity&value=white&sort=share", ODD, f"{ODD}?view=courses",
    f"{ODD}?view=courses&of=english_learner&value=yes", f"{ODD}/courses/course1", f"{AT}?month=2026-03-01&sort=share",
    f"{AT}?view=trend", f"{AT}?view=trend&of=race_ethnicity&measure=students&step=year",
    f"{AT}?view=trend&of=race_ethnicity&step=term",
    f"{ODD}?view=trend&of=race_ethnicity&measure=mean&year=2026", f"{ODD}/courses/course1?view=trend",
    f"{AT}?view=changes", f"{AT}?view=pairs", f"{ODD}?view=pairs&of=race_ethnicity&beside=english_learner&measure=mean",
]  # fmt: skip


@pytest.mark.parametrize("path", VIEWS)
def test_every_number_on_screen_is_in_the_file(clerk: httpx.Client, path: str) -> None:
    page = _shown(clerk, path)
    on_screen = set(re.findall(r'<td class="number[^"]*">(?:<a [^>]*>)?([^<]+)<', page))
    rows = _csv(clerk, path)
    counts = {f"{int(row[column]):,}" for row in rows for column in ("student_count", "total_students") if row.get(column)}
    counts |= {
        f"{int(cell):,}" for row in rows for column, cell in row.items() if column.startswith("student_count_in_") and cell
    }
    shares = {f"{100 * float(row['student_share']):.1f}%" for row in rows if row.get("student_share")}
    means = {f"{float(row['mean_score_pct']):.1f}" for row in rows if row.get("mean_score_pct")}
    gaps = {f"{float(row['score_gap_pct']):+.1f}".replace("-", "\u2212") for row in rows if row.get("score_gap_pct")}
    assert len(on_screen) > 2
    assert on_screen - {"-"} <= counts | shares | means | gaps
    assert {(row["as_of_date"], row["district_id"]) for row in rows} == {("2026-10-01", "alder")}
    assert len({row["snapshot"] for row in rows}) == 1


@pytest.mark.parametrize("path", VIEWS)
def test_a_workbook_holds_what_the_csv_holds(clerk: httpx.Client, path: str) -> None:
    rows = _csv(clerk, path)
    answer = clerk.get(f"{path}{'&' if '?' in path else '?'}format=xlsx")
    assert answer.headers["content-disposition"].endswith('2026-10-01.xlsx"')
    sheets = worksheets(answer.content)
    assert list(sheets) == list(dict.fromkeys(row["report"] for row in rows))
    for report, (head, *lines) in sheets.items():
        of_report = [row for row in rows if row["report"] == report]
        assert [[_cell(cell) for cell in line] for line in lines] == [
            [_cell(row[column]) for column in head] for row in of_report
        ]


def test_a_term_shows_its_last_month(clerk: httpx.Client) -> None:
    path = f"{AT}?view=trend&of=english_learner"
    last = {
        ("2027", "Fall semester"): "2026-10-01", ("2026", "Spring semester"): "2026-04-01",
        ("2026", "Fall semester"): "2025-12-01",
    }  # fmt: skip
    by_month, by_term = _csv(clerk, path), _csv(clerk, f"{path}&step=term")
    assert {row["month"] for row in by_month} > set(last.values())
    assert by_term == [row for row in by_month if last.get((row["school_year"], row["term"])) == row["month"]]
    page = _shown(clerk, f"{path}&step=term")
    assert re.findall(r'<th scope="row">([^<]+)</th>', page) == [
        "Fall semester, Oct 2026", "Spring semester, Apr 2026", "Fall semester, Dec 2025",
    ]  # fmt: skip
    assert page.count('class="break" d="') == 1
    assert "A term here is the semester of the district" in page


@pytest.mark.slow
def test_a_snapshot_of_a_contract_without_terms_has_months_and_says_that_it_has_no_terms(tmp_path: Path) -> None:
    home = Home.at(tmp_path / "home")
    home.add("alder")
    publish_made_up(home, {"alder": MadeUp(students=20, months=3)})
    file = home.settings.paths.current_snapshot / "lake" / "rpt_trend_subgroup" / "district_id=alder" / "data.parquet"
    before = tmp_path / "before.parquet"
    duckdb.sql(f"copy (select * exclude (term) from read_parquet('{file}', hive_partitioning = false)) to '{before}'")
    before.replace(file)
    with portal_running(home.settings, home.registry) as portal, portal.of_district("alder") as clerk:
        assert len(_csv(clerk, f"{AT}?view=trend&of=english_learner")) > 2
        assert "No month on record has a term." in _shown(clerk, f"{AT}?view=trend&step=term")
        assert _csv(clerk, f"{AT}?view=trend&step=term") == []
    home.close()


def test_people_of_schools_see_their_own_only(portal: PortalUnderTest) -> None:
    one = portal.browser(cookie=portal.person("one@alder.example", Role.SCHOOL, "alder", [ODD_SCHOOL]))
    two = portal.browser(cookie=portal.person("two@alder.example", Role.SCHOOL, "alder", [ODD_SCHOOL, "school1"]))
    with one, two:
        led = one.get(AT)
        assert (led.status_code, led.headers["location"]) == (303, _school(ODD_SCHOOL))
        assert [link for link in _links(_shown(two, AT)) if link.startswith(AT)] == [_school(ODD_SCHOOL), _school("school1")]
        assert "Oak" not in _shown(one, _school(ODD_SCHOOL))
        assert one.get(_school("school1")).status_code == one.get(f"{_school('school1')}/courses/course1").status_code == 404
        assert one.get(f"{_school(ODD_SCHOOL)}/courses/{quote(ODD_COURSE, safe='')}").status_code == 200
        assert one.get(f"{AT}?format=csv").status_code == 303


def test_who_sees_only_released_numbers_gets_no_others_while_the_noticeboard_is_away(portal: PortalUnderTest) -> None:
    with portal.browser(cookie=portal.person("sums@alder.example", Role.AGGREGATE, "alder")) as browser:
        for path in ("/d/alder", AT, f"{AT}?format=csv", _school("school1")):
            answer = browser.get(path)
            assert answer.status_code == 503
            assert "<td" not in answer.text


def test_a_district_without_published_rows_says_when_they_come(portal: PortalUnderTest) -> None:
    with portal.of_district("birch") as browser:
        assert "Nothing of this district has been published yet" in _shown(browser, "/d/birch/reports")
        assert browser.get("/d/birch/reports/schools/school1").status_code == 404


def test_a_page_says_what_to_know_before_its_numbers_are_used(clerk: httpx.Client) -> None:
    page = _shown(clerk, AT)
    for sentence in (
        "The subgroup file is older than the roster",
        "No newer roster than that of October 1, 2026 is in use.",
        "waits for a decision and is not in these numbers.",
        "Subgroups are those of the subgroup file of September 24, 2026.",
    ):
        assert sentence in page
    assert "student_count / total_students, not rounded" in page


def test_a_count_leads_to_its_students(clerk: httpx.Client) -> None:
    for path in (AT, ODD, f"{ODD}/courses/course1"):
        rows = {(row["subgroup"], row["value"]): int(row["student_count"]) for row in _csv(clerk, path)}
        links = [link for link in _links(_shown(clerk, path)) if "/students?subgroup=" in link]
        assert len(links) == len(rows)
        for link, count in list(zip(links, rows.values(), strict=True))[::4]:
            assert len(_csv(clerk, link)) == count
    assert "/students?subgroup=" not in _shown(clerk, f"{AT}?month=2026-03-01")


def test_what_changed_is_said_in_words(clerk: httpx.Client) -> None:
    overview = _shown(clerk, "/d/alder")
    for sentence in (
        "12 students entered English learner: from No to Yes",
        "7 students joined the district",
        "1 student changed in",
    ):
        assert sentence in overview
    assert "3 students left English learner" in overview
    assert "90 students joined" not in overview


def test_a_school_or_course_without_students_has_a_page(portal: PortalUnderTest) -> None:
    with portal.of_district("cedar") as browser:
        at = "/d/cedar/reports"
        for path in (at, f"{at}?view=schools", f"{at}/schools/school1", f"{at}/schools/school1?view=courses"):
            for school in (path, f"{path}/courses/course1") if "schools/" in path and "?" not in path else (path,):
                _shown(browser, school)
                _csv(browser, school)


def test_a_shared_address_leads_there_after_the_sign_in(portal: PortalUnderTest) -> None:
    path = f"{_school(ODD_SCHOOL)}?subgroup=race_ethnicity&sort=share"
    with portal.browser() as stranger:
        asked = stranger.get(path).headers["location"]
    with portal.of_district("alder") as browser:
        assert browser.get(asked).headers["location"] == path


def test_a_snapshot_of_an_earlier_release_is_said_to_be_one(tmp_path: Path, template: Path) -> None:
    shutil.copytree(template, tmp_path / "home")
    home = Home.at(tmp_path / "home")
    home.add("alder")
    snapshot = publish_made_up(home, {"alder": MadeUp(students=6, months=2)})
    for table in ("rpt_trend_subgroup", "rpt_subgroup_change"):
        shutil.rmtree(home.settings.paths.published / snapshot / "lake" / table)
    with portal_running(home.settings, home.registry) as portal, portal.of_district("alder") as browser:
        answer = browser.get(AT)
        assert (answer.status_code, "until the next run has published them anew" in answer.text) == (503, True)
        assert browser.get("/d/alder").status_code == 200
    home.close()


def _crawl(browser: httpx.Client, start: str) -> dict[str, int]:
    """The status of every page of reports that links lead to; of addresses that differ in what is chosen only, one."""
    found: dict[str, int] = {}
    seen, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        address, _, query = path.partition("?")
        choices = (re.sub(r"s\d+$", "s", address), "format" in query, *sorted(re.findall(r"view=\w+|(?:^|&)(\w+)=", query)))
        if choices in seen:
            continue
        seen.add(choices)
        answer = browser.get(path)
        found[path] = answer.status_code
        if answer.headers.get("content-type", "").startswith("text/html"):
            waiting += [link for link in _links(answer.text) if "/reports" in link]
    return found


@pytest.mark.slow
def test_no_link_is_broken_whoever_follows_it(portal: PortalUnderTest) -> None:
    of_school = portal.browser(cookie=portal.person("walker@alder.example", Role.SCHOOL, "alder", ["school1"]))
    with of_school, portal.of_district("alder") as of_district, portal.of_district("cedar") as of_small:
        for browser, start, least in (
            (of_district, AT, 60),
            (of_school, _school("school1"), 20),
            (of_small, "/d/cedar/reports", 30),
        ):
            found = _crawl(browser, start)
            assert len(found) > least, start
            assert {path: status for path, status in found.items() if status not in (200, 303)} == {}
