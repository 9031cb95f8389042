"""Every page of the reports stands in dbt's exposures with the models it reads, so that a changed model names its readers."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from ruamel.yaml import YAML

from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows
from subgroup_pipeline.portal.app import PAGES
from subgroup_pipeline.publish.mart_tables import mart_tables
from subgroup_pipeline.settings import bundled
from tests.support.home import Home
from tests.support.portal import portal_running
from tests.support.published_marts import MadeUp, publish_made_up
from tests.support.wrapped import wrapped

REPORTS = "/d/{district_id}/reports"
SCHOOLS, COURSES = {"elm": "Elm School", "oak": "Oak School"}, {"reading": "Reading"}


def _exposures() -> dict[str, set[str]]:
    """Models by the address of the page that reads them, or else by the reader's name."""
    text = (bundled("dbt_project") / "models" / "exposures.yml").read_text(encoding="utf-8")
    found = YAML(typ="safe", pure=True).load(text)["exposures"]
    return {
        one["config"]["meta"]["page"] if one["type"] == "dashboard" else one["name"]: {
            re.sub(r"ref\('(\w+)'\)", r"\1", model) for model in one["depends_on"]
        }
        for one in found
    }


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """The tables of the schema `marts` that each page reads, whatever link of the reports leads there."""
    home = Home.at(tmp_path_factory.mktemp("exposures"))
    home.add("alder")
    publish_made_up(home, {"alder": MadeUp(schools=SCHOOLS, courses=COURSES, students=20)})
    tables: dict[str, set[str]] = defaultdict(set)
    asked: set[Hashable] = set()
    waiting = ["/d/alder/reports", "/d/alder/reports/students"]

    def around(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as wrapped
        tables[page].update(re.findall(r"\bmarts\.(\w+)", args[2]))
        return real(*args, **kwargs)

    with (
        portal_running(home.settings, home.registry) as portal,
        portal.staff() as staff,
        wrapped(ShownRows.rows, around),
        wrapped(ShownRows.kept, around),
    ):
        while waiting:
            address = urlsplit(html.unescape(waiting.pop()))
            page = next(page for page in _report_pages() if re.fullmatch(re.sub(r"{\w+}", "[^/]+", page), address.path))
            query = dict(parse_qsl(address.query))
            if (alike := (page, query.get("view"), *sorted(query))) in asked or "format" in query:
                continue
            asked.add(alike)
            answer = staff.get(address.geturl())
            assert answer.status_code == 200, address
            waiting += re.findall(r'href="(/d/alder/reports[^"#]*)"', answer.text)
    home.close()
    return tables


def _report_pages() -> list[str]:
    return [page.path for page in PAGES if page.path.startswith(REPORTS) and page.get]


def test_every_page_is_an_exposure() -> None:
    assert {name for name in _exposures() if name.startswith("/")} == set(_report_pages())


@pytest.mark.parametrize("reader", ["analysts", "district_files", "bi_tools"])
def test_every_published_model_has_readers(reader: str) -> None:
    assert _exposures()[reader] == {table.name for table in mart_tables()}


def test_every_model_that_a_page_reads_is_in_its_exposure(read: Mapping[str, set[str]]) -> None:
    exposures = _exposures()
    assert read.keys() == set(_report_pages()), "a page has no link to it"
    lacking = {page: sorted(models - exposures[page]) for page, models in read.items() if models - exposures[page]}
    assert not lacking, "dbt_project/models/exposures.yml does not name what these pages read"
