"""The published tables as PostgreSQL has them: columns with types that BI tools know, comments, and rows as COPY reads them.

Tables, types and comments come from the published file itself, so a table that is published is mirrored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import MirrorError
from subgroup_pipeline.warehouse.sql_text import identifier, literal, literals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import duckdb

SCHEMAS = ("marts", "quality")
_TYPES = {
    "VARCHAR": "text",
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIME": "time",
    "UUID": "uuid",
    "VARCHAR[]": "text[]",
}
"""By DuckDB's type; `_postgres_type` knows the families."""
_TABLES = """
select t.table_schema, t.table_name, coalesce(d.comment, v.comment, '')
from information_schema.tables as t
left join duckdb_tables() as d on (d.schema_name, d.table_name) = (t.table_schema, t.table_name)
left join duckdb_views() as v on (v.schema_name, v.view_name) = (t.table_schema, t.table_name)
where t.table_schema in (select unnest(?))
order by all
"""
_COLUMNS = """
select column_name, data_type, coalesce(comment, '') from duckdb_columns()
where schema_name = ? and table_name = ? order by column_index
"""


@dataclass(frozen=True)
class MirroredColumn:
    """A column with its type in DuckDB, its type in PostgreSQL, and what it means."""

    name: str
    source_type: str
    type: str
    meaning: str

    @property
    def copied(self) -> str:
        """SQL of DuckDB for a cell as PostgreSQL's text format writes it (PostgreSQL, COPY, "Text Format")."""
        name = identifier(self.name)
        text = f"cast({name} as varchar)"
        if self.type == "jsonb":
            # PostgreSQL has no NUL in texts, nor its escape in JSON.
            text = f"replace(cast(to_json({name}) as varchar), {literal(chr(92) + 'u0000')}, {literal(chr(92) + 'ufffd')})"
        elif self.type == "text[]":
            text = _array(name)
        elif self.type == "timestamp with time zone" and self.source_type == "TIMESTAMP":
            text = f"{text} || '+00'"  # published times are UTC
        if self.type not in ("text", "text[]", "jsonb"):
            return text
        for character, written in ((chr(92), "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\0", "\ufffd")):
            text = f"replace({text}, chr({ord(character)}), {literal(written)})"
        return text


@dataclass(frozen=True)
class MirroredTable:
    """A published table or view; in the mirror both are tables."""

    schema: str
    name: str
    meaning: str
    columns: Sequence[MirroredColumn]

    @property
    def sql_name(self) -> str:
        """Its name in SQL, here and there."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"

    @property
    def definition(self) -> str:
        """Its columns as `create table` wants them, in brackets."""
        return f"({', '.join(f'{identifier(column.name)} {column.type}' for column in self.columns)})"

    def comments(self) -> Iterator[str]:
        """The statements that say what the table and its columns mean."""
        yield f"comment on table {self.sql_name} is {literal(self.meaning)}"
        for column in self.columns:
            yield f"comment on column {self.sql_name}.{identifier(column.name)} is {literal(column.meaning)}"

    def write_rows(self, source: duckdb.DuckDBPyConnection, district_ids: Sequence[str], path: Path) -> None:
        """Write the rows of these districts into a file as COPY's text format has them."""
        cells = ", ".join(f"{column.copied} as c{at}" for at, column in enumerate(self.columns))
        whose = f"district_id in (select unnest({literals(district_ids)}))"
        # A cell holds neither tab nor line end any more, so nothing is quoted.
        form = "format csv, header false, delimiter '\t', quote '', escape '', nullstr '\\N'"
        source.execute(f"copy (select {cells} from {self.sql_name} where {whose}) to {literal(path)} ({form})")


def mirrored_tables(source: duckdb.DuckDBPyConnection) -> list[MirroredTable]:
    """Every table and view of the published schemas. Raises MirrorError for one that cannot be there."""
    found = source.execute(_TABLES, [list(SCHEMAS)]).fetchall()
    return [_table(source, *table) for table in found]


def _table(source: duckdb.DuckDBPyConnection, schema: str, name: str, meaning: str) -> MirroredTable:
    rows = source.execute(_COLUMNS, [schema, name]).fetchall()
    if "district_id" not in (row[0] for row in rows):
        raise MirrorError(f"{schema}.{name} has no district_id, so nobody could be kept from another district's rows.")
    columns = [MirroredColumn(column, type_, _postgres_type(type_, f"{name}.{column}"), said) for column, type_, said in rows]
    return MirroredTable(schema, name, meaning, columns)


def _postgres_type(source_type: str, column: str) -> str:
    if source_type in _TYPES:
        return _TYPES[source_type]
    if source_type.startswith("TIMESTAMP"):
        return "timestamp with time zone"
    if re.fullmatch(r"DECIMAL\(\d+,\d+\)", source_type):
        return source_type.replace("DECIMAL", "numeric")
    if source_type.startswith("ENUM("):
        return "text"
    if source_type.startswith(("MAP(", "STRUCT(")) or source_type.endswith("[]"):
        return "jsonb"
    raise MirrorError(f"the mirror has no type for {column}, which is a {source_type}. `mirror/tables.py` needs one.")


def _array(name: str) -> str:
    """A list of texts as PostgreSQL writes an array: every item in quotes, but for one that is null."""
    item = f"""'"' || replace(replace(item, '{chr(92)}', '{chr(92) * 2}'), '"', '{chr(92)}"') || '"'"""
    return f"'{{' || array_to_string([coalesce({item}, 'NULL') for item in {name}], ',') || '}}'"
