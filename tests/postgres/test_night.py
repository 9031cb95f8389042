"""A night with everything in PostgreSQL: the registry, and Dagster's runs, events and schedules beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster_postgres import PostgresEventLogStorage

from subgroup_pipeline.mirror.server import transaction
from subgroup_pipeline.orchestration.instance import open_instance, prepare_instance
from subgroup_pipeline.registry.database import HEAD
from subgroup_pipeline.registry.schema import Base
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in, zip_of
from tests.support.postgres import Server

pytestmark = [pytest.mark.needs_postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server) -> Iterator[Installation]:
    url, mirror_url = postgres_server.make_database(), postgres_server.make_database()
    home = tmp_path_factory.mktemp("postgres") / "home"
    database_url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
    with installation_in(home, database_url=database_url, mirror_url=mirror_url) as installation:
        for district in ("alpha", "torn"):
            installation.apply(small.settings(district))
        installation.upload("alpha", "roster", {"roster.zip": zip_of(small.roster())})
        installation.upload("alpha", "subgroups", {"subgroups.csv": small.subgroups()})
        installation.upload("torn", "roster", {"roster.zip": zip_of({**small.roster(), "orgs.csv": ""})})
        installation.night()
        yield installation
    postgres_server.drop_database(url)
    postgres_server.drop_database(mirror_url)


def test_the_night_is_as_on_sqlite(ran: Installation) -> None:
    assert [(d["state"], d["verdict"], d["proof"]) for d in ran.deliveries("alpha")] == [
        ("published", "accepted", "zip_crc"),
        ("published", "accepted", "settled"),
    ]
    assert [d["state"] for d in ran.deliveries("torn")] == ["rejected"]
    assert ran.district_report("alpha")["english_learner", "yes"] == 4


def test_a_second_night_changes_nothing(ran: Installation) -> None:
    before = ran.settings.paths.current_snapshot.resolve()
    ran.upload("alpha", "subgroups", {"subgroups.csv": small.subgroups()})
    ran.night()
    assert ran.settings.paths.current_snapshot.resolve() == before
    assert [d["seen_again_count"] for d in ran.deliveries("alpha", "subgroups")] == [1]


def test_the_mirror_holds_what_the_night_published(ran: Installation) -> None:
    with transaction(ran.settings) as mirror:
        mirror.execute("select count(*) from marts.rpt_student_subgroup where subgroups ->> 'english_learner' = 'yes'")
        assert mirror.fetchone() == (4,)
        mirror.execute("select snapshot from mirror.snapshot")
        assert mirror.fetchone() == (ran.settings.paths.current_snapshot.resolve().name,)


def test_dagster_keeps_its_history_there_too(ran: Installation) -> None:
    with open_instance(ran.settings) as instance:
        assert isinstance(instance.event_log_storage, PostgresEventLogStorage)
        assert {run.status for run in instance.get_runs()} == {dg.DagsterRunStatus.SUCCESS}
        key = dg.AssetKey("district_delivery")
        assert instance.get_materialized_partitions(key) >= {"alpha/roster", "alpha/subgroups"}
    with ran.registry.engine.connect() as connection:
        kinds: set[str] = set(connection.execute(sa.text("select distinct dagster_event_type from event_logs")).scalars())
    assert kinds >= {"ASSET_MATERIALIZATION", "ASSET_CHECK_EVALUATION", "STEP_SUCCESS"}
    assert not [path for path in ran.settings.paths.root.rglob("*") if path.suffix in (".sqlite", ".db")]


def test_the_two_sets_of_tables_do_not_meet(ran: Installation) -> None:
    tables = set(sa.inspect(ran.registry.engine).get_table_names())
    ours = set(Base.metadata.tables) | {"registry_version"}
    dagsters = tables - ours
    assert {"runs", "event_logs", "instigators", "alembic_version"} <= dagsters
    with ran.registry.engine.connect() as connection:
        assert connection.execute(sa.text("select version_num from registry_version")).scalars().all() == [HEAD]
        theirs: str = connection.execute(sa.text("select version_num from alembic_version")).scalar_one()
    assert theirs != HEAD


def test_the_registry_and_dagster_open_beside_each_other_in_any_order(
    tmp_path: Path, empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("SUBGROUPS_DATABASE_URL", empty_postgres_url)
    settings = load_settings(home=tmp_path / "home")
    with open_instance(settings) as instance:
        assert instance.get_runs() == []
    from subgroup_pipeline.registry.database import open_registry

    for _ in range(2):
        registry = open_registry(settings)
        registry.audit("kind", actor="me")
        registry.close()


def test_the_password_is_on_no_disk_of_ours(ran: Installation, postgres_server: Server) -> None:
    secrets = {postgres_server.password.encode(), quote(postgres_server.password, safe="").encode()}
    beginning = postgres_server.password[:8].encode()  # whatever way the rest is escaped
    files = [path for path in ran.settings.paths.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert ran.settings.paths.dagster / "dagster.yaml" in files
    assert [path for path in files if any(secret in path.read_bytes() for secret in {*secrets, beginning})] == []
    configured = (ran.settings.paths.dagster / "dagster.yaml").read_text()
    assert "env: SUBGROUPS_DATABASE_URL" in configured


def test_the_password_is_in_no_table_of_dagster(ran: Installation, postgres_server: Server) -> None:
    beginning = postgres_server.password[:8]
    with ran.registry.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            query = sa.text(f'select count(*) from "{table}" t where t::text like :secret')
            assert connection.execute(query, {"secret": f"%{beginning}%"}).scalar() == 0, table


def test_back_on_sqlite_the_file_names_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.setenv("SUBGROUPS_DATABASE_URL", "")
    for url in ("postgresql://user:sesame@host/name", ""):
        settings = load_settings(home=tmp_path, database_url=url)
        prepare_instance(settings)
        written = (settings.paths.dagster / "dagster.yaml").read_text()
        assert ("postgres_url" in written) == bool(url)
        assert "sesame" not in written
