"""The tables of the schema `marts` as the dbt project describes them; those of `quality` stand beside what fills them."""

from __future__ import annotations

from typing import Any

from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse.table import Column, Table


def mart_tables() -> list[Table]:
    """The tables of the schema `marts`, as the dbt project describes them."""
    from ruamel.yaml import YAML

    text = (bundled("dbt_project") / "models" / "marts" / "_marts.yml").read_text(encoding="utf-8")
    models: list[dict[str, Any]] = YAML(typ="safe", pure=True).load(text)["models"]
    return [
        Table(
            "marts",
            model["name"],
            _one_line(model["description"]),
            {c["name"]: Column(c["data_type"], _one_line(c["description"])) for c in model["columns"]},
            database="analytics",
        )
        for model in models
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())
