"""Backup and restore of what cannot be derived again: the registry, the archive, the keys, the history and the releases.

The warehouse and what is published are derived; `subgroups rebuild` makes them from a restored home. Rows go into the
backup as JSON, one per line, so a backup of SQLite can be restored to PostgreSQL and the other way round. The last member is a
seal, the sha256 of all names and bytes before it; a restore writes nothing before the seal was proved.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from datetime import UTC, datetime
from itertools import groupby, islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.disclosure.store import open_store
from subgroup_pipeline.disk import full_disk_in_words
from subgroup_pipeline.errors import KeyringError, RegistryDamagedError, SettingsError
from subgroup_pipeline.intake.archive import archived_files
from subgroup_pipeline.intake.sealed_file import SealingWriter, plain_chunks
from subgroup_pipeline.keyring import INSTALLATION, Keyring
from subgroup_pipeline.registry.column_types import UtcDateTime
from subgroup_pipeline.registry.database import HEAD, Registry, open_registry
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.schema import Base
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.upkeep.sealing import plain_files
from subgroup_pipeline.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from subgroup_pipeline.settings import Settings

_ROWS = "registry.jsonl"
_ABOUT = "about.json"
_SEAL = "seal"
_WITH_OUR_ROWS = ("0003", "0004", "0005", HEAD)
"""Registries whose rows our tables take as they are: what came since is new tables, indexes, and columns that may be null."""
AT_A_TIME = 1000
"""Rows that are in memory together."""
_BLOCK = 1024**2
_SEALED = ".sealed"
_PLACES = ("archive", "keys", "history", "releases")
"""Folders of the home that a backup holds."""


def back_up(registry: Registry, settings: Settings, target: Path, *, with_keys: bool = True) -> int:
    """Write a backup to a new file (mode 0600); gives its bytes. The caller holds the warehouse, so that nothing moves.

    Without the keys no student's row can be read in it: the archive is sealed as it lies, and the history and the releases are
    sealed on their way. It is restored into a home that has the keys.
    Raises SettingsError when the file exists or cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    if target.exists():
        raise SettingsError(f"{target} exists. Give a new file; a backup never replaces another.")
    try:
        with tarfile.open(part, "w") as package, TemporaryFile(dir=target.parent) as rows:
            part.chmod(0o600)
            seal = hashlib.sha256()
            about = {"schema": HEAD, "made_at": datetime.now(UTC).isoformat(), "with_keys": with_keys}
            _add(package, tarfile.TarInfo(_ABOUT), io.BytesIO(json.dumps(about).encode()), seal)
            _dump(registry, rows)
            _add(package, tarfile.TarInfo(_ROWS), rows, seal)
            if not with_keys:
                _seal_what_is_plain(registry, settings)
            for place in (settings.paths.archive, settings.paths.keys)[: 1 + with_keys]:
                _add_place(package, place, seal)
            _add_databases(package, settings, seal, are_sealed=not with_keys)
            _add(package, tarfile.TarInfo(_SEAL), io.BytesIO(seal.hexdigest().encode()), hashlib.sha256())
        part.replace(target)
    except OSError as error:
        raise SettingsError(f"cannot write {target}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> int:
    """Restore a backup into a registry that holds nothing, or whose file is damaged; gives the number of deliveries.

    A damaged file is set aside beside the new one. Archive and keys are written before the rows, so that a kill on the way is
    mended by restoring again. Raises SettingsError when the registry is in use, or the file is no backup, of another release,
    or not as it was written.
    """
    try:
        with tarfile.open(source) as package, full_disk_in_words(settings.paths):
            about = json.loads(_open(package, _ABOUT).read())
            if about["schema"] not in _WITH_OUR_ROWS:
                raise SettingsError(
                    f"{source} was made by a release with registry {about['schema']}; this one has {HEAD}. Restore it with that "
                    "release and upgrade then."
                )
            keys = settings.paths.keys
            if not about.get("with_keys", True) and not any((keys / "districts").glob("*.key")):
                raise SettingsError(f"{source} was made without its keys. Put them into {keys} and restore it then.")
            _prove(package, source)
            registry = _empty_registry(settings)
            try:
                members = [m for m in package.getmembers() if m.name.split("/")[0] in _PLACES]
                package.extractall(settings.paths.root, members=members, filter="data")
                _open_sealed(settings)
                return _load(registry, _open(package, _ROWS))
            finally:
                registry.close()
    except (tarfile.TarError, KeyError, TypeError, ValueError, OSError, KeyringError, sa.exc.SQLAlchemyError) as error:
        said = str(error).partition("\n")[0]
        raise SettingsError(
            f"{source} is not a backup that can be read: {said}. Give a file that `subgroups backup` made."
        ) from error


class _Sealing:
    """A file that adds what is read of it to the seal."""

    def __init__(self, content: IO[bytes], seal: hashlib._Hash) -> None:
        self._content = content
        self._seal = seal

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        block = self._content.read(size)
        self._seal.update(block)
        return block


def _add(package: tarfile.TarFile, member: tarfile.TarInfo, content: IO[bytes], seal: hashlib._Hash) -> None:
    """Add a member, and its name and bytes to the seal."""
    member.size = content.seek(0, io.SEEK_END)
    member.mode = member.mode & 0o700
    content.seek(0)
    seal.update(f"{member.name}\0".encode())
    package.addfile(member, _Sealing(content, seal))


def _add_place(package: tarfile.TarFile, place: Path, seal: hashlib._Hash) -> None:
    """Add a folder of the home with all it holds, without files that are only half there."""
    for path in sorted((place, *place.rglob("*"))):
        name = path.relative_to(place.parent).as_posix()
        if path.is_dir():
            package.addfile(package.gettarinfo(path, name))
        elif path.is_file() and path.suffix != ".part":
            with path.open("rb") as file:
                _add(package, package.gettarinfo(arcname=name, fileobj=file), file, seal)


def _seal_what_is_plain(registry: Registry, settings: Settings) -> None:
    """Seal what a release before kept in plain. Raises SettingsError for what no key can be found for."""
    for plain in plain_files(Installation(settings, registry, datetime.now(UTC))):
        plain.remove()
    if left := [path for path in archived_files(settings.paths) if path.parent.parent == settings.paths.archive]:
        raise SettingsError(
            f"{len(left)} archived files are not sealed ({left[0]}). `subgroups verify` names them; then try again."
        )


def _open_sealed(settings: Settings) -> None:
    """Write files that were sealed on their way into a backup as they were. Raises KeyringError without their key."""
    keyring = Keyring(settings.paths)
    for folder in (settings.paths.history, settings.paths.releases):
        for sealed in folder.glob(f"*{_SEALED}"):
            part = sealed.with_name(f".{sealed.name}.part")
            with part.open("wb") as file:
                file.writelines(plain_chunks(sealed, keyring, INSTALLATION))
            part.replace(sealed.with_name(sealed.name.removesuffix(_SEALED)))
            sealed.unlink()


def _add_databases(package: tarfile.TarFile, settings: Settings, seal: hashlib._Hash, *, are_sealed: bool) -> None:
    """Add the history and the releases, a file each. Opening one writes what a killed run left in its log into it.

    Raises WarehouseDamagedError for a damaged history.
    """
    home = settings.paths
    for path, opened in ((home.history_database, open_warehouse), (home.releases_database, open_store)):
        if path.exists():
            with opened(settings):
                pass
            name = f"{path.parent.name}/{path.name}{_SEALED if are_sealed else ''}"
            with path.open("rb") as file, TemporaryFile(dir=settings.paths.scratch) as sealed:
                if are_sealed:
                    writer = SealingWriter(sealed, Keyring(home), INSTALLATION)
                    while block := file.read(_BLOCK):
                        writer.write(block)
                    writer.finish()
                _add(package, tarfile.TarInfo(name), sealed if are_sealed else file, seal)


def _prove(package: tarfile.TarFile, source: Path) -> None:
    """Read every byte and hold it against the seal. Raises SettingsError for a backup that is not as it was written."""
    written = _open(package, _SEAL).read().decode("ascii")
    seal = hashlib.sha256()
    for member in package:
        content = package.extractfile(member) if member.isfile() and member.name != _SEAL else None
        if content is not None:
            seal.update(f"{member.name}\0".encode())
            while block := content.read(_BLOCK):
                seal.update(block)
    if seal.hexdigest() != written:
        raise SettingsError(
            f"{source} is damaged: its bytes are not those that were written. Give another backup; nothing was restored."
        )


def _open(package: tarfile.TarFile, name: str) -> IO[bytes]:
    content = package.extractfile(name)
    if content is None:
        raise KeyError(name)
    return content


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


def _dump(registry: Registry, target: IO[bytes]) -> None:
    """Write every row of every table, parents first, as they stood at one moment."""
    isolation = {} if registry.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with registry.engine.connect().execution_options(yield_per=AT_A_TIME, **isolation) as connection:
        if not isolation:
            connection.exec_driver_sql("begin")  # SQLite's driver begins with the first write only
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                cells = {name: _plain(cell) for name, cell in row.items()}
                target.write(json.dumps({"table": table.name, "row": cells}).encode() + b"\n")


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    """A cell as JSON has it."""
    if isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.hex()
    return cell.as_json() if isinstance(cell, DeliveryRecord) else cell


def _load(registry: Registry, dump: IO[bytes]) -> int:
    """Insert the rows in one transaction, some at a time; gives the number of deliveries."""
    deliveries = 0
    with registry.engine.begin() as connection:
        for name, rows in _by_table(dump):
            table = Base.metadata.tables[name]
            times = [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
            sealed = [column.name for column in table.columns if isinstance(column.type, sa.LargeBinary)]
            for row in rows:
                row |= {time: datetime.fromisoformat(row[time]) for time in times if row[time]}
                row |= {cell: bytes.fromhex(row[cell]) for cell in sealed}
            connection.execute(sa.insert(table), rows)
            deliveries += len(rows) if name == "delivery" else 0
        for table in Base.metadata.sorted_tables:
            _advance_sequence(connection, table)
    return deliveries


def _by_table(dump: Iterable[bytes]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Rows with the name of their table, as many at a time as fit into memory."""
    for name, entries in groupby(map(json.loads, dump), key=lambda entry: str(entry["table"])):
        while rows := [entry["row"] for entry in islice(entries, AT_A_TIME)]:
            yield name, rows


def _advance_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """PostgreSQL numbers rows by a sequence that knows nothing of rows inserted with their number."""
    key = table.autoincrement_column
    if connection.dialect.name == "postgresql" and key is not None:
        newest = sa.select(sa.func.coalesce(sa.func.max(key), 0) + 1).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, key.name), newest, False)))
