"""`district new`: a file that is refused until it is filled in, and then applies."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from subgroup_pipeline.cli.main import app
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.errors import SettingsError


@pytest.fixture(autouse=True)
def _directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_what_is_filled_in_applies_and_what_is_not_is_refused_with_its_line() -> None:
    assert CliRunner().invoke(app, ["district", "new", "maple_valley"]).exit_code == 0
    text = Path("maple_valley.yml").read_text()
    with pytest.raises(SettingsError, match=r"maple_valley.yml:\d+: fill in `<America/Chicago>`"):
        parse_district(text, "maple_valley.yml")
    settings = parse_district(re.sub(r"<([\w./]+)>", r"\1", text))
    assert (settings.district, settings.name, settings.timezone) == ("maple_valley", "Maple Valley", "America/Chicago")
    assert settings.subgroups
    assert list(settings.subgroups.columns) == ["ell", "sped", "home_lang"]


def test_it_says_which_roster_files_and_columns_are_needed() -> None:
    text = CliRunner().invoke(app, ["district", "new", "maple_valley", "--stdout"]).stdout
    assert "#   users.csv: sourcedId, enabledUser, orgSourcedIds, role, username, givenName, familyName" in text
    assert "#   demographics.csv (may be left out)" in text
    assert not list(Path().iterdir())


def test_a_file_that_exists_and_a_bad_name_are_left_alone() -> None:
    Path("maple_valley.yml").write_text("mine")
    for name in ("maple_valley", "Maple", "marts"):
        assert CliRunner().invoke(app, ["district", "new", name]).exit_code == 2
    assert Path("maple_valley.yml").read_text() == "mine"
    assert len(list(Path().iterdir())) == 1
