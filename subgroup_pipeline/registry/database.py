"""Opening the registry: engine, migration to the newest tables, sessions, and what is said when its file is damaged or gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from subgroup_pipeline.disk import full_disk, is_full_disk, keep_reserve, make_room_for_ledger
from subgroup_pipeline.errors import RegistryDamagedError, RegistryLostError, SettingsError
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.registry.audit_chain import append_events
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.stages import stage

if TYPE_CHECKING:
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.settings import Settings

HEAD = "0008"
"""The newest migration; a test holds it to the folder. Comparing it saves Alembic's import on every command."""

_EVENTS = "audit events"
"""What a session keeps until its end: holding the log's end for longer would have transactions wait for each other."""
_BEFORE_MIGRATING = {"sqlite": "begin immediate", "postgresql": "select pg_advisory_xact_lock(7388)"}
"""Of two processes that open a new registry, one makes the tables and the other waits; the number is ours alone."""


class Registry:
    """The registry of one installation. `open_registry` makes it; `begin()` gives a transaction."""

    def __init__(self, engine: sa.Engine, home: Home) -> None:
        self.engine = engine
        self._home = home
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        self._auditing = Lock()
        sa.event.listen(self._sessions, "after_rollback", lambda session: session.info.pop(_EVENTS, None))

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session in one transaction: committed on leaving, rolled back on an exception.

        On a full disk it has the reserve; whatever is said then is typed (`disk`).
        """
        make_room_for_ledger(self._home)
        with stage("registry"), self._sessions.begin() as session:
            yield session
            if events := session.info.pop(_EVENTS, None):
                append_events(session, events)

    def audit(
        self,
        kind: str,
        *,
        actor: str,
        district_id: str | None = None,
        delivery_id: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Append one audit event in a transaction of its own.

        Threads take turns here: one that meets SQLite's lock sleeps up to a tenth of a second before it looks again.
        """
        with self._auditing, self.begin() as session:
            record_event(session, kind, actor=actor, district_id=district_id, delivery_id=delivery_id, detail=detail)

    def ping(self) -> None:
        """Ask for something that only our tables can answer; what the database raises is not caught."""
        with self.begin() as session:
            session.execute(sa.select(AuditEvent.event_id).limit(1))

    def require_whole(self) -> None:
        """Read every page of SQLite's file. Raises RegistryDamagedError; a server looks after its own files."""
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect() as connection:
                said = connection.execute(sa.text("pragma quick_check(1)")).scalar()
            if said != "ok":
                raise _damaged(self._home, str(said).partition("\n")[0])

    def write_anew(self) -> None:
        """Write SQLite's file anew, so that freed pages keep nothing of rows that were removed; a server looks after its own.

        Raises sqlalchemy.exc.OperationalError while another process reads.
        """
        if self.engine.dialect.name == "sqlite":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(sa.text("vacuum"))
                connection.execute(sa.text("pragma wal_checkpoint(truncate)"))

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def record_event(
    session: Session,
    kind: str,
    *,
    actor: str,
    district_id: str | None = None,
    delivery_id: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Append one audit event within the caller's transaction, as its last thing, and a line to the log."""
    log_event(kind, actor=actor, district_id=district_id, delivery_id=delivery_id, **(detail or {}))
    session.info.setdefault(_EVENTS, []).append(
        AuditEvent(
            at=datetime.now(UTC),
            kind=kind,
            actor=actor,
            district_id=district_id,
            delivery_id=delivery_id,
            detail=detail or {},
        )
    )


def open_registry(settings: Settings, *, is_restoring: bool = False) -> Registry:
    """Open the registry, making or migrating its tables first.

    Raises SettingsError when the database cannot be used, or is of a newer release; RegistryDamagedError when its file is no
    database any more; RegistryLostError when it is empty beside an archive or snapshots, unless a backup is being restored.
    """
    settings.paths.make()
    keep_reserve(settings.paths)
    engine = _make_engine(settings)
    try:
        version = _version(engine)
        _require_known(version)
        if version is None and not is_restoring:
            _require_new_home(settings)
        if version != HEAD:
            _migrate(engine)
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        engine.dispose()
        raise _unusable(settings, engine, str(error.orig).partition("\n")[0]) from error
    except Exception:
        engine.dispose()
        raise
    return Registry(engine, settings.paths)


def _require_known(version: str | None) -> None:
    if version is not None and version > HEAD:
        raise SettingsError(
            f"the registry is of a newer release (its tables are {version}, this release knows {HEAD}). "
            "Install that release; nothing was changed."
        )


def _require_new_home(settings: Settings) -> None:
    """Refuse a new registry beside what an earlier one named: its districts and verdicts would seem never to have been."""
    home = settings.paths
    left = {
        "archived files": any(home.archive.glob("*/??*")),
        "published snapshots": any(home.published.glob("[0-9]*Z")),
    }
    if found := " and ".join(name for name, is_there in left.items() if is_there):
        place = settings.shown("database_url") or home.registry_file
        raise RegistryLostError(
            f"this home had a registry: {home.root} holds {found}, and the registry at {place} is empty or gone. "
            "These files are safe, and no new registry was made beside them. Put the registry back, or run "
            "`subgroups restore FILE` with the newest backup and then `subgroups rebuild`; without either begin anew in another "
            "SUBGROUPS_HOME."
        )


def _unusable(settings: Settings, engine: sa.Engine, said: str) -> SettingsError:
    if engine.dialect.name == "sqlite":
        return SettingsError(
            f"cannot use the registry at {engine.url.database}: {said}. Look whether the user of this process may read and write "
            "that file and its folder; SUBGROUPS_HOME (or SUBGROUPS_DATABASE_URL) says where it lies."
        )
    return SettingsError(
        f"cannot use the registry at {settings.shown('database_url')}: {said}. Look at SUBGROUPS_DATABASE_URL, whether that "
        "database is up, and whether its user owns it (`createdb --encoding UTF8 --owner USER NAME`)."
    )


def _make_engine(settings: Settings) -> sa.Engine:
    """The engine. What it raises stands in logs, so it quotes no values: among them are mails with links that sign in."""
    if not settings.is_on_postgres:
        engine = sa.create_engine(settings.registry_url, hide_parameters=True)
        sa.event.listen(engine, "connect", _set_pragmas)
        sa.event.listen(engine, "handle_error", lambda context: _raise_in_words(context, settings.paths))
        return engine
    try:
        # A connection that the server closed meanwhile is made anew; the SFTP server's may stand idle for days.
        return sa.create_engine(
            settings.registry_url,
            pool_pre_ping=True,
            hide_parameters=True,
            client_encoding="utf8",
            connect_args={"connect_timeout": 10, "application_name": "subgroups"},
        )
    except ModuleNotFoundError as error:
        raise SettingsError("PostgreSQL needs a driver: pip install 'subgroup-pipeline[postgres]'.") from error


def _raise_in_words(context: sa.engine.ExceptionContext, home: Home) -> None:
    """Raise RegistryDamagedError or DiskFullError for what SQLite says of its file; SQLAlchemy raises them in its place."""
    code = getattr(context.original_exception, "sqlite_errorname", "")
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        raise _damaged(home, str(context.original_exception))
    if is_full_disk(context.original_exception, home):
        raise full_disk(home)


def _damaged(home: Home, said: str) -> RegistryDamagedError:
    """The error for a registry whose file is damaged, with what SQLite said of it."""
    return RegistryDamagedError(
        f"the registry {home.registry_file} is damaged ({said}). The archive and what readers see are safe, and nothing was "
        "changed. Run `subgroups restore FILE` with the newest backup, which sets the damaged file aside, and then "
        "`subgroups rebuild`."
    )


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    cursor = connection.cursor()
    for pragma in ("journal_mode=wal", "foreign_keys=on", "busy_timeout=30000", "synchronous=full"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _version_table(engine: sa.Engine) -> str:
    """Alembic's table of ours. On PostgreSQL Dagster has its own in the same database, under Alembic's usual name."""
    return "registry_version" if engine.dialect.name == "postgresql" else "alembic_version"


def _version(engine: sa.Engine) -> str | None:
    table = _version_table(engine)
    if not sa.inspect(engine).has_table(table):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text(f"select version_num from {table}")).scalar()


def _migrate(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["version_table"] = _version_table(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(_BEFORE_MIGRATING[engine.dialect.name])
        if engine.dialect.name == "postgresql":
            _require_utf8(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _require_utf8(connection: sa.Connection) -> None:
    """Refuse a database that cannot hold every name; a server set up without a locale makes them SQL_ASCII."""
    encoding = connection.execute(sa.text("show server_encoding")).scalar()
    if encoding != "UTF8":
        raise SettingsError(
            f"the database is encoded as {encoding}, and names need UTF8. Make it anew: "
            "`createdb --template template0 --encoding UTF8 --owner USER NAME`."
        )
