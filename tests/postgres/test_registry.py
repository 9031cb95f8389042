"""The registry in PostgreSQL: what differs between databases must not show. `tests/registry` runs on both as well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.orm import Session

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.sources.remote_files import observe_files
from subgroup_pipeline.registry.column_types import Characters
from subgroup_pipeline.registry.database import HEAD, Registry, open_registry, record_event
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import UploadedFile, all_deliveries, describe_delivery
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import AuditEvent, Base, Delivery
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.upkeep.backup import back_up, restore
from tests.support.home import apply
from tests.support.postgres import Server

pytestmark = pytest.mark.needs_postgres


@pytest.fixture
def settings(tmp_path: Path, postgres_url: str) -> Settings:
    return load_settings(home=tmp_path / "home", database_url=postgres_url)


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    opened = open_registry(settings)
    _apply(opened, "alpha")
    yield opened
    opened.close()


def _apply(registry: Registry, district: str) -> tuple[int, bool]:
    text = f"district: {district}\nname: Made-up {district} É\ntimezone: America/Chicago\n"
    return apply(registry, text)


def _register(session: Session, content: str, district: str = "alpha", **how: Any) -> Delivery:  # noqa: ANN401 - as `register_delivery` takes them
    files = [UploadedFile(f"{content}.csv", content, 5_000_000_000)]
    return register_delivery(
        session, district, "roster", sha256=content, content_sha256=content, proof="settled", files=files, **how
    )[0]  # fmt: skip


def test_the_migrations_make_what_the_models_say(registry: Registry) -> None:
    ours = set(Base.metadata.tables) | {"registry_version"}
    assert set(sa.inspect(registry.engine).get_table_names()) == ours
    with registry.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "version_table": "registry_version"})
        assert compare_metadata(context, Base.metadata) == []


def test_every_text_is_compared_bytewise(registry: Registry) -> None:
    query = """select table_name, column_name, collation_name from information_schema.columns
        where table_schema = 'public' and data_type in ('text', 'character varying') and table_name <> 'registry_version'"""
    with registry.engine.connect() as connection:
        found = connection.execute(sa.text(query)).all()
    assert {collation for *_, collation in found} == {"C"}
    columns = [column for table in Base.metadata.tables.values() for column in table.columns]
    texts = {(column.table.name, column.name) for column in columns if isinstance(column.type, Characters)}
    assert {(table, column) for table, column, _ in found} == texts


def test_districts_and_ids_sort_as_python_sorts_them(registry: Registry) -> None:
    """This server sorts by the rules of English, which put `_` before digits."""
    names = ["ab", "a_c", "a9", "a_1", "bb"]
    for name in names:
        _apply(registry, name)
    assert [d.district_id for d in registered_districts(registry)] == sorted([*names, "alpha"])
    with registry.begin() as session:
        own = session.scalars(sa.text("select x from unnest(array['a9', 'a_1']) x order by x")).all()
        assert own != sorted(own), "the server's own order is another than Python's"
        ids = ["20261001T00-b", "20261001T00-A", "20261001T000", "20261001T00_"]
        now = datetime.now(UTC)
        session.add_all(Delivery(delivery_id=i, district_id="ab", feed="roster", state="held", received_at=now) for i in ids)
        session.flush()
        query = sa.select(Delivery.delivery_id).where(Delivery.delivery_id > "20261001T00-b").order_by(Delivery.delivery_id)
        assert list(session.scalars(query)) == sorted(i for i in ids if i > "20261001T00-b")


def test_what_sqlite_takes_is_taken(registry: Registry) -> None:
    """Names and headers come from outside: long ones, a NUL, a file beyond 2 GiB and a time beyond 2038."""
    with registry.begin() as session:
        delivery = _register(session, "big")
        about = [Finding("HDR003", file="x" * 900, column="a header\0" + "y" * 5000)]
        store_findings(session, "landing", "alpha", delivery.delivery_id, about)
    (found,) = all_deliveries(registry)
    assert found.files[0].size == 5_000_000_000
    assert found.findings[0].column == "a header\ufffd" + "y" * 5000
    with registry.begin() as session:
        states = observe_files(session, "alpha", [("inbox/roster/é.csv", 3_000_000_000, 4_294_967_295)])
    assert states["inbox/roster/é.csv"].mtime == 4_294_967_295


def test_a_time_is_a_moment_whatever_the_zone_of_the_server(registry: Registry) -> None:
    moment = datetime(2026, 11, 1, 6, 30, 0, 123456, tzinfo=UTC)
    with registry.begin() as session:
        session.add(AuditEvent(event_id=9, at=moment, kind="time", actor="me", detail={}))
    with registry.engine.connect() as connection:
        assert connection.execute(sa.text("show timezone")).scalar() == "America/Chicago"
        query = sa.text("select at at time zone 'UTC' from audit_event where kind = 'time'")
        assert connection.execute(query).scalar() == moment.replace(tzinfo=None)


def test_a_connection_that_the_server_closed_is_made_anew(registry: Registry) -> None:
    with registry.engine.connect() as connection:
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar()
    other = sa.create_engine(registry.engine.url, poolclass=sa.NullPool)
    with other.connect() as connection:
        connection.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": pid})
    registry.audit("kind", actor="me")


def test_two_writers_at_once_lose_nothing(registry: Registry, settings: Settings) -> None:
    start = threading.Barrier(2)

    def write(district: str) -> None:
        mine = open_registry(settings)
        _apply(mine, district)
        start.wait()
        for number in range(15):
            with mine.begin() as session:
                _register(session, f"{district}{number}", district)
            mine.audit("kind", actor=district)
        mine.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ("one", "two")))
    assert {d.sha256 for d in all_deliveries(registry)} == {f"{d}{n}" for d in ("one", "two") for n in range(15)}
    with registry.begin() as session:
        counts = session.execute(sa.select(AuditEvent.actor, sa.func.count()).filter_by(kind="kind").group_by("actor")).all()
    assert sorted(map(tuple, counts)) == [("one", 15), ("two", 15)]


def test_a_writer_does_not_wait_for_another_districts(registry: Registry, settings: Settings) -> None:
    """What PostgreSQL is for: SQLite has one writer at a time."""
    _apply(registry, "beta")
    other = open_registry(settings)
    with registry.begin() as session:
        _register(session, "a", "alpha")
        session.flush()
        with other.begin() as second:
            second.execute(sa.text("set local lock_timeout = '2s'"))
            _register(second, "b", "beta")
    other.close()
    assert len(all_deliveries(registry)) == 2


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_processes_that_open_a_new_registry_at_once_make_it_once(
    backend: str, tmp_path: Path, empty_postgres_url: str
) -> None:  # fmt: skip
    settings = load_settings(home=tmp_path / "home", database_url=empty_postgres_url if backend == "postgresql" else "")
    start = threading.Barrier(4)

    def open_and_write(number: int) -> None:
        start.wait()
        registry = open_registry(settings)
        registry.audit("kind", actor=str(number))
        registry.close()

    # Alembic's command API is for one thread a process, so what is tried at once here is the making of tables.
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_and_write, range(4)))
    registry = open_registry(settings)
    with registry.begin() as session:
        assert sorted(session.scalars(sa.select(AuditEvent.actor).filter_by(kind="kind"))) == ["0", "1", "2", "3"]
    registry.close()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_registry_of_a_newer_release_is_refused_and_left_alone(backend: str, tmp_path: Path, postgres_url: str) -> None:
    settings = load_settings(home=tmp_path / "home", database_url=postgres_url if backend == "postgresql" else "")
    registry = open_registry(settings)
    table = "registry_version" if backend == "postgresql" else "alembic_version"
    with registry.engine.begin() as connection:
        connection.exec_driver_sql(f"update {table} set version_num = '9999'")
    with pytest.raises(SettingsError, match=f"newer release .*9999, this release knows {HEAD}"):
        open_registry(settings)
    with registry.engine.connect() as connection:
        assert connection.exec_driver_sql(f"select version_num from {table}").scalar() == "9999"
    registry.close()


def test_a_backup_goes_from_sqlite_to_postgresql_and_back(tmp_path: Path, settings: Settings) -> None:
    at_home = load_settings(home=tmp_path / "sqlite")
    first = open_registry(at_home)
    for district in ("alpha", "a_b"):
        _apply(first, district)
    with first.begin() as session:
        delivery = _register(session, "é", findings=[Finding("PKG007", file="é.csv")], is_rejected=True)
        record_event(session, "kind", actor="ann", delivery_id=delivery.delivery_id, detail={"nested": [1, None, "é\0"]})
    back_up(first, at_home, tmp_path / "one.tar")
    assert restore(settings, tmp_path / "one.tar") == 1
    second = open_registry(settings)
    assert _rows(second) == _rows(first)
    assert [describe_delivery(d) for d in all_deliveries(second)] == [describe_delivery(d) for d in all_deliveries(first)]

    second.audit("after", actor="me")
    with second.begin() as session:
        store_findings(session, "landing", "alpha", delivery.delivery_id, [Finding("PKG007")])
    back_up(second, settings, tmp_path / "two.tar")
    back_home = load_settings(home=tmp_path / "back")
    assert restore(back_home, tmp_path / "two.tar") == 1
    third = open_registry(back_home)
    assert _rows(third) == _rows(second)
    with pytest.raises(SettingsError, match="holds data already"):
        restore(settings, tmp_path / "two.tar")
    for registry in (first, second, third):
        registry.close()


def _rows(registry: Registry) -> dict[str, list[object]]:
    with registry.begin() as session:
        connection = session.connection()
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def test_an_empty_backup_leaves_the_numbering_at_one(tmp_path: Path, settings: Settings) -> None:
    at_home = load_settings(home=tmp_path / "sqlite")
    empty = open_registry(at_home)
    back_up(empty, at_home, tmp_path / "empty.tar")
    empty.close()
    assert restore(settings, tmp_path / "empty.tar") == 0
    registry = open_registry(settings)
    registry.audit("kind", actor="me")
    with registry.begin() as session:
        assert session.scalars(sa.select(AuditEvent.event_id)).all() == [1]
    registry.close()


def test_a_database_that_cannot_hold_every_name_is_refused(tmp_path: Path, postgres_server: Server) -> None:
    url = postgres_server.make_database("template0", "encoding 'SQL_ASCII' locale_provider libc locale 'C'")
    with pytest.raises(SettingsError, match=r"SQL_ASCII.*createdb --template template0 --encoding UTF8"):
        open_registry(load_settings(home=tmp_path, database_url=url))
    assert sa.inspect(sa.create_engine(load_settings(database_url=url).registry_url)).get_table_names() == []
    postgres_server.drop_database(url)


def test_a_user_that_may_not_make_tables_is_told_so(tmp_path: Path, postgres_server: Server) -> None:
    url = postgres_server.make_database()
    postgres_server.run(f"alter database {url.rpartition('/')[2]} owner to administrator")
    with pytest.raises(SettingsError, match=r"permission denied for schema public.*--owner") as refused:
        open_registry(load_settings(home=tmp_path, database_url=url))
    assert postgres_server.password not in str(refused.value)
    postgres_server.drop_database(url)
