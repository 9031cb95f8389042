"""A home that was built and published under an earlier contract goes on with its next run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from subgroup_pipeline.build.scope import set_scope
from subgroup_pipeline.publish.district_reader import open_district
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")

BEFORE_2 = """
create or replace table analytics.marts.fct_student_subgroup as
select * replace (case source when 'file' then 'sftp' else source end as source) rename (received_at as valid_from)
from analytics.marts.fct_student_subgroup;
create or replace view analytics.main.fct_student_subgroup as from marts.fct_student_subgroup;
update analytics.marts.dim_district set contract_version = '1.1.0';
update control.build set build_key = 'before';
create table warehouse.intermediate.int_roster_row as select 'a student' as student_id
"""
AFTER_2 = """
update analytics.marts.dim_district set contract_version = '2.0.0' where district_id = 'alpha';
update control.build set build_key = 'now' where district_id = 'alpha';
update control.build set build_key = '' where district_id = 'beta'
"""
COMMENTS = """
select format('comment on column analytics.marts.fct_student_subgroup."{}" is $$Before.$$', column_name)
from duckdb_columns() where database_name = 'analytics' and schema_name = 'marts' and table_name = 'fct_student_subgroup'
"""
ROWS = "select district_id, student_id, subgroup, value, source, received_at from fct_student_subgroup order by all"


def _write(installation: Installation, *statements: str) -> None:
    with open_warehouse(installation.settings) as connection:
        for statement in statements:
            connection.execute(statement)


def _publish(installation: Installation) -> None:
    published = publish_snapshot(installation.registry, installation.settings, run_id="test")
    assert published is not None
    assert published.is_new


@pytest.fixture
def published_before_2(built: Installation) -> Iterator[Installation]:
    """The home as a release before 2.0.0 left it; afterwards it is that of now again."""
    working = built.settings.paths.analytics_database
    kept = working.read_bytes()
    _write(built, "create or replace table control.build_kept as from control.build", BEFORE_2)
    with open_warehouse(built.settings) as connection:
        for (comment,) in connection.execute(COMMENTS).fetchall():
            connection.execute(comment)
    _publish(built)
    yield built
    working.write_bytes(kept)
    _write(built, "create or replace table control.build as from control.build_kept", "drop table control.build_kept")
    _publish(built)


def test_districts_that_are_not_built_again_are_shown_in_the_words_of_now(
    built: Installation, request: pytest.FixtureRequest
) -> None:
    rows = built.ask(ROWS)
    assert {row[4] for row in rows} == {"file", "roster"}
    home: Installation = request.getfixturevalue("published_before_2")
    assert home.ask("select distinct source from fct_student_subgroup where valid_from is not null order by 1") == [
        ("roster",), ("sftp",)
    ]  # fmt: skip

    # A run without any of them in scope, and one of them whose rows come from the snapshot before.
    with open_warehouse(home.settings) as connection:
        assert set_scope(connection, home.registry, [], {}) == []
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'intermediate'").fetchall()
    assert "int_roster_row" not in {table for (table,) in tables}
    _write(home, AFTER_2)
    _publish(home)
    assert home.ask(ROWS) == rows
    with open_district(home.settings, "gamma") as connection:
        assert connection.execute("select distinct source from marts.fct_student_subgroup order by 1").fetchall() == [
            ("file",), ("roster",)
        ]  # fmt: skip


def test_a_table_that_the_snapshot_before_did_not_have_is_empty_for_a_district_that_is_kept_from_there(
    built: Installation,
) -> None:
    working = built.settings.paths.analytics_database
    before = working.read_bytes()
    _write(
        built,
        "create table analytics.marts.rpt_new as select district_id, 1 as student_count from analytics.marts.dim_district",
        "create or replace table control.build_kept as from control.build",
        "update control.build set build_key = case when district_id = 'gamma' then '' else 'built anew' end",
    )
    try:
        _publish(built)
        shown = {row[0] for row in built.ask("select district_id from marts.rpt_new")}
        assert shown
        assert shown == {row[0] for row in built.ask("select district_id from dim_district where district_id <> 'gamma'")}
        assert built.ask("select count(*) from dim_district where district_id = 'gamma'") == [(1,)]
    finally:
        working.write_bytes(before)
        _write(built, "create or replace table control.build as from control.build_kept", "drop table control.build_kept")
        _publish(built)
