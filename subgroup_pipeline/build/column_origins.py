"""What each column of a model is made of, as `dbt_project/column_lineage.json` says it, which `make docs` makes."""

from __future__ import annotations

import json

from subgroup_pipeline.settings import bundled

Origins = dict[str, list[str]]
"""Columns by the asset that they are columns of, both sorted: `{"staging/stg_user": ["grades"]}`."""


def column_origins() -> dict[str, dict[str, Origins]]:
    """Origins of columns by model and column, both as in Dagster: `marts/dim_student`. A column made of none is left out."""
    models: dict[str, dict[str, Origins]] = json.loads((bundled("dbt_project") / "column_lineage.json").read_bytes())["models"]
    return models
