"""Subgroups inside the roster that changed much since the roster before: told as for a subgroup file, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from tests.night.roster_sources import RACE_HEADER, YES_NO, roster, settings
from tests.quality.subgroup_world import World
from tests.support.installation import zip_of

STUDENTS = 100
NAMES = [f"s{n:03}" for n in range(STUDENTS)]


def _every(step: int, one: str = "Y", other: str = "N", students: int = STUDENTS) -> dict[int, str]:
    return {n: one if n % step == 0 else other for n in range(students)}


def _metadata(**columns: Mapping[int, str]) -> dict[str, str]:
    return roster({f"metadata.{name}": cells for name, cells in columns.items()}, students=STUDENTS)


def _demographics(sex: Mapping[int, str], white: int) -> dict[str, str]:
    """Cells of `sex` by student; so many students, the first ones, are white and the others Asian."""
    rows = [
        f"{name},,,,{sex.get(n, '')},,{'' if n < white else 'true'},,,{'true' if n < white else ''},,"
        for n, name in enumerate(NAMES)
    ]
    return roster(None, [RACE_HEADER, *rows], students=STUDENTS)


@dataclass(frozen=True)
class Case:
    """Two rosters of a district, and codes with file, column and count of the second; `says` stands in their words."""

    yaml: str
    before: dict[str, str]
    after: dict[str, str]
    found: list[tuple[str, str, str, int | None]] = field(default_factory=list)
    says: str = ""


def _district(name: str, sources: str = "[roster_metadata]", **columns: str) -> str:
    return settings(name, sources, **columns)


SEX = {n: "male" if n % 2 else "female" for n in range(STUDENTS)}
CASES = {
    "same": Case(_district("same", ell=YES_NO), _metadata(ell=_every(4)), _metadata(ell=_every(4))),
    "doubled": Case(
        _district("doubled", ell=YES_NO), _metadata(ell=_every(4)), _metadata(ELL=_every(2)),
        [("SUB540", "users.csv", "metadata.ELL", 25)], "`Y`: 25 of 100 rows before, 50 of 100 now"),
    "few": Case(_district("few", ell=YES_NO), _metadata(ell=_every(10)), _metadata(ell=_every(4))),
    "vanished": Case(
        _district("vanished", ell=YES_NO), _metadata(ell=_every(4)), _metadata(ell=_every(1)),
        [("SUB541", "users.csv", "metadata.ell", 75)], "`N`: 75 of 100 rows before, 0 of 100 now"),
    "blank": Case(
        _district("blank", ell=YES_NO), _metadata(ell=_every(4)),
        _metadata(ell={n: cell for n, cell in _every(4).items() if n < 60}),
        [("SUB547", "users.csv", "metadata.ell", 40)], "0 of 100 rows before, 40 of 100 now"),
    "blank_word": Case(
        _district("blank_word", lang="open: true"), _metadata(lang=_every(2, "Twi", "NULL")),
        _metadata(lang=_every(2, "Twi", "NULL")), [("SUB549", "users.csv", "metadata.lang", 50)], "Here: `NULL` (50)."),
    "open": Case(
        _district("open", lang="open: true"), _metadata(lang=_every(2, "Twi", "Hmong")), _metadata(lang=_every(2, "TW", "Hmong")),
        [("SUB542", "users.csv", "metadata.lang", 50)]),
    "sexes": Case(
        _district("sexes", "[demographics]", sex="from: demographics.sex"), _demographics(SEX, 50),
        _demographics({n: "female" if n < 90 else "male" for n in range(STUDENTS)}, 50),
        [("SUB540", "demographics.csv", "sex", 40)], "`female`: 50 of 100 rows before, 90 of 100 now, and 1 more"),
    "races": Case(
        _district("races", "[demographics]", race="from: demographics.race_ethnicity"), _demographics(SEX, 30),
        _demographics(SEX, 80),
        [("SUB540", "demographics.csv", "race_ethnicity", 50)], "`white`: 30 of 100 rows before, 80 of 100 now"),
}  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, dict[str, str]]:
    """All districts sent their first rosters in one run and their second ones in the next; gives the second ones."""
    world = World.at(tmp_path_factory.mktemp("drift") / "home")
    deliveries = {}
    for name, case in CASES.items():
        world.apply(case.yaml)
        world.deliver("roster", {"roster.zip": zip_of(case.before)}, name)
    world.judge()
    for name, case in CASES.items():
        deliveries[name] = world.deliver("roster", {"roster.zip": zip_of(case.after)}, name)
    world.judge()
    return world, deliveries


@pytest.mark.parametrize("name", CASES)
def test_a_subgroup_of_the_roster_that_changed_much_is_told(judged: tuple[World, dict[str, str]], name: str) -> None:
    world, deliveries = judged
    findings = world.findings(deliveries[name])
    told = [one for one in findings.values() if one.code.startswith("SUB")]
    assert [(one.code, one.file, one.column, one.count) for one in told] == CASES[name].found
    assert all(CASES[name].says in one.message and one.line == (None if one.code == "SUB549" else 1) for one in told)
    is_held = any(one.severity == "hold" for one in told)
    assert world.delivery(deliveries[name]).state == ("held" if is_held else "accepted")
