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


_MOST_ROWS = 400_000
"""Rows that are kept at a time, some 60 MB. One result may have a quarter: a district's list of students is the largest."""


class _Kept:
    """Results of queries, by what was asked of which district and snapshot, the one that was used last at the end."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._results: OrderedDict[Hashable, list[Any]] = OrderedDict()
        self._rows = 0

    def get(self, key: Hashable) -> list[Any] | None:
        with self._lock:
            if key not in self._results:
                return None
            self._results.move_to_end(key)
            return list(self._results[key])

    def put(self, key: Hashable, found: list[Any]) -> None:
        if len(found) > _MOST_ROWS // 4:
            return
        with self._lock:
            self._rows += _size(found) - _size(self._results.pop(key, None))
            self._results[key] = list(found)
            while self._rows > _MOST_ROWS:
                self._rows -= _size(self._results.popitem(last=False)[1])


def _size(found: list[Any] | None) -> int:
    """Rows of a result; what it was asked by counts as ten."""
    return 0 if found is None else len(found) + 10


_kept = _Kept()


@dataclass(frozen=True)
class ShownRows:
    """A connection that sees one district only, and the snapshot that it reads."""

    connection: duckdb.DuckDBPyConnection
    district_id: str
    snapshot: str
    published: Path
    """The folder of all snapshots."""

    def kept(self, kind: type[Row], query: str, **values: object) -> list[Row]:
        """What a query gives, as `rows` gives it. A snapshot never changes, so it is kept in memory for who asks again."""
        bound = tuple((name, tuple(value) if isinstance(value, list) else value) for name, value in values.items())
        key = (self.published, self.snapshot, self.district_id, kind, query, bound)
        found = _kept.get(key)
        if found is None:
            found = self.rows(kind, query, **values)
            _kept.put(key, found)
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
