"""`python -m subgroup_pipeline.build`: parse the dbt project for this environment, so that no first night has to.

It does nothing when that was done already, or when the environment may not be written to.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from subgroup_pipeline.build.dbt import parse_project
from subgroup_pipeline.build.parsed_project import FOR_DBT, PREPARED, keep, read_kept
from subgroup_pipeline.settings import load_settings


def main() -> None:
    """Parse, and keep what dbt says."""
    if read_kept(PREPARED, FOR_DBT) is not None:
        return
    with suppress(PermissionError), TemporaryDirectory() as scratch:
        PREPARED.mkdir(parents=True, exist_ok=True)
        keep(PREPARED, parse_project(load_settings(home=Path(scratch))))


if __name__ == "__main__":
    main()
