"""The recipes of docs/for-districts.md: what is proposed from each sample are the settings, and they read it to these values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subgroup_pipeline.districts.district_file import Subgroups, parse_district
from tests.proposal.conftest import Propose, as_applied
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in

RECIPES = Path(__file__).parent / "recipes"
SYSTEMS = sorted(folder.name for folder in RECIPES.iterdir())
HEAD = "district: {0}\nname: Made-up\ntimezone: UTC\nas_of: 2026-10-01\nguards: {{first_delivery: accept}}\n"
STUDENTS = 7
EL, SWD, ECO = "english_learner", "students_with_disabilities", "economically_disadvantaged"
RACE, HOME, S504 = "race_ethnicity", "home_language", "section_504"
EXPECTED: dict[str, dict[str, str]] = {
    "powerschool": {
        "gender": "female male female male nonbinary female male",
        RACE: "hispanic_or_latino white black_or_african_american asian two_or_more_races american_indian_or_alaska_native "
        "native_hawaiian_or_other_pacific_islander",
        ECO: "free paid reduced free reduced exempt paid",
        EL: "yes no no yes no no no",
        SWD: "no no yes yes no no no",
        S504: "no no no no yes no no",
        HOME: "Spanish English English Vietnamese not_reported English English",
    },
    "infinite_campus": {
        "gender": "female male female male female male male",
        RACE: "hispanic_or_latino white black_or_african_american asian two_or_more_races american_indian_or_alaska_native "
        "native_hawaiian_or_other_pacific_islander",
        EL: "yes no no yes no no no",
        SWD: "no no yes yes no no no",
        ECO: "free paid reduced free not_reported paid paid",
        "homeless": "no no no yes no no no",
        HOME: "Spanish English English Hmong not_reported English English",
    },
    "skyward": {
        EL: "yes no no yes no no no",
        SWD: "no no yes no no not_reported no",
        S504: "no no no yes no no no",
        ECO: "free paid reduced free paid not_reported paid",
        "migrant": "no no no yes no no no",
        "gifted": "no yes no no no no no",
        RACE: "hispanic_or_latino white black_or_african_american asian two_or_more_races white "
        "native_hawaiian_or_other_pacific_islander",
    },
    "aeries": {
        EL: "yes english_only reclassified initially_fluent english_only to_be_determined english_only",
        HOME: "01 00 01 02 00 not_reported 00",
        ECO: "free paid reduced paid free not_reported paid",
        SWD: "no no yes no yes no no",
        "foster": "no no no no yes no no",
        "homeless": "no no no no no yes no",
    },
    "clever": {
        "gender": "female male female nonbinary female male male",
        RACE: "white asian black_or_african_american asian two_or_more_races american_indian_or_alaska_native "
        "native_hawaiian_or_other_pacific_islander",
        "hispanic_or_latino": "yes no no no no no no",
        HOME: "Spanish English English Vietnamese English not_reported English",
        EL: "yes no no yes no no no",
        ECO: "free paid reduced free not_reported paid paid",
        SWD: "no no yes no no not_reported no",
    },
    "classlink": {
        EL: "yes no no yes no no no",
        SWD: "no no yes no no yes no",
        S504: "no no no yes no no no",
        ECO: "free paid reduced free not_reported paid paid",
        HOME: "Spanish English English Arabic not_reported English English",
    },
}
"""By system and subgroup the values of the students s000, s001, and so on."""


def _sample(system: str) -> str:
    return (RECIPES / system / "sample.csv").read_text()


def _settings(system: str) -> str:
    return HEAD.format(system) + (RECIPES / system / "subgroups.yml").read_text()


def _meanings(subgroups: Subgroups | None) -> dict[str, object]:
    """What is read, by column without the prefix of the roster."""
    assert subgroups
    return {name.removeprefix("metadata."): column.model_dump() for name, column in subgroups.columns.items()}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_settings_of_a_recipe_are_what_is_proposed_from_its_sample(proposed: Propose, system: str) -> None:
    made = proposed(_sample(system), small.roster(STUDENTS))
    of_proposal, of_recipe = as_applied(made).subgroups, parse_district(_settings(system)).subgroups
    assert _meanings(of_proposal) == _meanings(of_recipe)
    if system != "classlink":
        assert made.questions == []
        assert of_proposal == of_recipe


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation_in(tmp_path_factory.mktemp("recipes") / "home") as installation:
        for system in SYSTEMS:
            installation.apply(_settings(system))
            if system == "classlink":
                installation.drop(system, "roster", {**small.roster(STUDENTS), "users.csv": _sample(system)})
            else:
                installation.drop(system, "roster", small.roster(STUDENTS))
                installation.drop(system, "subgroups", {"sample.csv": _sample(system)})
        installation.night()
        yield installation


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_sample_is_read_to_these_values(night: Installation, system: str) -> None:
    found: dict[str, list[str]] = {}
    for subgroup, value in night.ask(
        "select subgroup, value from marts.fct_student_subgroup "
        f"where district_id = '{system}' and subgroup <> 'all_students' order by student_id"
    ):
        found.setdefault(subgroup, []).append(value)
    assert {subgroup: " ".join(values) for subgroup, values in found.items()} == EXPECTED[system]
