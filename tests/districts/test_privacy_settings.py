"""What a district sets about numbers that are shared, and the rules of agencies that it may name."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.privacy_profiles import PROFILES, profile
from tests.districts.beginnings import HEAD


@pytest.mark.parametrize(
    ("written", "minimum", "zero"),
    [
        ("{}", 10, "show"),
        ("{minimum_count: 3}", 3, "show"),
        ("{profile: texas}", 5, "show"),
        ("{profile: texas, minimum_count: 12, zero: hide}", 12, "hide"),
        ("{profile: nces}", 10, "hide"),
    ],
)
def test_the_profile_gives_what_is_not_set(written: str, minimum: int, zero: str) -> None:
    settings = parse_district(HEAD + f"privacy: {written}\n")
    assert (settings.privacy.minimum_count, settings.privacy.zero) == (minimum, zero)
    assert parse_district(HEAD).privacy == parse_district(HEAD + "privacy: {profile: custom}\n").privacy


def test_settings_that_were_kept_are_read_as_they_were() -> None:
    settings = parse_district(HEAD + "privacy: {profile: nces, release: count_day}\n")
    assert type(settings).model_validate(settings.model_dump(mode="json")) == settings
    assert settings.privacy.counted_on == (10, 1)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_says_where_it_comes_from_and_what_of_it_was_not_verified(name: str) -> None:
    found = profile(name)  # type: ignore[arg-type]
    assert found.source
    assert bool(found.unverified) == (found.verified == "in part")
    assert found.edges[-1].from_ == 0
    assert [edge.from_ for edge in found.edges] == sorted((edge.from_ for edge in found.edges), reverse=True)
