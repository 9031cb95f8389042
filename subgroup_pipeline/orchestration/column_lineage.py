"""Which columns each column of a dbt model is made of, as `dbt_project/column_lineage.json` says it; made by `make docs`.

sqlglot reads the compiled SQL for seconds, so neither a night nor the loading of definitions does it: they read the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import MappingSchema, exp
from sqlglot.lineage import lineage

from subgroup_pipeline.build.column_origins import Origins
from subgroup_pipeline.build.dbt import compiled_models, prepared_manifest
from subgroup_pipeline.orchestration.dbt_catalogue import asset_key
from subgroup_pipeline.settings import bundled
from subgroup_pipeline.warehouse.history_tables import HISTORY_TABLES
from subgroup_pipeline.warehouse.schema import warehouse_tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlglot.lineage import Node

    from subgroup_pipeline.settings import Settings

_DIALECT = "duckdb"


@dataclass(frozen=True)
class _Table:
    """A source or model: `database.schema.name` as SQL names it, its asset, its columns, and the SQL of a model."""

    name: str
    asset: str
    columns: Sequence[str]
    sql: str | None = None


def sql_version() -> str:
    """Hash of the SQL that columns come from: models and macros."""
    digest = hashlib.sha256()
    project = bundled("dbt_project")
    for path in sorted([*(project / "models").rglob("*.sql"), *(project / "macros").rglob("*.sql")]):
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def column_lineage_file(settings: Settings) -> str:
    """The text of the file, one line per model; an empty installation will do. A column that is made of none is left out."""
    tables = {table.name: table for table in _tables(settings)}
    schema = MappingSchema(dialect=_DIALECT)
    for table in tables.values():
        schema.add_table(table.name, dict.fromkeys(table.columns, "unknown"), dialect=_DIALECT)
    models = {table.asset: _origins_by_column(table, tables, schema) for table in tables.values() if table.sql}
    lines = ",\n".join(f"{json.dumps(asset)}:{json.dumps(models[asset], separators=(',', ':'))}" for asset in sorted(models))
    return f'{{"sql_version":"{sql_version()}","models":{{\n{lines}\n}}}}\n'


def _tables(settings: Settings) -> Iterator[_Table]:
    manifest = prepared_manifest(settings)
    own = {f"{table.schema}.{table.name}": list(table.columns) for table in (*warehouse_tables(), *HISTORY_TABLES)}
    for source in manifest["sources"].values():
        name = f"{source['schema']}.{source['name']}"
        yield _Table(f"{source['database']}.{name}", asset_key(source).to_user_string(), own[name])
    for unique_id, sql in compiled_models(settings).items():
        model = manifest["nodes"][unique_id]
        name = f"{model['database']}.{model['schema']}.{model['name']}"
        yield _Table(name, asset_key(model).to_user_string(), list(model["columns"]), sql)


def _origins_by_column(model: _Table, tables: Mapping[str, _Table], schema: MappingSchema) -> dict[str, Origins]:
    nodes = lineage(None, model.sql or "", schema, dialect=_DIALECT)
    origins = {column: _origins(nodes[column], tables) for column in sorted(nodes.keys() & set(model.columns))}
    return {column: found for column, found in origins.items() if found}


def _origins(column: Node, tables: Mapping[str, _Table]) -> Origins:
    """What a column of a query is made of: the leaves of its tree that are columns of tables."""
    found: dict[str, set[str]] = defaultdict(set)
    for node in column.walk():
        if isinstance(node.expression, exp.Table) and not node.downstream:
            table = tables[".".join(part.name for part in node.expression.parts)]
            in_lower_case = node.name.rpartition(".")[2].strip('"')  # as sqlglot reads every name in DuckDB's SQL
            found[table.asset] |= {name for name in table.columns if name.lower() == in_lower_case}
    return {asset: sorted(found[asset]) for asset in sorted(found) if found[asset]}
