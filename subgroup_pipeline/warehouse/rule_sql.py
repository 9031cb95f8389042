"""The SQL of the rules about rows and cells, as dbt's macros spell it: what a row means is written there and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import Any

from subgroup_pipeline.settings import bundled

_FILES = ("engine/text.sql", "engine/maps.sql", "rules.sql", "faults.sql")
"""Under dbt_project/macros. Macros that speak of models (ref) stand there too; they are dbt's alone."""


@cache
def rules() -> Any:  # noqa: ANN401 - Jinja's module: one attribute per macro, each takes and gives SQL text
    """The macros by name: `rules().row_counts("x.status")` gives the SQL of that rule."""
    from jinja2 import Environment, StrictUndefined

    folder = bundled("dbt_project") / "macros"
    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - SQL, not HTML
    return environment.from_string("\n".join((folder / name).read_text(encoding="utf-8") for name in _FILES)).module
