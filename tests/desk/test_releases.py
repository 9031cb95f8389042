"""Releases as staff see them: what is out, what a new one would hide, and asking for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

import pytest
from typer.testing import CliRunner

from subgroup_pipeline.cli.main import app
from subgroup_pipeline.desk.releases import list_releases, preview, release_now
from subgroup_pipeline.disclosure.worlds import WIDTH
from subgroup_pipeline.errors import PublishError, UnknownDistrictError
from tests.support.home import Home
from tests.support.published_marts import MadeUp, publish_made_up


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = Home.at(tmp_path_factory.mktemp("releases") / "home")
    home.add("alpha")
    home.add("idle")
    publish_made_up(home, {"alpha": MadeUp(students=150, months=2)})
    yield home
    home.close()


def test_a_preview_counts_what_the_release_shows_and_names_every_reason(home: Home) -> None:
    found = preview(home.registry, home.settings, "alpha")
    assert found.shown + found.hidden == len(found.cells)
    assert sum(found.reasons.values()) == found.hidden > 0
    assert all(cell.hidden == (cell.reason is not None) for cell in found.cells)
    # Nothing was built since the release that is shown, so a new one would hide the same.
    assert [cell for cell in found.cells if cell.hidden != cell.was_hidden] == []
    places = [cell for cell in found.cells if cell.month is None and cell.with_value is None]
    (listed,) = list_releases(home.settings)
    assert (listed.shown, listed.hidden) == (sum(not c.hidden for c in places), sum(c.hidden for c in places))


def test_a_preview_says_what_room_is_left_in_all_months_together(home: Home) -> None:
    """The keys of two months alternate in one program; mixed up, the program had no solution, or proved nothing."""
    found = preview(home.registry, home.settings, "alpha")
    assert {cell.month is None for cell in found.cells} == {True, False}
    assert found.narrowest is not None
    assert (found.narrowest >= WIDTH, found.too_narrow) == (True, 0)


def test_a_correction_is_a_release_of_its_own(home: Home) -> None:
    (before,) = list_releases(home.settings, "alpha")
    made = release_now(home.registry, home.settings, "alpha", by="Ana", reason="wrong roster")
    assert made.release_id > before.release_id
    assert (made.shown, made.hidden) == (before.shown, before.hidden)
    assert made.released_at is not None
    assert before.released_at is not None
    assert datetime.fromisoformat(made.released_at) > datetime.fromisoformat(before.released_at)
    with pytest.raises(PublishError, match="nothing is published of idle"):
        release_now(home.registry, home.settings, "idle", by="Ana", reason="early")
    with pytest.raises(UnknownDistrictError):
        preview(home.registry, home.settings, "nobody")


def test_the_command_line_prints_it(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(home.settings.paths.root))
    listed = json.loads(CliRunner().invoke(app, ["release", "list", "--json"]).stdout)
    assert [(one["district_id"], one["minimum_count"]) for one in listed] == [("alpha", 10)]
    shown = CliRunner().invoke(app, ["release", "preview", "alpha"]).stdout
    assert f"{listed[0]['hidden']}" in CliRunner().invoke(app, ["release", "list"]).stdout
    assert "counts would be shown" in shown
    assert "primary" in shown
