"""dbt's documentation of the models: one page under `/docs/data` that shows them and loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.build import parsed_project
from subgroup_pipeline.build.dbt import prepared_manifest
from subgroup_pipeline.build.dbt_docs import dbt_docs
from subgroup_pipeline.home import Home as Places
from subgroup_pipeline.portal.page import COOKIE
from tests.support.browser import chromium
from tests.support.home import Home
from tests.support.portal import PortalUnderTest, portal_running


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalUnderTest]:
    home = Home.at(tmp_path_factory.mktemp("dbt_docs"))
    prepared_manifest(home.settings)  # as the start of Dagster does, where the environment has none of these models
    with portal_running(home.settings, home.registry) as portal:
        yield portal


def test_its_scripts_are_the_only_ones_that_may_run(portal: PortalUnderTest) -> None:
    with portal.staff() as staff:
        page = staff.get("/docs/data")
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert page.text.count("<script ") == policy.count("'sha256-") == 1
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "INLINE DATA" not in page.text
    for said in ("rpt_school_subgroup", "Sums over schools may exceed the district."):
        assert said in page.text


def test_a_project_that_nobody_parsed_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed_project, "PREPARED", tmp_path)
    assert dbt_docs(Places(tmp_path / "home")) is None


@pytest.mark.slow
@pytest.mark.needs_chromium
def test_a_browser_shows_a_model_and_asks_no_other_host(portal: PortalUnderTest) -> None:
    cookie = portal.person("staff@vendor.example", Role.VENDOR)
    asked, faults = [], []
    with chromium() as browser:
        context = browser.new_context(base_url=portal.url)
        context.add_cookies([{"name": COOKIE, "value": cookie, "url": portal.url}])
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        # dbt's page names images by templates that are not filled in yet, so some addresses of images are none.
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" and "img-src" not in said.text else None)
        page.goto("/docs/data#!/model/model.subgroups.rpt_school_subgroup")
        page.get_by_role("heading", name="rpt_school_subgroup").wait_for()
        page.get_by_role("row", name="student_count bigint").wait_for()
        context.close()
    assert {urlsplit(url).hostname for url in asked} == {"127.0.0.1"}
    assert not faults, faults
