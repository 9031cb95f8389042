"""The registry's tables: made by migrations, equal to the models, and their times."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from subgroup_pipeline.registry import database
from subgroup_pipeline.registry.database import HEAD, Registry, open_registry, record_event
from subgroup_pipeline.registry.schema import AuditEvent, Base
from subgroup_pipeline.settings import load_settings

MIGRATIONS = Path(database.__file__).parent / "migrations"


def test_the_migrations_make_what_the_models_say(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_opening_again_keeps_what_is_there(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    first = open_registry(settings)
    first.audit("kind", actor="me")
    first.close()
    second = open_registry(settings)
    with second.begin() as session:
        assert [event.kind for event in session.scalars(sa.select(AuditEvent))] == ["kind"]
    second.close()


def test_a_home_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    from subgroup_pipeline.errors import SettingsError

    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SUBGROUPS_HOME"):
        open_registry(load_settings(home=tmp_path / "file" / "home"))


def test_a_row_of_an_unknown_district_is_refused_by_the_database(registry: Registry) -> None:
    from subgroup_pipeline.registry.schema import Delivery

    with pytest.raises(sa.exc.IntegrityError), registry.begin() as session:
        session.add(
            Delivery(delivery_id="x", district_id="nobody", feed="roster", state="received", received_at=datetime.now(UTC))
        )


def test_an_exception_takes_the_whole_transaction_back(registry: Registry) -> None:
    def work() -> None:
        with registry.begin() as session:
            record_event(session, "kind", actor="me", district_id="nowhere")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    with registry.begin() as session:
        assert session.scalars(sa.select(AuditEvent).filter_by(district_id="nowhere")).all() == []


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 11, 1, 1, 30, 0, 123456, tzinfo=timezone(timedelta(hours=-5))),
        datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2096, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
def test_a_time_comes_back_as_the_same_moment_in_utc(registry: Registry, moment: datetime) -> None:
    with registry.begin() as session:
        session.add(AuditEvent(event_id=99, at=moment, kind="time", actor="me", detail={}))
    with registry.begin() as session:
        found = session.scalars(sa.select(AuditEvent).filter_by(kind="time")).one().at
    assert found == moment
    assert found.utcoffset() == timedelta(0)


def test_times_are_stored_in_utc_and_sort_as_text(registry: Registry) -> None:
    moment = datetime(2026, 11, 1, 20, 0, tzinfo=timezone(timedelta(hours=-5)))
    with registry.begin() as session:
        session.add(AuditEvent(at=moment, kind="time", actor="me", detail={}))
    with sqlite3.connect(str(registry.engine.url.database)) as plain:
        assert plain.execute("select at from audit_event where kind = 'time'").fetchall() == [("2026-11-02 01:00:00.000000",)]


def test_a_time_without_a_zone_is_refused(registry: Registry) -> None:
    naive = datetime(2026, 10, 1)  # noqa: DTZ001 - that is the point
    with pytest.raises(sa.exc.StatementError, match="aware"), registry.begin() as session:
        session.add(AuditEvent(at=naive, kind="time", actor="me", detail={}))


def test_a_fault_quotes_no_value(tmp_path: Path) -> None:
    """What a statement carried would stand in logs: a mail holds a link that signs in."""
    registry = open_registry(load_settings(home=tmp_path))
    with pytest.raises(sa.exc.DBAPIError) as raised, registry.begin() as session:
        session.execute(sa.text("select * from nowhere where mail = :mail"), {"mail": "sesame"})
    registry.close()
    assert "sesame" not in str(raised.value)
