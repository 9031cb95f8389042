"""Who reads what is published: in the middle of publishes, with any tool, and without leaving the file."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.publish.compaction import compact_working_file
from subgroup_pipeline.publish.reader import open_published
from tests.publish.publishing import publish_anew
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")


def test_five_readers_read_through_several_publishes_without_an_error(built: Installation) -> None:
    stop = threading.Event()
    errors: list[Exception] = []
    reads = [0] * 5

    def read(number: int) -> None:
        while not stop.is_set():
            try:
                with open_published(built.settings) as connection:
                    for _ in range(3):
                        found = connection.execute("select count(*), sum(student_count) from marts.dim_district").fetchall()
                        assert found == [(3, 33)]
                reads[number] += 1
            except Exception as error:  # noqa: BLE001 - whatever a reader meets
                errors.append(error)
                return

    readers = [threading.Thread(target=read, args=(number,)) for number in range(5)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(4):
            publish_anew(built)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert errors == []
    assert min(reads) > 1


def test_an_analyst_opens_the_file_plainly_while_publishes_go_on(built: Installation) -> None:
    """As any tool does: `duckdb.connect(path, read_only=True)` in a process of its own, through the link."""
    program = (
        "import duckdb, sys\n"
        "connection = duckdb.connect(sys.argv[1], read_only=True)\n"
        "print(connection.execute('select sum(student_count) from marts.dim_district').fetchone()[0], flush=True)\n"
        "sys.stdin.readline()\n"
        "query = \"select count(*) from marts.rpt_student_subgroup where subgroups['english_learner'] = 'yes'\"\n"
        "print(connection.execute(query).fetchone()[0], flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(built.settings.paths.published_database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "33\n"
        for _ in range(4):
            publish_anew(built)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "12\n"
    assert reader.returncode == 0


def test_it_holds_the_tables_of_the_dictionary_and_nothing_else(built: Installation) -> None:
    publish_anew(built)
    tables = [(table.schema, table.name) for table in published_tables()]
    found = built.ask("select table_schema, table_name from information_schema.tables")
    assert sorted(found) == sorted([*tables, *(("main", name) for _, name in tables)])
    assert {name for schema, name in tables if schema == "quality"} == {"delivery", "finding", "reconciliation"}


def test_any_tool_shows_the_tables_and_what_they_mean(built: Installation, tmp_path: Path) -> None:
    """After the weekly rewrite too, and in a copy that is attached under another name."""
    compact_working_file(built.settings)
    copy = tmp_path / "of_tonight.duckdb"
    copy.write_bytes((publish_anew(built) / "analytics.duckdb").read_bytes())
    meanings: dict[tuple[str, str | None], str] = {(table.name, None): table.meaning for table in published_tables()}
    meanings |= {(table.name, name): c.meaning for table in published_tables() for name, c in table.columns.items()}
    types = {(table.name, name): c.type.lower() for table in published_tables() for name, c in table.columns.items()}
    columns = "select table_name, column_name, {} from duckdb_columns() where schema_name {} 'main' and not internal"
    tables = "select {0}_name, null, comment from duckdb_{0}s() where schema_name {1} 'main' and not internal"
    with duckdb.connect(str(copy), read_only=True) as plain:
        assert [row[0] for row in plain.execute("show tables").fetchall()] == sorted(table.name for table in published_tables())
        assert plain.execute("select sum(student_count) from dim_district").fetchone() == (33,)
        for schema in ("=", "<>"):
            said = [columns.format("comment", schema), tables.format("view", schema), tables.format("table", schema)]
            assert {(*row[:2],): row[2] for row in plain.execute(" union all ".join(said)).fetchall()} == meanings
            found = plain.execute(columns.format("lower(data_type)", schema)).fetchall()
            assert {(table, column): kind for table, column, kind in found} == types
    with duckdb.connect() as other:
        other.execute(f"attach '{copy}' as elsewhere (read_only)")
        assert other.execute("select count(*) from elsewhere.rpt_student_subgroup").fetchone() == (33,)
        other.execute("use elsewhere")
        assert other.execute("select count(*) from delivery where state = 'published'").fetchone() == (6,)


@pytest.mark.parametrize(
    "statement",
    [
        "attach '{elsewhere}/raw.duckdb'",
        "copy marts.dim_student to '{elsewhere}/students.csv'",
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "from '{elsewhere}/x.parquet'",
        "export database '{elsewhere}/all'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "set lock_configuration = false",
        "pragma database_list; attach ':memory:' as x; copy (select 1) to '{elsewhere}/y.csv'",
        "delete from marts.dim_student",
        "create table marts.mine as select 1",
    ],
)
def test_a_reader_cannot_leave_the_file(built: Installation, tmp_path: Path, statement: str) -> None:
    with open_published(built.settings) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(elsewhere=tmp_path)).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_before_the_first_publish_a_reader_is_told_so(tmp_path: Path) -> None:
    from subgroup_pipeline.settings import load_settings

    settings = load_settings(home=tmp_path)
    with pytest.raises(PublishError, match="nothing is published"), open_published(settings):
        pass
