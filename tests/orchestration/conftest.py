"""One night over three districts (one good, one held, one rejected), and its code location."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import pytest

from subgroup_pipeline.orchestration.build import build_defs
from subgroup_pipeline.orchestration.instance import open_instance
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of


@dataclass
class Ran:
    """An installation after its night, that night's run, its Dagster instance and the code location."""

    installation: Installation
    run_id: str
    instance: dg.DagsterInstance
    defs: dg.Definitions


@pytest.fixture(scope="package")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    settings = {"nightly_cron": "04:30", "timezone": "America/Denver"}
    with installation_in(tmp_path_factory.mktemp("orchestration") / "home", **settings) as installation:
        for district in ("fine", "odd", "torn", "quiet"):
            installation.apply(small.settings(district))
        good = small.roster()
        installation.drop("fine", "roster", {"roster.zip": zip_of(good)})
        installation.drop("fine", "subgroups", {"subgroups.csv": small.subgroups()})
        doubled = {**good, "users.csv": good["users.csv"].replace("s003,,", "s002,,")}
        installation.drop("odd", "roster", {"roster.zip": zip_of(doubled)})
        installation.drop("torn", "roster", {"roster.zip": zip_of({**good, "orgs.csv": ""})})
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv("SUBGROUPS_HOME", str(installation.settings.paths.root / "elsewhere"))
            result = installation.night()
        with open_instance(installation.settings) as instance:
            yield Ran(installation, result.run_id, instance, build_defs(installation.settings))
