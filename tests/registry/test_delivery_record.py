"""A delivery's record: what is noted and what is not, and rows as releases before it stored them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from pydantic import ValidationError

from subgroup_pipeline.registry import database
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.delivery_record import ChangedStudents, DeliveryRecord, FileReading, FileRecord
from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.postgres import Server

USERS = {"table": "users", "lines": 11, "records": 10, "blank": 0, "skipped": 0, "continued": 0, "set_aside": 1, "landed": 9}
ROSTER = {"is_delta": False, "delta_tables": [], "bulk_tables": ["users"], "files": {"users.csv": USERS}}
READING = {"encoding": "windows-1252", "delimiter": ";", "header_line": 3, "last_line": 9, "columns": {"ell": "ELL?"}}
STORED = {
    "of a roster": ROSTER | {"active_students": 8, "changes": {"new": 1, "changed": 2, "removed": 0}},
    "of a delta": ROSTER | {"is_delta": True, "delta_tables": ["users"], "bulk_tables": [], "rows_carried_over": 70},
    "of a subgroup file": {
        "files": {"s.csv": USERS | {"table": "subgroup_row", "reading": READING}},
        "student_ids": 9, "matched": 8, "absent_students": 0, "rows_set_aside_by_checks": 2,
    },
    "of a file that ended a run": ROSTER | {"ended_runs": 1},
    "of what waits for its proof": {"files_waiting": 2},
    "of what was never screened": {},
    "before some rows were counted": {"files": {"users.csv": {"table": "users", "lines": 2, "records": 1, "set_aside": 0}}},
}  # fmt: skip


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgres)])
def settings(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Settings]:
    """Of an installation without a registry."""
    if request.param == "sqlite":
        yield load_settings(home=tmp_path / "home")
        return
    server: Server = request.getfixturevalue("postgres_server")
    url = server.make_database()
    yield load_settings(home=tmp_path / "home", database_url=url)
    server.drop_database(url)


@pytest.fixture
def old(settings: Settings) -> Iterator[sa.Engine]:
    """A registry with the tables of the release before the typed record."""
    settings.paths.make()
    engine = sa.create_engine(settings.registry_url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.attributes["version_table"] = "registry_version" if settings.is_on_postgres else "alembic_version"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    yield engine
    engine.dispose()


def _store(engine: sa.Engine, stored: dict[str, Any]) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("insert into district values ('alpha', 'Made-up', 1, '2026-10-01 00:00:00.000000')"))
        for number, counts in enumerate(stored.values()):
            connection.execute(
                sa.text(
                    "insert into delivery (delivery_id, district_id, feed, state, received_at, seen_again_count, counts) values "
                    "(:id, 'alpha', 'roster', 'published', '2026-10-01 00:00:00.000000', 0, :counts)"
                ),
                {"id": f"delivery-{number}", "counts": json.dumps(counts)},
            )
        connection.execute(sa.text("insert into delivery_file values ('delivery-0', 'users.csv', '', 'sha', 1)"))


def test_rows_of_the_release_before_are_read_and_printed_as_they_were(settings: Settings, old: sa.Engine) -> None:
    _store(old, STORED)
    registry = open_registry(settings)
    deliveries = all_deliveries(registry)
    assert [describe_delivery(delivery)["counts"] for delivery in deliveries] == list(STORED.values())
    roster, _, subgroups, *_ = (delivery.record for delivery in deliveries)
    assert roster.changes == ChangedStudents(new=1, changed=2, removed=0)
    assert (roster.lines, roster.records, roster.landed, roster.rows_set_aside) == (11, 10, 9, 1)
    assert subgroups.reading_of("s.csv") == FileReading(**READING)
    assert subgroups.rows_set_aside == 3
    assert [file.name for file in deliveries[0].files] == ["users.csv"]
    registry.close()


def test_what_no_release_reads_is_left_behind(settings: Settings, old: sa.Engine) -> None:
    odd = {"files": {"a.csv": {"lines": 3}, "users.csv": USERS | {"odd": 1}}, "odd": 1, "matched": None, "changes": {"new": "?"}}
    _store(old, {"odd": odd, "null": None})
    registry = open_registry(settings)
    assert [delivery.record.as_json() for delivery in all_deliveries(registry)] == [{"files": {"users.csv": USERS}}, {}]
    registry.close()


def test_a_record_takes_what_is_noted_anew_and_keeps_the_rest() -> None:
    record = DeliveryRecord(files={"a.csv": FileRecord(table="users", lines=2)}, ended_runs=1)
    newer = record.updated(DeliveryRecord(active_students=0, is_delta=False))
    assert newer.as_json() == {
        "files": {"a.csv": {"table": "users", "lines": 2}}, "is_delta": False, "active_students": 0, "ended_runs": 1,
    }  # fmt: skip
    assert newer.without_ended_runs().as_json() == {name: v for name, v in newer.as_json().items() if name != "ended_runs"}


def test_a_record_has_no_field_that_is_not_known() -> None:
    with pytest.raises(ValidationError):
        DeliveryRecord(student="Ana")  # type: ignore[call-arg]
