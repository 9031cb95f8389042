"""Lists of students and the page of one, through the real server: who is on them, who may see whom, and what is noted of it."""

from __future__ import annotations

import csv
import html
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.registry.schema import AuditEvent
from tests.support.command import USED_WRONGLY, Shell
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running, send_form
from tests.support.published_marts import BEGUN, CHANGED, COURSES, SCHOOLS, SUBGROUPS, MadeUp, publish_made_up

AT = "/d/alder/reports/students"
ODD, OAK, HIGH = SCHOOLS
MEALS = "meal_status"
IN_TWO = "s0"
"""A student of the odd school and of Oak."""


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[PortalUnderTest]:
    root = tmp_path_factory.mktemp("students") / "home"
    shutil.copytree(template, root)
    home = Home.at(root)
    for district in ("alder", "birch", "cedar", "dogwood"):
        home.add(district)
    cedar = MadeUp(students=12, subgroups={**SUBGROUPS, MEALS: ("free", "paid")}, nsla=[MEALS])
    dogwood = replace(cedar, allows_nsla=True)
    publish_made_up(home, {"alder": MadeUp(also_in={IN_TWO: OAK}), "cedar": cedar, "dogwood": dogwood})
    with portal_running(home.settings, home.registry) as running:
        yield running
    home.close()


@pytest.fixture(scope="module")
def clerk(portal: PortalUnderTest) -> Iterator[httpx.Client]:
    with portal.of_district("alder") as browser:
        yield browser


@pytest.fixture(scope="module")
def of_oak(portal: PortalUnderTest) -> Iterator[httpx.Client]:
    with portal.browser(cookie=portal.person("oak@alder.example", Role.SCHOOL, "alder", [OAK])) as browser:
        yield browser


def _csv(browser: httpx.Client, path: str) -> list[dict[str, str]]:
    answer = browser.get(f"{path}{'&' if '?' in path else '?'}format=csv")
    assert answer.status_code == 200, (path, answer.status_code)
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _shown(browser: httpx.Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.text.partition("<main")[2]


def _named(page: str) -> list[str]:
    """The IDs of students whose pages are linked."""
    return re.findall(rf'href="{AT}/([^"?]+)"', page)


def _events(portal: PortalUnderTest, kind: str) -> list[AuditEvent]:
    with portal.registry.begin() as session:
        return list(session.scalars(sa.select(AuditEvent).filter_by(kind=kind).order_by(AuditEvent.event_id)))


def test_a_list_has_as_many_students_as_the_report_counts(clerk: httpx.Client) -> None:
    for at, place in (("", ""), (f"/schools/{quote(OAK)}", f"&school={quote(OAK)}")):
        for row in _csv(clerk, f"/d/alder/reports{at}"):
            group = f"subgroup={row['subgroup']}&value={quote(row['value'])}{place}"
            students = _csv(clerk, f"{AT}?{group}")
            assert len({student["student_id"] for student in students}) == len(students) == int(row["student_count"])
            means = [float(student["mean_score_pct"]) for student in students if student["mean_score_pct"]]
            assert sum(means) / len(means) == pytest.approx(float(row["mean_score_pct"]))


def test_a_list_of_a_course_has_its_students(clerk: httpx.Client) -> None:
    for course_id in COURSES:
        rows = _csv(clerk, f"/d/alder/reports/schools/{quote(ODD, safe='')}/courses/{quote(course_id, safe='')}")
        everyone = next(row for row in rows if row["subgroup"] == "all_students")
        place = f"school={quote(ODD, safe='')}&course={quote(course_id, safe='')}"
        assert len(_csv(clerk, f"{AT}?{place}")) == int(everyone["student_count"])


def test_pages_hold_every_student_once_and_the_file_holds_all(clerk: httpx.Client) -> None:
    first, second = _shown(clerk, AT), _shown(clerk, f"{AT}?page=2")
    assert (len(_named(first)), len(_named(second))) == (50, 40)
    in_file = [row["student_id"] for row in _csv(clerk, f"{AT}?page=2")]
    assert _named(first) + _named(second) == in_file
    assert "Take all 90 students of this list along" in first
    assert _named(_shown(clerk, f"{AT}?page=99")) == _named(second)


@pytest.mark.parametrize(("sort", "column"), [("name", "family_name"), ("score", "mean_score_pct")])
def test_a_list_is_sorted_over_all_its_pages(clerk: httpx.Client, sort: str, column: str) -> None:
    cells = [row[column] for row in _csv(clerk, f"{AT}?sort={sort}")]
    expected = sorted(cells, key=str.lower) if sort == "name" else sorted(cells, key=lambda cell: -float(cell or -1))
    assert cells == expected


def test_ever_this_year_has_those_who_changed_or_left_and_none_of_the_year_before(clerk: httpx.Client) -> None:
    learners = f"{AT}?subgroup=english_learner&value=yes"
    day = {row["student_id"] for row in _csv(clerk, learners)}
    ever = {row["student_id"]: row for row in _csv(clerk, f"{learners}&membership=ever")}
    changed = {f"s{number}" for number in range(3, 90, 10)}
    assert ever.keys() == day | changed | {"gone"}
    assert "before" not in ever
    assert {row["report"] for row in ever.values()} == {"fct_student_subgroup_history"}
    assert ever["gone"]["valid_from"] == f"{BEGUN}:00"
    assert ever["gone"]["valid_to"] == f"{CHANGED}:00"
    assert all(ever[student]["valid_to"] == "" for student in day)
    assert {row["valid_from"] for row in ever.values() if row["student_id"] in changed & day} == {f"{CHANGED}:00"}
    page = _shown(clerk, f"{learners}&membership=ever")
    assert "at any time since July 1, 2026" in page
    assert "gone (not in the roster any more)" in page
    assert clerk.get(f"{AT}/gone").status_code == 404


def test_now_leaves_out_whose_classes_have_ended(clerk: httpx.Client) -> None:
    """Of the made-up students every fourth has classes until November 1, 2026."""
    assert len(_csv(clerk, f"{AT}?membership=now")) == 90
    for place in (f"school={OAK}", f"school={OAK}&course=course1"):
        day = {row["student_id"] for row in _csv(clerk, f"{AT}?{place}")}
        now = {row["student_id"] for row in _csv(clerk, f"{AT}?{place}&membership=now")}
        assert now == {student for student in day if int(student[1:]) % 4 != 3}
        assert now != day


def test_what_changed_for_a_student_is_a_line_and_in_words(clerk: httpx.Client) -> None:
    page = _shown(clerk, f"{AT}/s3")
    past = page.partition("Over time</h2>")[2].partition("</section>")[0]
    assert past.count('<svg class="timeline"') == 5
    learner = past.partition("English learner</th>")[2].partition("</tr>")[0]
    assert len(re.findall("<rect", learner)) == 2
    said = re.sub(r"<[^>]+>", "", learner)
    assert "Yes from August 20, 2026 until September 24, 2026" in said
    assert "since September 24, 2026" in said


@pytest.mark.parametrize("wrong", ["subgroup=no_such", "subgroup=english_learner&value=x", "school=x", "course=course1"])
def test_a_group_or_place_that_is_not_there_is_not_found(clerk: httpx.Client, wrong: str) -> None:
    assert clerk.get(f"{AT}?{wrong}").status_code == 404


def test_a_student_is_found_by_number_or_the_beginning_of_a_name(clerk: httpx.Client) -> None:
    for sought in ("s17", "Family17, G", "family17 given17", "  GIVEN17 Fam", "Gïven17 Family"):
        assert _named(send_form(clerk, AT, {"sought": sought}).text) == ["s17"], sought
    assert len(_named(send_form(clerk, AT, {"sought": "fam"}).text)) == 50
    assert "Nobody" in send_form(clerk, AT, {"sought": "<b>%_"}).text


def test_people_of_a_school_see_its_students_only(clerk: httpx.Client, of_oak: httpx.Client) -> None:
    led = of_oak.get(f"{AT}?subgroup=english_learner")
    assert (led.status_code, led.headers["location"]) == (303, f"{AT}?subgroup=english_learner&school={OAK}")
    own = {row["student_id"]: row for row in _csv(of_oak, f"{AT}?school={OAK}")}
    assert own.keys() == {row["student_id"] for row in _csv(clerk, f"{AT}?school={OAK}")}
    assert IN_TWO in own
    assert {row["school_names"] for row in own.values()} == {SCHOOLS[OAK]}
    assert of_oak.get(f"{AT}?school={quote(ODD, safe='')}").status_code == 404
    other = next(row["student_id"] for row in _csv(clerk, f"{AT}?school={quote(HIGH)}"))
    assert clerk.get(f"{AT}/{other}").status_code == 200
    assert of_oak.get(f"{AT}/{other}").status_code == of_oak.get(f"{AT}/no-such").status_code == 404
    found = send_form(of_oak, f"{AT}?school={OAK}", {"sought": "fam"}, to=AT).text
    assert set(_named(found)) == own.keys()


def test_people_of_two_schools_see_the_students_of_both_once(portal: PortalUnderTest, clerk: httpx.Client) -> None:
    with portal.browser(cookie=portal.person("both@alder.example", Role.SCHOOL, "alder", [ODD, OAK])) as browser:
        seen = [row["student_id"] for row in _csv(browser, AT)]
        expected = {row["student_id"] for at in (ODD, OAK) for row in _csv(clerk, f"{AT}?school={quote(at, safe='')}")}
        assert (set(seen), len(seen)) == (expected, len(expected))
        named = {row["school_id"] for row in _csv(browser, f"{AT}/{IN_TWO}") if row["school_id"]}
        assert named == {ODD, OAK}
        assert SCHOOLS[HIGH] not in html.unescape(_shown(browser, f"{AT}?page=1"))


def test_an_open_column_is_offered_once_until_it_is_chosen(clerk: httpx.Client) -> None:
    def offered(path: str) -> int:
        return _shown(clerk, path).partition('<ul class="groups">')[2].partition("</ul>")[0].count("subgroup=home_language")

    assert offered(AT) == 1
    assert offered(f"{AT}?subgroup=home_language") == 3


def test_of_a_student_in_two_schools_each_sees_its_own_part(clerk: httpx.Client, of_oak: httpx.Client) -> None:
    whole, part = (_csv(browser, f"{AT}/{IN_TWO}") for browser in (clerk, of_oak))
    schools = [{row["school_id"] for row in rows if row["school_id"]} for rows in (whole, part)]
    assert schools == [{ODD, OAK}, {OAK}]
    values = [[row["value"] for row in rows if row["report"] == "fct_student_subgroup"] for rows in (whole, part)]
    assert values[0] == values[1] != []
    assert SCHOOLS[ODD] not in _shown(of_oak, f"{AT}/{IN_TWO}")
    assert SCHOOLS[ODD] in _shown(clerk, f"{AT}/{IN_TWO}")


def test_a_student_says_where_each_value_came_from(clerk: httpx.Client, of_oak: httpx.Client) -> None:
    page = _shown(clerk, f"{AT}/{IN_TWO}")
    (delivery,) = set(re.findall(r'href="/d/alder/deliveries/([^"]+)"', page))
    assert clerk.get(f"/d/alder/deliveries/{delivery}").status_code == 200
    assert html.unescape(re.findall(r"<h1>([^<]+)</h1>", page)[0]) == "Family0, Given0"
    assert "deliveries/" not in _shown(of_oak, f"{AT}/{IN_TWO}")


def test_who_gets_free_meals_is_counted_and_shown_of_no_student(portal: PortalUnderTest) -> None:
    at = "/d/cedar/reports"
    with portal.of_district("cedar") as browser:
        assert MEALS in {row["subgroup"] for row in _csv(browser, at)}
        assert f"students?subgroup={MEALS}" not in _shown(browser, at)
        assert browser.get(f"{at}/students?subgroup={MEALS}").status_code == 404
        assert browser.get(f"{at}/students?subgroup={MEALS}&value=free&format=csv").status_code == 404
        for path in (f"{at}/students", f"{at}/students/s1"):
            assert "Meal status" not in _shown(browser, path)
            assert MEALS not in str(_csv(browser, path))


def test_a_district_may_allow_meal_status_student_by_student(portal: PortalUnderTest) -> None:
    at = "/d/dogwood/reports"
    with portal.of_district("dogwood") as browser:
        assert browser.get(f"{at}/students?subgroup={MEALS}&value=free").status_code == 200
        assert "Meal status" in _shown(browser, f"{at}/students/s1")


def test_who_sees_no_students_finds_no_such_pages(portal: PortalUnderTest) -> None:
    with portal.browser(cookie=portal.person("sums@alder.example", Role.AGGREGATE, "alder")) as browser:
        assert browser.get(AT).status_code == browser.get(f"{AT}/{IN_TWO}").status_code == 404
    with portal.browser(cookie=portal.person("none@alder.example", Role.SCHOOL, "alder")) as browser:
        assert _named(_shown(browser, AT)) == []
        assert browser.get(f"{AT}/{IN_TWO}").status_code == 404


def test_every_look_and_every_file_is_in_the_audit_log_without_a_name(portal: PortalUnderTest) -> None:
    with portal.browser(cookie=portal.person("curious@alder.example", Role.DISTRICT, "alder")) as browser:
        _shown(browser, f"{AT}?subgroup=english_learner&value=yes")
        _csv(browser, f"{AT}?subgroup=english_learner&value=yes")
        _shown(browser, f"{AT}?subgroup=home_language&page=Family17&membership=Family17")
        send_form(browser, f"{AT}?subgroup=race_ethnicity", {"sought": "Family17"}, to=AT)
        _shown(browser, f"{AT}/s17")
        _csv(browser, f"{AT}/s17")
        _shown(browser, f"{AT}/s18")
    listed = [one.detail for one in _events(portal, "students.listed") if one.actor == "curious@alder.example"]
    viewed = [one.detail for one in _events(portal, "student.viewed") if one.actor == "curious@alder.example"]
    assert [(one["by"], one.get("subgroup"), one.get("format"), one["students"]) for one in listed] == [
        ("list", "english_learner", None, 15), ("list", "english_learner", "csv", 15), ("list", "home_language", None, 18),
        ("list", "race_ethnicity", None, 13), ("search", None, None, 1),
    ]  # fmt: skip
    assert [one.get("format") for one in viewed] == [None, "csv", None]
    assert viewed[0]["student"] == viewed[1]["student"] != viewed[2]["student"]
    assert len({one["snapshot"] for one in listed + viewed}) == 1
    assert "value" not in listed[2], "a text of an open column"
    assert not re.search(r"Family17|Given17|s17\b", str(listed + viewed))


def test_who_looked_at_a_student_is_found_by_the_id(portal: PortalUnderTest) -> None:
    with portal.browser(cookie=portal.person("looks@alder.example", Role.DISTRICT, "alder")) as browser:
        _shown(browser, f"{AT}/s21")
        _shown(browser, f"{AT}/s22")
    shell = Shell(portal.settings.paths.root.parent)
    found = shell.subgroups("audit", "--district", "alder", "--student", "s21", "--json").data
    assert [(one["kind"], one["actor"]) for one in found] == [("student.viewed", "looks@alder.example")]
    shell.subgroups("audit", "--student", "s21").refuses("add --district", status=USED_WRONGLY)


def test_a_district_without_published_rows_says_when_they_come(portal: PortalUnderTest) -> None:
    with portal.of_district("birch") as browser:
        assert "Nothing of this district has been published yet" in _shown(browser, "/d/birch/reports/students")
        assert browser.get("/d/birch/reports/students/s1").status_code == 404
