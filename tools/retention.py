"""`docs/retention.md`: what is stored where and how long, from the table that upkeep and offboarding work by."""

from __future__ import annotations

from subgroup_pipeline.settings import Settings
from subgroup_pipeline.upkeep.policies import POLICIES

_ABOUT = """\
Every place under `$SUBGROUPS_HOME` that may hold something of a district. A runner enforces this table every night;
`subgroups upkeep --dry-run` shows it with today's counts. `subgroups district offboard` empties every place of it of one
district. The numbers are those of an installation whose settings are as shipped."""


def retention(note: str) -> str:
    """The page."""
    settings = Settings.model_construct()
    lines = ["# What is stored where, and how long", "", note, _ABOUT, ""]
    lines += ["| place | what it holds | how long | what keeps it longer |", "|-|-|-|-|"]
    for policy in POLICIES:
        place = "the registry" if policy.place == "registry" else f"`{policy.place}`"
        lines.append(f"| {place} | {policy.holds} | {policy.kept_under(settings)} | {policy.longer} |")
    return "\n".join([*lines, ""])
