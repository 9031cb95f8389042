"""The section `guards` of a district's YAML: limits at which a delivery waits for a person, with their defaults."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from subgroup_pipeline.districts.settings_part import Part

Share = Annotated[float, Field(ge=0, le=1)]


class Season(Part):
    """Days (first and last included) in which a roster may only add records, or none is taken without a person's look."""

    first_day: date = Field(alias="from")
    last_day: date = Field(alias="to")
    only: Literal["additions", "nothing"] = "additions"

    @model_validator(mode="after")
    def _in_order(self) -> Season:
        if self.last_day < self.first_day:
            raise ValueError("`to` is before `from`")
        return self


class Guards(Part):
    """When a delivery waits for a person instead of replacing the last good one (shares of 1)."""

    removed_students: Share = 0.10
    removed_staff: Share = 0.10
    removed_classes: Share = 0.10
    removed_enrollments: Share = 0.10
    removed_from_a_school: Share = 0.25
    changed: Share = 0.75
    growth: Annotated[float, Field(ge=0)] = 0.50
    new_ids: Share = 0.05
    set_aside_hold: Share = 0.05
    set_aside_reject: Share = 0.20
    seasons: tuple[Season, ...] = ()
    match_rate: Share = 0.95
    first_delivery: Literal["accept", "review"] = "review"
    # Subgroup files. Beside each share stands a floor in numbers of rows or students (districts.limits), so that few never count.
    subgroup_match_warning: Share = 0.99
    subgroup_absent_students: Share = 0.50
    subgroup_removed_students: Share = 0.10
    subgroup_rows_held: Share = 0.05
    subgroup_rows_rejected: Share = 0.20
    subgroup_padded_ids: Share = 0.05
    subgroup_scientific_ids: Share = 0.01
    subgroup_own_match: Share = 0.50
    subgroup_other_match: Share = 0.80
    subgroup_share_change: Annotated[float, Field(ge=0, le=100)] = 0.25
    subgroup_vanished_value: Annotated[int, Field(ge=0)] = 5
    subgroup_blank_growth: Share = 0.25
    subgroup_open_values: Annotated[int, Field(ge=0)] = 50
    subgroup_open_share: Share = 0.20
    subgroup_lag_days: Annotated[int, Field(ge=1)] | None = None

    def origin(self, name: str) -> str:
        """Where the value of a guard comes from, in words for a finding."""
        is_default = getattr(self, name) == type(self).model_fields[name].default
        return "our default" if is_default else "this district's setting"
