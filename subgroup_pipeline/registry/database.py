"""Opening the registry: engine, migration to the newest tables, and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.logs import log_event
from subgroup_pipeline.registry.schema import AuditEvent

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings

HEAD = "0002"
"""The newest migration; a test holds it to the folder. Comparing it saves Alembic's import on every command."""


_BEFORE_MIGRATING = {"sqlite": "begin immediate", "postgresql": "select pg_advisory_xact_lock(7388)"}
"""Of two processes that open a new registry, one makes the tables and the other waits; the number is ours alone."""


class Registry:
    """The registry of one installation. `open_registry` makes it; `begin()` gives a transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A session in one transaction: committed on leaving, rolled back on an exception."""
        with self._sessions.begin() as session:
            yield session

    def audit(
        self,
        kind: str,
        *,
        actor: str,
        district_id: str | None = None,
        delivery_id: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Append one audit event in a transaction of its own."""
        with self.begin() as session:
            record_event(session, kind, actor=actor, district_id=district_id, delivery_id=delivery_id, detail=detail)

    def ping(self) -> None:
        """Ask for something that only our tables can answer; what the database raises is not caught."""
        with self.begin() as session:
            session.execute(sa.select(AuditEvent.event_id).limit(1))

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
    """Append one audit event within the caller's transaction, and a line to the log."""
    log_event(kind, actor=actor, district_id=district_id, delivery_id=delivery_id, **(detail or {}))
    session.add(
        AuditEvent(
            at=datetime.now(UTC),
            kind=kind,
            actor=actor,
            district_id=district_id,
            delivery_id=delivery_id,
            detail=detail or {},
        )
    )


def open_registry(settings: Settings) -> Registry:
    """Open the registry, making or migrating its tables first.

    Raises SettingsError when the database cannot be used, or is of a newer release.
    """
    settings.paths.make()
    engine = _make_engine(settings)
    try:
        version = _version(engine)
        if version is not None and version > HEAD:
            raise SettingsError(
                f"the registry is of a newer release (its tables are {version}, this release knows {HEAD}). "
                "Install that release; nothing was changed."
            )
        if version != HEAD:
            _migrate(engine)
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        engine.dispose()
        place = settings.shown("database_url") or engine.url
        said = str(error.orig).partition("\n")[0]
        raise SettingsError(
            f"cannot use the registry at {place}: {said}. Look at SUBGROUPS_DATABASE_URL, whether that database is up, "
            "and whether its user owns it (`createdb --encoding UTF8 --owner USER NAME`)."
        ) from error
    return Registry(engine)


def _make_engine(settings: Settings) -> sa.Engine:
    if not settings.is_on_postgres:
        engine = sa.create_engine(settings.registry_url)
        sa.event.listen(engine, "connect", _set_pragmas)
        return engine
    try:
        # A connection that the server closed meanwhile is made anew; the SFTP server's may stand idle for days.
        return sa.create_engine(
            settings.registry_url,
            pool_pre_ping=True,
            client_encoding="utf8",
            connect_args={"connect_timeout": 10, "application_name": "subgroups"},
        )
    except ModuleNotFoundError as error:
        raise SettingsError("PostgreSQL needs a driver: pip install 'subgroup-pipeline[postgres]'.") from error


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
