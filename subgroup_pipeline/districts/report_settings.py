"""The section `reports` of a district's YAML: performance bands, pairs of subgroups, and what pages about students may show."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from subgroup_pipeline.districts.settings_part import Part

if TYPE_CHECKING:
    from subgroup_pipeline.districts.subgroup_settings import Subgroups

PAIRED_BY_DEFAULT = 8
"""Subgroups whose pairs are counted where the settings name none: 28 pairs, so that tables do not grow with the square."""
_TWO = 2
_BAND_NAME = re.compile(r"^[a-z][a-z0-9_]{0,60}$")

Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Pair = tuple[str, str]


class Reports(Part):
    """What the reports have beyond counts and means."""

    bands: dict[str, Percent] = Field(default_factory=dict, description="lowest percent of each band, the lowest band first")
    pairs: tuple[Pair, ...] | None = Field(None, description="subgroups that are crossed; without it, those of the first ones")
    nsla_student_level: bool = Field(False, description="whether pages about students show subgroups of sensitivity nsla")

    @field_validator("bands")
    @classmethod
    def _named_and_ascending(cls, value: dict[str, float]) -> dict[str, float]:
        if wrong := [name for name in value if not _BAND_NAME.fullmatch(name)]:
            raise ValueError(f"a band is named in lower case with _, for example near_standard, and not {wrong[0]}")
        for (lower, floor), (higher, next_floor) in pairwise(value.items()):
            if next_floor <= floor:
                raise ValueError(f"bands stand from the lowest to the highest percent; {higher} does not begin above {lower}")
        return value

    @field_validator("pairs", mode="before")
    @classmethod
    def _lists_of_two(cls, value: object) -> object:
        given = value if isinstance(value, (list, tuple)) else [value]
        if value is not None and not all(isinstance(pair, (list, tuple)) and len(pair) == _TWO for pair in given):
            raise ValueError("write pairs as [[english_learner, homeless], [english_learner, migrant]], two subgroups in each")
        return value

    @field_validator("pairs")
    @classmethod
    def _two_and_once(cls, value: tuple[Pair, ...] | None) -> tuple[Pair, ...] | None:
        seen: set[frozenset[str]] = set()
        for one, other in value or ():
            if one == other:
                raise ValueError(f"a pair is of two subgroups; {one} stands beside itself")
            if frozenset((one, other)) in seen:
                raise ValueError(f"the pair of {one} and {other} is given twice (its order does not count)")
            seen.add(frozenset((one, other)))
        return value


def closed_subgroups(subgroups: Subgroups | None) -> list[str]:
    """Subgroups whose values are all known, in the order of the settings. An open one has too many values to cross."""
    return [column.subgroup for column in subgroups.columns.values() if not column.open] if subgroups else []


def pairs_of(reports: Reports, subgroups: Subgroups | None) -> tuple[Pair, ...]:
    """The pairs of subgroups that are counted, each once: those of the settings, else all of the first closed subgroups."""
    if reports.pairs is not None:
        return reports.pairs
    return tuple(combinations(closed_subgroups(subgroups)[:PAIRED_BY_DEFAULT], 2))


def check_pairs(reports: Reports, subgroups: Subgroups | None) -> None:
    """Raises ValidationError, at the place of the pair, for one that names what is no closed subgroup of the district."""
    closed = closed_subgroups(subgroups)
    faults = [
        InitErrorDetails(
            type=PydanticCustomError(
                "no_closed_subgroup",
                "{name} is no subgroup with known values; allowed: {allowed}",
                {"name": name, "allowed": ", ".join(closed) or "none, since the district has no such subgroup"},
            ),
            loc=("pairs", number),
            input=pair,
        )
        for number, pair in enumerate(reports.pairs or ())
        for name in pair
        if name not in closed
    ]
    if faults:
        raise ValidationError.from_exception_data("pairs", faults)
