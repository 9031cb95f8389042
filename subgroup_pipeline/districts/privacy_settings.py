"""The section `privacy` of a district's YAML: which groups a shared report may show, and when new numbers come out."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from subgroup_pipeline.districts.privacy_profiles import PROFILES, Profile, ProfileName, Zero, profile
from subgroup_pipeline.districts.settings_part import Part

ReleaseRhythm = Literal["monthly", "count_day", "nightly"]
COUNT_DAY = "10-01"
"""Month and day on which most states count students."""
_NO_LEAP_YEAR = 2027


class Privacy(Part):
    """What a published aggregate may show. The profile gives what is not set; nothing may be set below it."""

    profile: ProfileName = "custom"
    minimum_count: Annotated[int, Field(ge=1, le=100)] = 10
    zero: Zero = "show"
    release: ReleaseRhythm = "monthly"
    count_day: str | None = None
    public_page: bool = False
    """Whether everybody may see the released numbers at `/p/<district>`."""

    @model_validator(mode="before")
    @classmethod
    def _of_profile(cls, given: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        """Take from the profile what the district did not set."""
        if not isinstance(given, dict) or (name := given.get("profile", "custom")) not in PROFILES:
            return given
        of_profile = profile(name)
        return {"minimum_count": of_profile.minimum, "zero": of_profile.zero} | given

    @field_validator("count_day")
    @classmethod
    def _month_and_day(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            date.fromisoformat(f"{_NO_LEAP_YEAR}-{value}" if re.fullmatch(r"[0-9]{2}-[0-9]{2}", value) else "")
        except ValueError as error:
            raise ValueError(f"write month and day as {COUNT_DAY}, a day that every year has") from error
        return value

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.count_day is not None and self.release != "count_day":
            raise ValueError(
                f"`count_day: {self.count_day}` needs `release: count_day`, and here it is `release: {self.release}`; "
                "take one of them out"
            )
        named = self.rules
        if self.profile != "custom" and self.minimum_count < named.minimum:
            raise ValueError(
                f"`profile: {self.profile}` hides groups below {named.minimum}; allowed: `minimum_count: {named.minimum}` "
                "or more, or `profile: custom`"
            )
        if self.profile != "custom" and (self.zero, named.zero) == ("show", "hide"):
            raise ValueError(f"`profile: {self.profile}` hides empty groups; allowed: `zero: hide`, or `profile: custom`")
        return self

    @property
    def rules(self) -> Profile:
        """The profile that the district named."""
        return profile(self.profile)

    @property
    def counted_on(self) -> tuple[int, int]:
        """Month and day of the count day."""
        month, day = (self.count_day or COUNT_DAY).split("-")
        return int(month), int(day)
