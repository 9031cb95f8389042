"""What is laid out for the noticeboard: the file that may be shared, and what its districts and subgroups are called.

The folder holds one directory of both, to which the link `current` leads, and the door by which the noticeboard is asked.
Whoever knows this folder and nothing else has no row of a student, no hidden count, and no setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

CURRENT, NUMBERS, NAMES = "current", "shareable.duckdb", "names.json"
DOOR, SOCKET = "door", "socket"


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class NamedValue(_Data):
    """A value of a subgroup and what it is called."""

    value: str
    label: str


class NamedSubgroup(_Data):
    """A subgroup, what it is called, and its values in the order in which pages show them."""

    subgroup: str
    label: str
    values: tuple[NamedValue, ...]


class NamedDistrict(_Data):
    """A district, what it is called, and its subgroups in the order in which pages show them."""

    name: str
    subgroups: tuple[NamedSubgroup, ...]


class Posted(_Data):
    """What lies in the folder now: of which snapshot, the sha256 of the numbers, and the names by district."""

    snapshot: str
    sha256: str
    districts: dict[str, NamedDistrict]


def read_posted(directory: Path) -> Posted | None:
    """What a directory of the folder holds; None where nothing was laid out yet."""
    try:
        return Posted.model_validate_json((directory / NAMES).read_bytes())
    except (OSError, ValidationError):
        return None
