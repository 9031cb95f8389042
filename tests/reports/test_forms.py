"""The three forms: nothing of a value escapes its place, whatever a district's file holds."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.landing.failing_rows import FailingRow
from subgroup_pipeline.reports.csv_table import BOM, COLUMNS, as_csv
from subgroup_pipeline.reports.forms import as_json
from subgroup_pipeline.reports.html_page import ROWS_OF_A_PROBLEM, as_html
from subgroup_pipeline.reports.report import Contact, Report
from tests.reports.made_up import finding, problems, report, row

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text(encoding="utf-8"))
)
NASTY = st.one_of(
    st.text(max_size=30),
    st.sampled_from([
        "<script>alert(1)</script>", '"><img src=x onerror=y>', "</td></table>", "{{ 7 * 7 }}", "&amp;", "=1+1", "+1", "-1",
        "@SUM(A1)",
        "\t=1", "\r=1", "\0=1", '"', "a,b", "a\r\nb", "'=1", "\ufeff=1",
    ]),
)  # fmt: skip


class _Page(HTMLParser):
    """Tags with their attributes, and the text of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _with(value: str) -> Report:
    """A report that has a value everywhere a district's file can put one."""
    found = finding(1, "SUB503", file=value, column=value, count=1, lines=[2], message=value)
    return report(
        district_name=value,
        problems=problems(found),
        rows=[row(file=value, column=value, row_key=value, value=value, message=value)],
    )


PLAIN_TAGS = [tag for tag, _ in _Page(as_html(_with("x"))).tags]


@settings(deadline=None, max_examples=60)
@given(value=NASTY)
def test_no_value_adds_a_tag_or_an_attribute_to_the_page(value: str) -> None:
    page = _Page(as_html(_with(value or "x")))
    without_blank_places = [tag for tag in PLAIN_TAGS if tag != "code"]
    assert [tag for tag, _ in page.tags if tag != "code"] == without_blank_places
    assert all(set(attributes) <= {*_ATTRIBUTES} for _, attributes in page.tags)


_ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "class", "href", "id", "aria-labelledby", "aria-hidden", "tabindex",
    "role", "scope",
}  # fmt: skip


@settings(deadline=None, max_examples=60)
@given(value=NASTY)
def test_a_spreadsheet_runs_no_cell_and_every_cell_comes_back(value: str) -> None:
    text = as_csv(_with(value))
    assert text.startswith(BOM)
    header, only = list(csv.reader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert tuple(header) == COLUMNS
    cell = only[COLUMNS.index("row_key")]
    assert cell in {value, f"'{value}"}
    assert not any(one.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0")) for one in only)
    assert re.fullmatch(r'("([^"]|"")*",?)+', text.removeprefix(BOM).replace("\r\n", "", 1).rstrip("\r\n"), re.DOTALL)


@settings(deadline=None, max_examples=60)
@given(value=NASTY)
def test_json_keeps_to_the_published_schema(value: str) -> None:
    said = json.loads(as_json(_with(value)))
    SCHEMA.validate(said)
    assert said["rows"][0]["row_key"] == value


@pytest.mark.parametrize(("key", "value"), [("verdict_in_words", None), ("what_to_do", ["a", "b", "c", "d"]), ("feed", "other")])
def test_the_schema_refuses_what_is_no_report(key: str, value: object) -> None:
    said = json.loads(as_json(report())) | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(said)


def test_a_page_stands_alone_and_can_be_read_by_everybody() -> None:
    html = as_html(_with("x"))
    page = _Page(html)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert not page.all("script")
    assert not page.all("img")
    assert not re.search(r"https?://|url\(|@import", html)
    assert all(attributes.get("scope") == "col" for attributes in page.all("th"))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [str(attributes["href"]) for attributes in page.all("a")]
    assert targets[0] == "#problems", "the skip link comes first"
    assert {target.removeprefix("#") for target in targets} <= {*ids}
    assert {str(a["aria-labelledby"]) for _, a in page.tags if "aria-labelledby" in a} <= {*ids}


def test_colours_stand_out_by_four_and_a_half_to_one() -> None:
    style = as_html(report())
    pairs = re.findall(r"\.level\.\w+ \{ background: (#\w+); color: (#\w+);", style)
    assert len(pairs) == 5
    names = dict(re.findall(r"--(\w+): (#\w+);", style))
    pairs += [(names[ground], names[ink]) for ground in ("paper", "wash") for ink in ("ink", "soft", "link")]
    assert [(ground, ink) for ground, ink in pairs if _contrast(ground, ink) < 4.5] == []


def _contrast(one: str, other: str) -> float:
    """WCAG 2: the relation of two relative luminances."""

    def luminance(colour: str) -> float:
        digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
        parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_page_shows_the_first_rows_of_a_problem_and_says_where_all_are() -> None:
    (problem,) = problems(finding(1, "SUB503", file="subgroups.csv", column="student_id", count=1060))
    rows = [row(line=n, row_key=f"key{n}") for n in range(2, 62)]
    many = report(problems=[problem], rows=rows, rows_not_listed=1000)
    page = as_html(many)
    assert f"The first {ROWS_OF_A_PROBLEM} of 1,060 rows." in page
    assert "lists 60 of them" in page
    assert page.count("<td>key") == ROWS_OF_A_PROBLEM
    assert as_csv(many).count("\r\n") == 1 + 60 + 1
    assert "and 1,000 more rows" in as_csv(many)


def test_one_problem_alone_stands_in_the_card_that_says_what_to_fix() -> None:
    page = as_html(report(problems=problems(finding(1, "SUB514", file="s.csv", column="student_id"))))
    card = page[page.index('id="problems"') :].partition("</section>")[0]
    assert catalogue()["SUB514"].what in card
    assert "s.csv, column student_id" in card


def test_several_columns_with_one_problem_are_one_problem() -> None:
    missing = [finding(n, "HDR001", file="s.csv", column=f"col{n}", lines=[1]) for n in range(1, 5)]
    (problem,) = problems(*missing)
    page = as_html(report(problems=[problem]))
    assert page.count(catalogue()["HDR001"].how_to_fix) == 1
    assert "s.csv, 4 columns (col1, col2, col3 and 1 more)" in page
    assert [place.column for place in problem.places] == ["col1", "col2", "col3", "col4"]
    text = as_csv(report(problems=[problem]))
    assert all(f'"col{n}"' in text for n in range(1, 5))


def test_the_words_that_stand_in_the_cells_are_told_with_how_often_and_where() -> None:
    kept = [FailingRow("SUB506", "s.csv", line, line - 1, "ell", f"id{line}", word) for line, word in
            ((2, "Yess"), (3, "Maybe"), (7, "Yess"), (9, "Yess"), (12, "Yess"))]  # fmt: skip
    (problem,) = problems(finding(1, "SUB506", file="s.csv", column="ell", count=5), kept=kept)
    assert [value.model_dump() for value in problem.places[0].values] == [
        {"text": "Yess", "count": 4, "lines": [2, 7, 9]}, {"text": "Maybe", "count": 1, "lines": [3]},
    ]  # fmt: skip
    page = as_html(report(problems=[problem]))
    assert re.search(r"<code>Yess</code></td><td class=\"number\">4</td><td>2, 7, 9<", page)


def test_names_that_findings_mark_stand_between_quotation_marks() -> None:
    said = f"{catalogue()['HDR001'].what} The nearest header is `student_no`."
    shown = report(problems=problems(finding(1, "HDR001", file="s.csv", column="student_id", message=said)))
    for text in (as_html(shown), as_csv(shown), as_json(shown)):
        assert "The nearest header is “student_no”." in text
        assert "`" not in text


def test_what_a_person_let_through_no_longer_needs_one() -> None:
    held, used = (problems(finding(1, "VOL301", file="users.csv", count=40), state=state) for state in ("held", "published"))
    assert (held[0].level, used[0].level) == ("Needs a person", "Looked at and let through")
    page = as_html(report(problems=used))
    assert "Needs a person" not in page
    assert 'verdict good"' in page


def test_our_address_stands_where_a_text_says_us() -> None:
    us = Contact(name="Ana Lee", mail="ana@example.org", phone="555-0100", in_words="“We” and “us” are Ana Lee.")
    told = problems(finding(1, "VOL301", file="users.csv"), contact=us)
    shown = report(problems=told, contact=us)
    for text in (as_html(shown), as_csv(shown), as_json(shown)):
        assert "tell us (Ana Lee, ana@example.org, 555-0100)" in text
    assert "“We” and “us” are Ana Lee." in as_html(shown)
    assert "tell us and" in problems(finding(1, "VOL301", file="users.csv"))[0].how_to_fix


def test_what_has_no_line_is_in_the_csv_once() -> None:
    absent = finding(1, "SUB507", file="subgroups.csv", count=12)
    text = as_csv(report(problems=problems(absent)))
    assert text.count("SUB507") == 1
    assert "(12)" in text


@pytest.mark.parametrize(("solved", "words"), [(412, "Solved 412 of 415 problem rows"), (415, "All 415 problem rows")])
def test_what_was_solved_is_said(solved: int, words: str) -> None:
    plain = report()
    assert plain.solved is not None
    page = as_html(plain.model_copy(update={"solved": plain.solved.model_copy(update={"solved": solved})}))
    assert f"{words} " in page
    assert "1 is new." in page
