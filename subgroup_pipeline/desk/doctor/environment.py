"""Checks of what the installation runs in: versions of libraries, and the variables that set it up."""

from __future__ import annotations

import difflib
import importlib.metadata
import os
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings

_PINNED = ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "paramiko")
_PREFIX = "SUBGROUPS_"
_OF_THE_TESTS = ("SUBGROUPS_REQUIRE_ALL", "SUBGROUPS_TORTURE_KILLS", "SUBGROUPS_TORTURE_SEED")


def versions(_settings: Settings) -> list[Complaint]:
    """Versions other than the pinned ones: the bridge to Great Expectations and the incremental models rely on them."""
    wanted = {}
    for requirement in importlib.metadata.requires("subgroup-pipeline") or []:
        name, pinned, version = requirement.partition("==")
        if pinned:
            wanted[name.strip()] = version.strip()
    return [
        Complaint("error", f"{name} is {have}, not {wanted[name]}.", "Install from requirements.txt (make setup).")
        for name in _PINNED
        if name in wanted and (have := importlib.metadata.version(name)) != wanted[name]
    ]


def unknown_variables(_settings: Settings | None = None) -> list[Complaint]:
    """Variables that look like settings and are none: whoever wrote one believes that it is in force."""
    from subgroup_pipeline.settings import Settings

    known = [f"{_PREFIX}{name.upper()}" for name in Settings.model_fields]
    found = []
    for name in sorted(os.environ):
        if not name.upper().startswith(_PREFIX) or name.upper() in (*known, *_OF_THE_TESTS):
            continue
        near = difflib.get_close_matches(name.upper(), known, 1)
        mend = f"Did you mean {near[0]}?" if near else "`subgroups doctor --settings` lists what can be set."
        found.append(Complaint("warning", f"{name} is set, and no setting has this name, so it does nothing.", mend))
    return found
