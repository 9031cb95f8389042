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

HEAD = "0001"
"""The newest migration; a test holds it to the folder. Comparing it saves Alembic's import on every command."""


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
    """Open the registry, making or migrating its tables first."""
    settings.paths.make()
    engine = sa.create_engine(settings.registry_url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _set_pragmas)
    version = _version(engine)
    if version is not None and version > HEAD:
        raise SettingsError(
            f"the registry is of a newer release (its tables are {version}, this release knows {HEAD}). "
            "Install that release; nothing was changed."
        )
    if version != HEAD:
        _migrate(engine)
    return Registry(engine)


def _set_pragmas(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    cursor = connection.cursor()
    for pragma in ("journal_mode=wal", "foreign_keys=on", "busy_timeout=30000", "synchronous=full"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _version(engine: sa.Engine) -> str | None:
    if not sa.inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(sa.text("select version_num from alembic_version")).scalar()


def _migrate(engine: sa.Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
