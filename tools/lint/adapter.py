# ruff: noqa: INP001 - sqlfluff reads this folder as loose modules
"""dbt's `adapter` for sqlfluff, as far as the macros ask it: what is linted is DuckDB's spelling of a macro."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import pass_context

if TYPE_CHECKING:
    from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str, package: str) -> Any:  # noqa: ANN401, ARG001 - dbt's signature; gives a macro
    """The macro of that name for DuckDB."""
    return context.resolve(f"duckdb__{name}")
