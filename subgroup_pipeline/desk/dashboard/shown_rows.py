"""The published rows of one district, as every read model asks for them."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from subgroup_pipeline.desk.shown_marts import shown_manifest
from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.district_reader import open_district

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.settings import Settings

Row = TypeVar("Row")


_REMEMBERED = 2000
"""Results of queries that are kept at a time, of some dozen rows each."""
_LOCK = Lock()
_remembered: OrderedDict[Hashable, list[Any]] = OrderedDict()
"""By what was asked of which district and snapshot, the one that was used last at the end."""


@dataclass(frozen=True)
class ShownRows:
    """A connection that sees one district only, and the snapshot that it reads."""

    connection: duckdb.DuckDBPyConnection
    district_id: str
    snapshot: str
    published: Path
    """The folder of all snapshots."""

    def counts(self, kind: type[Row], query: str, **values: object) -> list[Row]:
        """What a query gives that names no student, as `rows` gives it. A snapshot never changes, so its counts are kept."""
        bound = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
        key = (self.published, self.snapshot, self.district_id, kind, query, bound)
        with _LOCK:
            if key in _remembered:
                _remembered.move_to_end(key)
                return list(_remembered[key])
        found = self.rows(kind, query, **values)
        with _LOCK:
            _remembered[key] = list(found)
            while len(_remembered) > _REMEMBERED:
                _remembered.popitem(last=False)
        return found

    def rows(self, kind: type[Row], query: str, **values: object) -> list[Row]:
        """What a query gives, each row as a `kind` whose fields are the columns; values are bound by name.

        Raises PublishError where that is not there: an earlier release made the snapshot, or a file of it is damaged.
        """
        import duckdb

        try:
            found = self.connection.execute(query, values)
        except duckdb.Error as error:
            raise PublishError(
                f"snapshot {self.snapshot} has not all that is shown of {self.district_id}: {str(error).splitlines()[0]}. "
                "`subgroups run` publishes it anew where an earlier release made it; `subgroups verify` finds damage."
            ) from error
        names = [column[0] for column in found.description or ()]
        return [kind(**dict(zip(names, row, strict=True))) for row in found.fetchall()]


@contextmanager
def open_shown(settings: Settings, district_id: str) -> Iterator[ShownRows | None]:
    """What readers see of a district now; None before its first publish. Raises PublishError where it cannot be read."""
    manifest = shown_manifest(settings)
    if manifest is None or district_id not in manifest.districts:
        yield None
        return
    with open_district(settings, district_id, manifest.snapshot) as connection:
        yield ShownRows(connection, district_id, manifest.snapshot, settings.paths.published)
