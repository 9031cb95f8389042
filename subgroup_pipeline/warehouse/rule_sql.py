"""The SQL of the rules about rows and cells, as dbt's macros spell it: what a row means is written there and nowhere else.

Queries that lie in files (`expectations/sql`, `quality/sql`) are templates like dbt's models, and call the same macros.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.settings import bundled

if TYPE_CHECKING:
    from pathlib import Path

    from jinja2 import Environment
    from jinja2.runtime import Context

_FILES = (
    "engine/text.sql", "engine/duckdb/text.sql", "engine/maps.sql", "engine/duckdb/maps.sql",
    "vocabulary.sql", "forms.sql", "rules.sql", "faults.sql",
)  # fmt: skip
"""Under dbt_project/macros. Macros that speak of models (ref) stand there too; they are dbt's alone."""


@cache
def rules() -> Any:  # noqa: ANN401 - Jinja's module: one attribute per macro, each takes and gives SQL text
    """The macros by name: `rules().row_counts("x.status")` gives the SQL of that rule."""
    folder = bundled("dbt_project") / "macros"
    return _environment().from_string("\n".join((folder / name).read_text(encoding="utf-8") for name in _FILES)).module


def query(folder: Path, name: str, **values: object) -> str:
    """The SQL of one file of a folder, with these values; it may call the macros of dbt and of the folder's `macros.sql`.

    Raises jinja2.TemplateNotFound when there is no such file.
    """
    return str(read(folder, name, **values))


def read(folder: Path, name: str, **values: object) -> Any:  # noqa: ANN401 - Jinja's module
    """One file of a folder, with these values: its text is the SQL, its attributes are what the file sets."""
    return _templates(folder).get_template(name).make_module(values)


@cache
def _templates(folder: Path) -> Environment:
    from jinja2 import FileSystemLoader

    environment = _environment()
    environment.loader = FileSystemLoader(folder)
    environment.globals |= _macros(rules())
    environment.globals |= _macros(environment.get_template("macros.sql").module)
    return environment


def _environment() -> Environment:
    """Jinja as dbt sets it up, with as much of dbt's `adapter` as the macros ask for: DuckDB's spelling of a macro."""
    from jinja2 import Environment, StrictUndefined, pass_context

    @pass_context
    def dispatch(context: Context, name: str, package: str) -> Any:  # noqa: ANN401, ARG001 - dbt's signature; gives a macro
        return context.vars[f"duckdb__{name}"]

    environment = Environment(undefined=StrictUndefined, autoescape=False, extensions=["jinja2.ext.do"])  # noqa: S701 - SQL
    environment.globals["adapter"] = SimpleNamespace(dispatch=dispatch)
    return environment


def _macros(module: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: macro for name, macro in vars(module).items() if callable(macro)}
