"""The tables of the schema `marts` as the dbt project describes them; those of `quality` stand beside what fills them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


_BLOCK = re.compile(r"{% docs (\w+) %}(.*?){% enddocs %}", re.DOTALL)
_NAMED = re.compile(r"{{ doc\('(\w+)'\) }}")


def mart_tables() -> list[Table]:
    """The tables of the schema `marts`, as the dbt project describes them: columns of several models in `docs` blocks.

    Raises KeyError for a block that is not there.
    """
    from ruamel.yaml import YAML

    folder = bundled("dbt_project") / "models"
    blocks = dict(_BLOCK.findall((folder / "columns.md").read_text(encoding="utf-8")))
    files = sorted((folder / "marts").glob("_*.yml"))
    read = [YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8")) for file in files]
    models: list[dict[str, Any]] = [model for file in read for model in file.get("models", [])]
    return [
        Table(
            "marts",
            model["name"],
            _meaning(model["description"], blocks),
            {c["name"]: Column(c["data_type"], _meaning(c["description"], blocks)) for c in model["columns"]},
            database="analytics",
        )
        for model in models
    ]


def _meaning(description: str, blocks: Mapping[str, str]) -> str:
    """A description with its block put in, in one line."""
    return " ".join(_NAMED.sub(lambda named: blocks[named[1]], description).split())
