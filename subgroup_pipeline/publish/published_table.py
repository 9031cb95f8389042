"""What a published table is: its name, its grain, and the type and meaning of each of its columns.

Those of `quality` are written down in the code that fills them, those of `marts` in the dbt project that makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subgroup_pipeline.settings import bundled


@dataclass(frozen=True)
class Column:
    """A column: its type in DuckDB, and what it means to who reads it."""

    type: str
    meaning: str


@dataclass(frozen=True)
class PublishedTable:
    """A table or view of `analytics.duckdb`."""

    schema: str
    name: str
    meaning: str
    columns: dict[str, Column]

    @property
    def types(self) -> dict[str, str]:
        """Type of each column by its name."""
        return {name: column.type for name, column in self.columns.items()}


def mart_tables() -> list[PublishedTable]:
    """The tables of the schema `marts`, as the dbt project describes them."""
    from ruamel.yaml import YAML

    text = (bundled("dbt_project") / "models" / "marts" / "_marts.yml").read_text(encoding="utf-8")
    models: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)["models"]
    return [
        PublishedTable(
            "marts",
            model["name"],
            _one_line(model["description"]),
            {c["name"]: Column(c["data_type"], _one_line(c["description"])) for c in model["columns"]},
        )
        for model in models
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
