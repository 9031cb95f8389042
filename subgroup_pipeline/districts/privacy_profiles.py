"""Rules of public agencies about small groups, by the name that a district's settings give (`privacy_profiles.yml`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

ProfileName = Literal["custom", "nces", "texas", "new_york", "california", "washington"]
Zero = Literal["show", "hide"]
PROFILES: tuple[ProfileName, ...] = get_args(ProfileName)


class Edge(BaseModel):
    """How shares are written in places of `from_` students and more; percents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_: int
    edge: int
    step: int
    below: str
    above: str


class Profile(BaseModel):
    """One rule as data; the file says what each key means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ProfileName
    label: str
    meaning: str
    minimum: int
    zero: Zero
    symbol: str
    edges: tuple[Edge, ...]
    source: str
    verified: Literal["yes", "in part"]
    unverified: str = ""


def profile(name: ProfileName) -> Profile:
    """The profile of a name."""
    return _profiles()[name]


@cache
def _profiles() -> dict[str, Profile]:
    from ruamel.yaml import YAML

    text = files(__package__).joinpath("privacy_profiles.yml").read_text(encoding="utf-8")
    read: dict[str, dict[str, Any]] = YAML(typ="base", pure=True).load(text)
    found = {}
    for name, given in read.items():
        edges = [{"from_" if key == "from" else key: value for key, value in edge.items()} for edge in given["edges"]]
        found[name] = Profile.model_validate(given | {"name": name, "edges": edges})
    return found
