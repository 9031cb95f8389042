"""Where the values of a subgroup come from: the subgroup file, `metadata.*` columns of the roster, or demographics.csv.

The words of `sources` and `from` in a district's YAML, the columns of demographics.csv that can be a subgroup, and the
texts that OneRoster gives them. How rows are read from there belongs to the models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator

from subgroup_pipeline.districts.header_name import canonical


def _source_word(word: object) -> object:
    """`file` for the word that settings had for it before the first release; registered districts still have it stored."""
    return "file" if word == "sftp" else word


Source = Annotated[Literal["file", "roster_metadata", "demographics"], BeforeValidator(_source_word)]

RACES = {
    "americanIndianOrAlaskaNative": "american_indian_or_alaska_native",
    "asian": "asian",
    "blackOrAfricanAmerican": "black_or_african_american",
    "nativeHawaiianOrOtherPacificIslander": "native_hawaiian_or_other_pacific_islander",
    "white": "white",
}
RACE_FLAGS = ("hispanicOrLatinoEthnicity", "demographicRaceTwoOrMoreRaces", *RACES)
RACE_ETHNICITY = "race_ethnicity"
"""The federal roll-up of the flags: Hispanic/Latino wins, then two or more races, then the single race."""

_YES_NO = {"true": "yes", "false": "no"}
VOCABULARY: dict[str, dict[str, str]] = {
    "sex": {"female": "female", "male": "male"},
    RACE_ETHNICITY: {value: value for value in ("hispanic_or_latino", *RACES.values(), "two_or_more_races")},
    **dict.fromkeys(RACE_FLAGS, _YES_NO),
}
"""What the cells of demographics.csv mean where OneRoster says so; settings need no `values` for these."""
DEMOGRAPHICS = (
    *VOCABULARY,
    "countryOfBirthCode",
    "stateOfBirthAbbreviation",
    "cityOfBirth",
    "publicSchoolResidenceStatus",
)
ALLOWED = (
    "allowed: file (the subgroup file), metadata.<name> (a metadata column of users.csv or demographics.csv), or "
    f"demographics.<column> with one of {', '.join(DEMOGRAPHICS)}"
)

_SPELLED = {canonical(column): column for column in DEMOGRAPHICS}


@dataclass(frozen=True)
class SubgroupPlace:
    """One column in one source. `column` is what a clerk sees: `ell`, `metadata.ell`, `demographics.sex`."""

    source: Source
    column: str

    @property
    def vocabulary(self) -> dict[str, str]:
        """What its cells mean by the standard; empty where the standard says nothing."""
        return VOCABULARY.get(self.column.removeprefix("demographics."), {}) if self.source == "demographics" else {}


def roster_place(name: str) -> SubgroupPlace | None:
    """The place that `metadata.<name>` or `demographics.<column>` names, in any case; None for any other word."""
    prefix, _, column = canonical(name).partition(".")
    if prefix == "metadata" and column:
        return SubgroupPlace("roster_metadata", f"metadata.{column}")
    if prefix == "demographics" and column in _SPELLED:
        return SubgroupPlace("demographics", f"demographics.{_SPELLED[column]}")
    return None


def named_place(name: str) -> SubgroupPlace:
    """The place that a word of `from` names; a subgroup file's column is named by its own key. Raises ValueError."""
    place = SubgroupPlace("file", "") if _source_word(canonical(name)) == "file" else roster_place(name)
    if place is None:
        raise ValueError(ALLOWED)
    return place
