"""`python -m subgroup_pipeline.build`: parse the dbt project and note the rules' version, once for this environment.

It does nothing where the environment may not be written to, and parses nothing that was parsed already.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from subgroup_pipeline.build.dbt import parse_project
from subgroup_pipeline.build.parsed_project import FOR_DBT, PREPARED, keep, read_kept
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.rules_version import note_version


def main() -> None:
    """Parse, and keep what dbt says."""
    with suppress(PermissionError):
        note_version()
    if read_kept(PREPARED, FOR_DBT) is not None:
        return
    with suppress(PermissionError), TemporaryDirectory() as scratch:
        PREPARED.mkdir(parents=True, exist_ok=True)
        keep(PREPARED, parse_project(load_settings(home=Path(scratch))))


if __name__ == "__main__":
    main()
