"""An erasure or an offboarding that is killed: the same command again leaves nothing behind, wherever the kill came."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.orchestration.instance import open_instance
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.upkeep.proof import prove_all
from tests.support import small_district as small
from tests.support.home import Home
from tests.support.installation import zip_of
from tests.support.published_marts import MadeUp, publish_made_up
from tests.support.traces import traces

pytestmark = pytest.mark.slow

KILLS = 6
BY_NUMBER = {"matches: users.sourcedId": "matches: users.identifier"}
ERASE = ("student", "erase", "s5", "--district", "alpha", "--by", "test", "--reason", "asked")
OFFBOARD = ("district", "offboard", "alpha", "--by", "test")
STUDENT = r"\bs5\b|Given5\b|Family5\b|\bns5\b|\buser5\b"
DISTRICT = r"Zqmail|\bn?s(?:[6-9]|[12]\d)\b|Given(?:[6-9]|[12]\d)\b|Family(?:[6-9]|[12]\d)\b"
"""Beta has students up to number 4 only."""
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two districts: landed, published and released, with reports and rows behind findings."""
    root = tmp_path_factory.mktemp("killed") / "home"
    home = Home.at(root, memory_limit="1GB")
    home.add("alpha", "contacts: [Zqmail1@alpha.example]\n", **BY_NUMBER)
    home.add("beta", **BY_NUMBER)
    for district, students in (("alpha", 12), ("beta", 5)):
        roster = {name: _ids_of(text) for name, text in small.roster(students).items()}
        home.deliver("roster", {"roster.zip": zip_of(roster)}, district)
        home.deliver("subgroups", {"s.csv": _ids_of(small.subgroups(students)).replace("\ns", "\nns")}, district)
    home.land()
    made_up = {name: MadeUp(students=students, numbers="n", months=1) for name, students in (("alpha", 30), ("beta", 5))}
    publish_made_up(home, made_up)
    report = home.settings.paths.reports / "alpha"
    report.mkdir(parents=True)
    (report / "one.csv").write_text("SUB503,s.csv,7,ns5\nSUB503,s.csv,8,s6\n")
    with open_instance(home.settings):
        pass
    home.close()
    return root


def _ids_of(text: str) -> str:
    """IDs as the made-up marts have them: `s005` is `s5`, and its number `ns5`."""
    return re.sub(r"\bs0*(\d+),", r"s\1,", re.sub(r"\b0000?(\d+)\b", r"ns\1", text))


def _subgroups(home: Path, nth: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("SUBGROUPS_", "DAGSTER_", "DBT_"))}
    command = [sys.executable, "-m", "tests.upkeep.dying", str(nth), *arguments]
    environment = mine | {"SUBGROUPS_HOME": str(home), "SUBGROUPS_MEMORY_LIMIT": "1GB"}
    return subprocess.run(command, env=environment, cwd=_ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("command", "pattern"), [(ERASE, STUDENT), (OFFBOARD, DISTRICT)], ids=["erase", "offboard"])
def test_wherever_the_kill_comes_the_same_command_again_leaves_nothing(
    kept: Path, tmp_path: Path, command: tuple[str, ...], pattern: str
) -> None:
    shutil.copytree(kept, tmp_path / "whole", symlinks=True)
    whole = _subgroups(tmp_path / "whole", 0, *command)
    assert whole.returncode == 0, whole.stderr
    things = int(whole.stderr.split()[-1])
    for kill in range(KILLS):
        nth = 1 + (things - 4) * kill // (KILLS - 1)
        home = tmp_path / f"kill{nth}"
        shutil.copytree(kept, home, symlinks=True)
        assert _subgroups(home, nth, *command).returncode == -signal.SIGKILL, f"kill {nth} of {things}"
        again = _subgroups(home, 0, *command)
        assert again.returncode == 0, f"after kill {nth} of {things}: {again.stderr}"
        _nothing_is_left(home, pattern, f"after kill {nth} of {things}")
        shutil.rmtree(home)


def _nothing_is_left(root: Path, pattern: str, when: str) -> None:
    home = Home.at(root, memory_limit="1GB")
    try:
        assert traces(home.settings, pattern) == {}, when
        assert prove_all(home.registry, home.settings, run_id="test").damage == [], when
        with home.registry.begin() as session:
            kinds = session.scalars(sa.select(AuditEvent.kind).where(AuditEvent.district_id == "alpha")).all()
        assert {"student.erased", "district.offboarded"} & set(kinds), when
        manifest = read_manifest(home.settings)
        assert manifest is not None, when
        assert "beta" in manifest.districts, when
        if "district.offboarded" in kinds:
            assert "alpha" not in manifest.districts, when
            assert not Keyring(home.settings.paths).has_key("alpha"), when
    finally:
        home.close()
