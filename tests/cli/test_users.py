"""`subgroups user`: add, list, remove, and a link that signs in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from subgroup_pipeline.cli.main import app
from tests.support import small_district as small


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("ash.yml").write_text(small.settings("ash"))
    _data("district", "apply", "ash.yml")


def _data(*arguments: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    done = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_person_is_added_changed_listed_and_removed() -> None:
    wanted = {"email": "ann@ash.example", "role": "district", "district_id": "ash", "school_ids": []}
    assert _data("user", "add", "Ann@ash.example", "--role", "district", "--district", "ash") == wanted
    schools = ["--school", "s2", "--school", "s1"]
    changed = _data("user", "add", "ann@ash.example", "--role", "school", "--district", "ash", *schools)
    assert changed == wanted | {"role": "school", "school_ids": ["s1", "s2"]}
    _data("user", "add", "zoe@vendor.example", "--role", "vendor")
    assert [(one["email"], one["role"], one["sign_ins"]) for one in _data("user", "list")] == [
        ("ann@ash.example", "school", 0),
        ("zoe@vendor.example", "vendor", 0),
    ]
    assert [one["email"] for one in _data("user", "list", "--district", "ash")] == ["ann@ash.example"]
    assert _data("user", "remove", "ann@ash.example") == {"email": "ann@ash.example"}
    assert len(_data("user", "list")) == 1


def test_a_link_is_made_from_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    _data("user", "add", "zoe@vendor.example", "--role", "vendor")
    monkeypatch.setenv("SUBGROUPS_PUBLIC_URL", "https://subgroups.example.com/")
    link = _data("user", "link", "Zoe@vendor.example")
    assert link["url"].startswith("https://subgroups.example.com/sign-in/")
    assert link["expires_at"].endswith("Z")
    assert sorted(link) == ["expires_at", "url"]
    done = CliRunner().invoke(app, ["user", "link", "zoe@vendor.example"])
    assert done.stdout.startswith("https://subgroups.example.com/sign-in/")
    assert done.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["add", "x@y.example", "--role", "district"], 1),
        (["add", "x@y.example", "--role", "vendor", "--district", "ash"], 1),
        (["add", "x@y.example", "--role", "district", "--district", "oak"], 1),
        (["add", "x@y.example", "--role", "owner"], 2),
        (["remove", "x@y.example"], 1),
        (["link", "x@y.example"], 1),
    ],
)
def test_what_cannot_be_is_refused(arguments: list[str], status: int) -> None:
    from subgroup_pipeline.cli.output import errors_in_words

    with pytest.raises(SystemExit) as ended, errors_in_words():
        app(["user", *arguments])
    assert ended.value.code == status
