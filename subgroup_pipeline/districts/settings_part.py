"""What every section of a district's YAML is: a model that takes no unknown key and does not change."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A section of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
