"""The version of the rules that deliveries are judged by: a hash that changes when a verdict could.

It is made of what the rules do (`source_logic`): Python of the rooms that a delivery is read, landed and judged in (limits,
floors and caps are their constants), their SQL, dbt's macros, the suites, and how grave each code is. It is not made of what the
rules say: descriptions, messages, help texts, examples, comments. A held or rejected delivery is judged again when it changes,
and must not be because a sentence was mended.

Reading what two hundred files do takes 0.4 s, so `make setup` notes the version in the environment (`python -m
subgroup_pipeline.build`); as long as no byte of the files changed, the note is taken.
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline import source_logic
from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.source_logic import python_logic, sql_logic, yaml_logic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ROOMS = ("districts", "reading", "warehouse", "landing", "quality")
_WORDS = frozenset({"description", "what", "note", "notes"})
"""Keys of the suites and of tables' descriptions that nothing is decided by."""


NOTE = Path(sys.prefix) / "share" / "subgroups" / "rules_version.json"
"""Where an environment notes the version; nobody has to."""


@cache
def rules_version() -> str:
    """The version of the rules in force, as the ledger keeps it beside each verdict."""
    with suppress(OSError, ValueError, TypeError):
        stamp, version = json.loads(NOTE.read_text(encoding="utf-8"))
        if stamp == _stamp():
            return str(version)
    return _version()


def note_version() -> None:
    """Note the version for every later process of this environment. Raises PermissionError where nobody may write there."""
    NOTE.parent.mkdir(parents=True, exist_ok=True)
    NOTE.write_text(json.dumps([_stamp(), _version()]), encoding="utf-8")


def _version() -> str:
    return version_of(Path(__file__).parents[1], bundled("expectations"), bundled("dbt_project") / "macros", _severities())


def _severities() -> dict[str, str]:
    return {code: entry.severity for code, entry in catalogue().items()}


def _roots(package: Path, expectations: Path, macros: Path) -> list[Path]:
    return [*(package / room for room in _ROOMS), expectations, macros]


def _stamp() -> str:
    """A hash of every byte that the version is made from, and of what makes it."""
    digest = hashlib.sha256(json.dumps([sys.version, _severities()], sort_keys=True).encode())
    digest.update(Path(source_logic.__file__).read_bytes())
    for root in _roots(Path(__file__).parents[1], bundled("expectations"), bundled("dbt_project") / "macros"):
        for path in _files_below(root):
            content = path.read_bytes()
            digest.update(f"{root.name}/{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def version_of(package: Path, expectations: Path, macros: Path, severities: Mapping[str, str]) -> str:
    """The version of rules in these folders, with these severities of codes."""
    digest = hashlib.sha256(json.dumps(dict(severities), sort_keys=True).encode())
    for root in _roots(package, expectations, macros):
        for name, logic in _logic_below(root):
            digest.update(f"{root.name}/{name}\0{logic}\0".encode())
    return digest.hexdigest()[:16]


def _files_below(root: Path) -> list[Path]:
    """Files that rules stand in. What Spark is told judges nothing here."""
    found = (path for path in sorted(root.rglob("*")) if path.suffix in (".py", ".sql", ".json", ".yml"))
    return [path for path in found if path.parent.name != "spark"]


def _logic_below(root: Path) -> Iterator[tuple[str, str]]:
    for path in _files_below(root):
        yield path.relative_to(root).as_posix(), _logic_of(path)


def _logic_of(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return python_logic(text)
    return sql_logic(text) if path.suffix == ".sql" else yaml_logic(text, _WORDS)
