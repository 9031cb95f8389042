"""Backup and restore of what cannot be derived again: the registry with its history, the archive, the keys.

The warehouse and what is published are derived; `subgroups rebuild` makes them from a restored home. Rows go into the
backup as JSON, so a backup of SQLite can be restored to PostgreSQL and the other way round.
"""

from __future__ import annotations

import io
import json
import tarfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.registry.database import HEAD, Registry, open_registry
from subgroup_pipeline.registry.schema import Base, UtcDateTime

if TYPE_CHECKING:
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

_ROWS = "registry.jsonl"
_ABOUT = "about.json"


def back_up(registry: Registry, settings: Settings, target: Path) -> int:
    """Write a backup to a new file (mode 0600); gives its bytes. The caller holds the warehouse, so that nothing moves.

    Raises SettingsError when the file exists or cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    if target.exists():
        raise SettingsError(f"{target} exists. Give a new file; a backup never replaces another.")
    try:
        with tarfile.open(part, "w") as package:
            about = {"schema": HEAD, "made_at": datetime.now(UTC).isoformat()}
            _add(package, _ABOUT, json.dumps(about).encode())
            _add(package, _ROWS, _dump(registry))
            for place in (settings.paths.archive, settings.paths.keys):
                package.add(place, arcname=place.name, filter=lambda member: None if member.name.endswith(".part") else member)
        part.chmod(0o600)
        part.replace(target)
    except OSError as error:
        raise SettingsError(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> int:
    """Restore a backup into a home and registry that hold nothing yet; gives the number of deliveries.

    Raises SettingsError when the registry is in use, or the file is no backup or of another release.
    """
    try:
        with tarfile.open(source) as package:
            about = json.loads(_read(package, _ABOUT))
            if about["schema"] != HEAD:
                raise SettingsError(
                    f"{source} was made by a release with registry {about['schema']}; this one has {HEAD}. Restore it with that "
                    "release and upgrade then."
                )
            registry = open_registry(settings)
            try:
                count = _load(registry, _read(package, _ROWS))
            finally:
                registry.close()
            members = [m for m in package.getmembers() if m.name.split("/")[0] in ("archive", "keys")]
            package.extractall(settings.paths.root, members=members, filter="data")
    except (tarfile.TarError, KeyError, ValueError, OSError) as error:
        raise SettingsError(f"{source} is not a backup that can be read: {error}") from error
    return count


def _dump(registry: Registry) -> bytes:
    lines: list[str] = []
    with registry.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                cells = {name: cell.isoformat() if isinstance(cell, datetime) else cell for name, cell in row.items()}
                lines.append(json.dumps({"table": table.name, "row": cells}))
    return "\n".join(lines).encode()


def _load(registry: Registry, dump: bytes) -> int:
    tables: dict[str, list[dict[str, Any]]] = {}
    for line in dump.decode().splitlines():
        entry = json.loads(line)
        tables.setdefault(entry["table"], []).append(entry["row"])
    with registry.engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            if connection.execute(sa.select(sa.func.count()).select_from(table)).scalar():
                raise SettingsError("the registry holds data already. Restore into a new SUBGROUPS_HOME (and database).")
        for table in Base.metadata.sorted_tables:
            times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
            rows = tables.get(table.name, [])
            for row in rows:
                row |= {name: datetime.fromisoformat(row[name]) for name in times if row[name]}
            if rows:
                connection.execute(sa.insert(table), rows)
            _advance_sequence(connection, table)
    return len(tables.get("delivery", []))


def _advance_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL numbers rows by a sequence that knows nothing of rows inserted with their number."""
    key = table.autoincrement_column
    if connection.dialect.name == "postgresql" and key is not None:
        newest = sa.select(sa.func.coalesce(sa.func.max(key), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, key.name), newest, False)))


def _add(package: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o600
    package.addfile(member, io.BytesIO(content))


def _read(package: tarfile.TarFile, name: str) -> bytes:
    member = package.extractfile(name)
    if member is None:
        raise KeyError(name)
    return member.read()
