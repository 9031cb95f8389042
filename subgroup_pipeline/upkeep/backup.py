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

from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.errors import RegistryDamagedError, SettingsError
from subgroup_pipeline.registry.database import HEAD, Registry, open_registry
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
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
    """Restore a backup into a registry that holds nothing, or whose file is damaged; gives the number of deliveries.

    A damaged file is set aside beside the new one. Archive and keys are written before the rows, so that a kill on the way is
    mended by restoring again. Raises SettingsError when the registry is in use, or the file is no backup or of another release.
    """
    try:
        with tarfile.open(source) as package, full_disk_in_words(settings.paths):
            about = json.loads(_read(package, _ABOUT))
            if about["schema"] != HEAD:
                raise SettingsError(
                    f"{source} was made by a release with registry {about['schema']}; this one has {HEAD}. Restore it with that "
                    "release and upgrade then."
                )
            registry = _empty_registry(settings)
            try:
                members = [m for m in package.getmembers() if m.name.split("/")[0] in ("archive", "keys")]
                package.extractall(settings.paths.root, members=members, filter="data")
                return _load(registry, _read(package, _ROWS))
            finally:
                registry.close()
    except (tarfile.TarError, KeyError, TypeError, ValueError, OSError, sa.exc.SQLAlchemyError) as error:
        said = str(error).partition("\n")[0]
        raise SettingsError(
            f"{source} is not a backup that can be read: {said}. Give a file that `subgroups backup` made."
        ) from error


def _empty_registry(settings: Settings) -> Registry:
    """The registry to restore into; a damaged file makes way for it."""
    try:
        return _open_empty(settings)
    except RegistryDamagedError:
        aside = f"damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        for suffix in ("", "-wal", "-shm"):
            file = settings.paths.registry_file.with_name(settings.paths.registry_file.name + suffix)
            if file.exists():
                file.rename(file.with_name(f"{file.name}.{aside}"))
        return _open_empty(settings)


def _open_empty(settings: Settings) -> Registry:
    registry = open_registry(settings, is_restoring=True)
    try:
        registry.require_whole()
        _require_empty(registry)
    except Exception:
        registry.close()
        raise
    return registry


def _require_empty(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        counts = [sa.select(sa.func.count()).select_from(table) for table in Base.metadata.sorted_tables]
        if any(connection.execute(count).scalar() for count in counts):
            raise SettingsError("the registry holds data already. Restore into a new SUBGROUPS_HOME (and database).")


def _dump(registry: Registry) -> bytes:
    lines: list[str] = []
    with registry.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                cells = {name: _plain(cell) for name, cell in row.items()}
                lines.append(json.dumps({"table": table.name, "row": cells}))
    return "\n".join(lines).encode()


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    """A cell as JSON has it."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    return cell.as_json() if isinstance(cell, DeliveryRecord) else cell


def _load(registry: Registry, dump: bytes) -> int:
    tables: dict[str, list[dict[str, Any]]] = {}
    for line in dump.decode().splitlines():
        entry = json.loads(line)
        tables.setdefault(entry["table"], []).append(entry["row"])
    with registry.engine.begin() as connection:
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
