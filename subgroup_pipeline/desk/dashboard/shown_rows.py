"""The published rows of one district, as every read model asks for them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from subgroup_pipeline.desk.shown_marts import shown_manifest
from subgroup_pipeline.publish.district_reader import open_district

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from subgroup_pipeline.settings import Settings

Row = TypeVar("Row")


@dataclass(frozen=True)
class ShownRows:
    """A connection that sees one district only, and the name of the snapshot that it reads."""

    connection: duckdb.DuckDBPyConnection
    snapshot: str

    def rows(self, kind: type[Row], query: str, **values: object) -> list[Row]:
        """What a query gives, each row as a `kind` whose fields are the columns; values are bound by name."""
        return [kind(**row) for row in self.records(query, **values)]

    def records(self, query: str, **values: object) -> list[dict[str, Any]]:
        """The same as they come, by column."""
        found = self.connection.execute(query, values)
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def open_shown(settings: Settings, district_id: str) -> Iterator[ShownRows | None]:
    """What readers see of a district now; None before its first publish. Raises PublishError where it cannot be read."""
    manifest = shown_manifest(settings)
    if manifest is None or district_id not in manifest.districts:
        yield None
        return
    with open_district(settings, district_id, manifest.snapshot) as connection:
        yield ShownRows(connection, manifest.snapshot)
