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

_OF_DISTRICT = "run_scope"
"""The asset that stands for every table of the schema `control`: settings of districts and the deliveries that are in force."""


@dataclass(frozen=True)
class KnownColumn:
    """A column of a model (`int_student`), of a landed file (`users.csv`) or of what a district set (`settings`)."""

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
    """A published column: what it is made of in files and in settings, and the steps from it to them."""

    column: KnownColumn
    files: tuple[KnownColumn, ...]
    settings: tuple[KnownColumn, ...]
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
        self._control = [source for source in sources if source["source_name"] == "control"]
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
        files = tuple(ends[end] for end in sorted(ends) if end[0] != _OF_DISTRICT)
        settings = tuple(ends[end] for end in sorted(ends) if end[0] == _OF_DISTRICT)
        return PublishedColumn(self._known(asset, name), files, settings, tuple(steps.values()))

    def _step(self, asset: str, name: str, origins: list[tuple[str, str]]) -> Step:
        node = self._models[asset]
        rows_of = () if origins else tuple(sorted({self._names[parent] for parent in node["depends_on"]["nodes"]}))
        made_of = tuple(self._known(*origin) for origin in origins)
        return Step(self._known(asset, name), made_of, rows_of, node["unique_id"])

    def _known(self, asset: str, name: str) -> KnownColumn:
        if asset in self._landed:
            table = self._landed[asset]["name"]
            return _known(RAW_TABLES[table].file_name or "the subgroup file", self._landed[asset]["columns"][name])
        if asset == _OF_DISTRICT:
            of_control = next(source["columns"][name] for source in self._control if name in source["columns"])
            return _known("settings", of_control)
        return _known(self._models[asset]["name"], self._models[asset]["columns"][name])


def _known(table: str, column: Mapping[str, Any]) -> KnownColumn:
    return KnownColumn(table, column["name"], column["data_type"] or "", _line(column["description"]))


def _line(text: str) -> str:
    return " ".join(text.split())
