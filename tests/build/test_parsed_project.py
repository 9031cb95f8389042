"""The parsed dbt project is read from where it was kept, and parsed when what is kept is another's or half written."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from subgroup_pipeline.build import __main__ as preparing
from subgroup_pipeline.build import parsed_project
from subgroup_pipeline.build.parsed_project import FOR_DAGSTER, FOR_DBT, project_for_dagster, read_kept
from subgroup_pipeline.home import Home


def test_what_was_kept_serves_every_home_and_half_of_it_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = tmp_path / "environment"
    for module in (preparing, parsed_project):
        monkeypatch.setattr(module, "PREPARED", prepared)
    preparing.main()
    kept = read_kept(prepared, FOR_DBT)
    assert kept

    def parse() -> Manifest:
        parsed.append(True)
        return Manifest.from_msgpack(kept)

    parsed: list[bool] = []
    home = Home(tmp_path / "home")
    whole = project_for_dagster(home, parse)
    assert whole["nodes"]
    assert not home.dbt.exists()
    assert not parsed

    monkeypatch.setattr(parsed_project, "PREPARED", tmp_path / "none")
    assert [project_for_dagster(home, parse)["nodes"] for _ in range(2)] == [whole["nodes"]] * 2
    assert parsed == [True]

    (home.dbt / FOR_DAGSTER).write_bytes(b"{")
    (home.dbt / "parsed_version").unlink()
    assert project_for_dagster(home, parse)["nodes"] == whole["nodes"]
    assert parsed == [True, True]
