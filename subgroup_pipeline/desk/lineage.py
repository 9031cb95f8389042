"""Where each published column comes from, back to the files of a district: for staff, and without running anything.

The words are those of the parsed dbt project, the paths those of `build.column_origins`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.build.column_origins import column_origins
from subgroup_pipeline.build.parsed_project import FOR_DAGSTER, kept_project
from subgroup_pipeline.build.project_version import parse_stamp
from subgroup_pipeline.warehouse.raw_tables import RAW_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from subgroup_pipeline.build.column_origins import Origins
    from subgroup_pipeline.home import Home

_SETTINGS, _HISTORY = "settings", "history"
_OF_SOURCE = {"run_scope": ("control", _SETTINGS), "history": ("history", _HISTORY)}
"""Assets that stand for every table of a schema, and what people call it: what is in force for a district, and its past."""


@dataclass(frozen=True)
class KnownColumn:
    """A column of a model (`int_student`), of a landed file (`users.csv`), of `settings` or of the `history`."""

    table: str
    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Step:
    """A column of a model on the way: the columns it is made of, or the tables whose rows it counts where it is made of none."""

    column: KnownColumn
    made_of: tuple[KnownColumn, ...]
    rows_of: tuple[str, ...]
    unique_id: str


@dataclass(frozen=True)
class PublishedColumn:
    """A published column: what it is made of in files, settings and earlier builds, and the steps from it to them."""

    column: KnownColumn
    files: tuple[KnownColumn, ...]
    settings: tuple[KnownColumn, ...]
    history: tuple[KnownColumn, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PublishedModel:
    """A table of the schema `marts`; `unique_id` is its name in dbt's manifest."""

    name: str
    unique_id: str
    meaning: str
    columns: tuple[PublishedColumn, ...]


def published_lineage(home: Home) -> Mapping[str, PublishedModel]:
    """The published tables by name; none where nobody has parsed the project yet."""
    return _lineage(home, parse_stamp()) if kept_project(home, FOR_DAGSTER) else {}


@lru_cache(maxsize=1)
def _lineage(home: Home, _stamp: str) -> Mapping[str, PublishedModel]:
    project = _Project(json.loads(kept_project(home, FOR_DAGSTER) or b"{}"), column_origins())
    return {model.name: model for model in sorted(project.published(), key=lambda model: model.name)}


class _Project:
    """Tables of the manifest by asset, as the file of origins names them."""

    def __init__(self, manifest: Mapping[str, Any], origins: Mapping[str, Mapping[str, Origins]]) -> None:
        self._origins = origins
        self._models = {
            f"{node['schema']}/{node['name']}": node for node in manifest["nodes"].values() if node["resource_type"] == "model"
        }
        sources = manifest["sources"].values()
        self._landed = {f"raw/{source['name']}": source for source in sources if source["source_name"] == "raw"}
        self._columns: dict[str, dict[str, Any]] = {asset: {} for asset in _OF_SOURCE}
        for asset, (schema, _) in _OF_SOURCE.items():
            for source in sources:
                if source["source_name"] == schema:
                    self._columns[asset] |= source["columns"]
        self._names = {unique_id: node["name"] for unique_id, node in (manifest["nodes"] | manifest["sources"]).items()}

    def published(self) -> Iterator[PublishedModel]:
        for asset, node in self._models.items():
            if node["schema"] == "marts":
                columns = tuple(self._published(asset, name) for name in node["columns"])
                yield PublishedModel(node["name"], node["unique_id"], _line(node["description"]), columns)

    def _published(self, asset: str, name: str) -> PublishedColumn:
        steps: dict[tuple[str, str], Step] = {}
        ends: dict[tuple[str, str], KnownColumn] = {}
        waiting = [(asset, name)]
        while waiting:
            here = waiting.pop(0)
            if here in steps or here in ends:
                continue
            if here[0] not in self._models:
                ends[here] = self._known(*here)
                continue
            by_table = self._origins.get(here[0], {}).get(here[1], {})
            origins = [(table, column) for table, columns in by_table.items() for column in columns]
            steps[here] = self._step(*here, origins)
            waiting += origins
        found = [ends[end] for end in sorted(ends)]
        files = tuple(end for end in found if end.table not in (_SETTINGS, _HISTORY))
        settings, history = (tuple(end for end in found if end.table == table) for table in (_SETTINGS, _HISTORY))
        return PublishedColumn(self._known(asset, name), files, settings, history, tuple(steps.values()))

    def _step(self, asset: str, name: str, origins: list[tuple[str, str]]) -> Step:
        node = self._models[asset]
        rows_of = () if origins else tuple(sorted({self._names[parent] for parent in node["depends_on"]["nodes"]}))
        made_of = tuple(self._known(*origin) for origin in origins)
        return Step(self._known(asset, name), made_of, rows_of, node["unique_id"])

    def _known(self, asset: str, name: str) -> KnownColumn:
        if asset in self._landed:
            table = self._landed[asset]["name"]
            return _known(RAW_TABLES[table].file_name or "the subgroup file", self._landed[asset]["columns"][name])
        if asset in _OF_SOURCE:
            return _known(_OF_SOURCE[asset][1], self._columns[asset][name])
        return _known(self._models[asset]["name"], self._models[asset]["columns"][name])


def _known(table: str, column: Mapping[str, Any]) -> KnownColumn:
    return KnownColumn(table, column["name"], column["data_type"] or "", _line(column["description"]))


def _line(text: str) -> str:
    return " ".join(text.split())
