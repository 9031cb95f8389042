"""Two hashes of the dbt project: what its models do (`model_version`), and its files as they stand (`parse_stamp`).

The first stands in every build key and is made of logic only (`source_logic`): SQL without comments, and YAML without what
describes. A description that was mended builds no district again. The second says whether the parsed manifest, which carries the
descriptions, is still that of the project.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from subgroup_pipeline.settings import bundled
from subgroup_pipeline.source_logic import sql_logic, yaml_logic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORDS = frozenset({"description", "docs", "exposures", "unit_tests", "version"})
"""Keys of dbt's YAML that no built row depends on; `version` is that of its form."""


@cache
def model_version() -> str:
    """Hash of what the models do; a change puts every district in scope."""
    return version_of(bundled("dbt_project"))


@cache
def parse_stamp() -> str:
    """Hash of all that dbt reads of the project, with dbt's own version; a change has it parsed anew."""
    return f"{stamp_of(bundled('dbt_project'))} {version('dbt-core')} {version('dbt-duckdb')}"


def version_of(project: Path) -> str:
    """`model_version` of the project in this folder. How Spark spells something changes nothing that DuckDB built."""
    digest = hashlib.sha256()
    for name, path in _files(project, ".sql", ".yml"):
        if name.startswith("macros/engine/spark/"):
            continue
        text = path.read_text(encoding="utf-8")
        logic = sql_logic(text) if path.suffix == ".sql" else yaml_logic(text, _WORDS)
        if logic:
            digest.update(f"{name}\0{logic}\0".encode())
    return digest.hexdigest()[:16]


def stamp_of(project: Path) -> str:
    """`parse_stamp` of the project in this folder."""
    digest = hashlib.sha256()
    for name, path in _files(project, ".sql", ".yml", ".md"):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files(project: Path, *suffixes: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(project.rglob("*")):
        within = path.relative_to(project)
        if path.suffix in suffixes and not {"target", "logs"} & set(within.parts):
            yield within.as_posix(), path
