"""The dbt project as dbt reads it: kept, so that it is parsed only when the project or dbt changed since.

Parsing costs a fifth of a small night. What is kept names databases by their aliases and not by their paths, so one copy serves
every home: `make setup` puts it beside the environment's libraries (`python -m subgroup_pipeline.build`), and a home keeps its
own where there is none.
"""

from __future__ import annotations

import fcntl
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.project_version import parse_stamp
from subgroup_pipeline.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbt.contracts.graph.manifest import Manifest

    from subgroup_pipeline.home import Home

    Parse = Callable[[], Manifest]

PREPARED = Path(sys.prefix) / "share" / "subgroups"
"""Where an environment keeps the project; nobody has to make it."""
FOR_DAGSTER, FOR_DBT, _STAMP = "manifest.json", "manifest.msgpack", "parsed_version"

_read: dict[str, Manifest] = {}
"""By stamp: a process reads the project once."""


def project_for_dagster(home: Home, parse: Parse) -> dict[str, Any]:
    """The manifest as `manifest.json` holds it. Raises BuildError when it cannot be kept."""
    manifest: dict[str, Any] = json.loads(_kept(home, parse, FOR_DAGSTER))
    return manifest


def project_for_dbt(home: Home, parse: Parse) -> Manifest:
    """The manifest that dbt runs by, read once per process. Raises BuildError when it cannot be kept."""
    stamp = parse_stamp()
    if stamp not in _read:
        from dbt.contracts.graph.manifest import Manifest

        _read.clear()
        _read[stamp] = Manifest.from_msgpack(_kept(home, parse, FOR_DBT))
    return _read[stamp]


def kept_project(home: Home, name: str) -> bytes | None:
    """A file of the project as it stands, from the environment or else the home; None where nobody has parsed it yet."""
    return next((kept for place in (PREPARED, home.dbt) if (kept := read_kept(place, name)) is not None), None)


def _kept(home: Home, parse: Parse, name: str) -> bytes:
    if (kept := kept_project(home, name)) is not None:
        return kept
    home.make()
    with (home.dbt / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if read_kept(home.dbt, name) is None:
            keep(home.dbt, parse())
    if (kept := read_kept(home.dbt, name)) is None:
        raise BuildError(f"the parsed dbt project could not be kept in {home.dbt}")
    return kept


def read_kept(place: Path, name: str) -> bytes | None:
    """A kept file, if it is that of the project as it stands; the stamp is written last, so a kill leaves no half of it."""
    try:
        is_current = (place / _STAMP).read_text() == parse_stamp()
        return (place / name).read_bytes() if is_current else None
    except OSError:
        return None


def keep(place: Path, manifest: Manifest) -> None:
    """Write the project into a folder."""
    (place / _STAMP).unlink(missing_ok=True)
    manifest.write(str(place / FOR_DAGSTER))
    (place / FOR_DBT).write_bytes(manifest.to_msgpack())
    (place / _STAMP).write_text(parse_stamp())
