"""One district of what is shown, and nothing else: what a page reads, how often it is opened, and that there is no way out."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.errors import PublishError
from subgroup_pipeline.publish import district_reader
from subgroup_pipeline.publish.comments import published_tables
from subgroup_pipeline.publish.current import release, roll_back
from subgroup_pipeline.publish.district_reader import open_district
from subgroup_pipeline.settings import load_settings
from tests.publish.conftest import DISTRICTS
from tests.publish.publishing import publish_anew
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")


def test_it_has_every_published_table_with_the_rows_of_the_district(built: Installation) -> None:
    publish_anew(built)
    with open_district(built.settings, "beta") as connection:
        found = connection.execute("select schema_name, view_name from duckdb_views() where not internal").fetchall()
        assert sorted(found) == sorted((table.schema, table.name) for table in published_tables())
        for table in published_tables():
            columns = ", ".join(f'"{name}"' for name in table.columns)
            rows = connection.execute(f"select {columns} from {table.schema}.{table.name} order by all").fetchall()
            query = f"select {columns} from {table.schema}.{table.name} where district_id = 'beta' order by all"
            assert rows == built.ask(query), table.name
            types = {row[0]: row[1] for row in connection.execute(f"describe {table.schema}.{table.name}").fetchall()}
            assert types == {name: column.type.upper() for name, column in table.columns.items()}


@pytest.mark.parametrize(
    "statement",
    [
        "from read_parquet('{snapshot}/lake/dim_student/district_id=alpha/data.parquet')",
        "from '{snapshot}/lake/dim_student/district_id=beta/../district_id=alpha/data.parquet'",
        "from read_parquet('{snapshot}/lake/dim_student/*/data.parquet')",
        "from glob('{snapshot}/lake/dim_student/*')",
        "attach '{snapshot}/analytics.duckdb' (read_only)",
        "attach '{elsewhere}/mine.duckdb'",
        "copy marts.dim_student to '{elsewhere}/students.csv'",
        "copy (select 1 as a) to '{snapshot}/lake/dim_student/district_id=beta/data.parquet' (format parquet)",
        "export database '{elsewhere}/all'",
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_paths = ['/etc/passwd']",
        "set memory_limit = '1TB'",
        "set lock_configuration = false",
    ],
)
def test_there_is_no_way_to_another_district_or_file(built: Installation, tmp_path: Path, statement: str) -> None:
    snapshot = built.settings.paths.current_snapshot.resolve()
    with open_district(built.settings, "beta") as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(snapshot=snapshot, elsewhere=tmp_path)).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_not_even_its_working_directory_is_open(built: Installation) -> None:
    with open_district(built.settings, "beta") as connection:
        query = "select current_setting('allowed_directories'), current_setting('temp_directory')"
        assert connection.execute(query).fetchone() == ([], "")


@pytest.mark.parametrize("district_id", ["delta", "alpha/../beta", "../alpha", "", "beta\n", "*", "al'pha"])
def test_of_a_district_that_is_not_published_it_says_so(built: Installation, district_id: str) -> None:
    with pytest.raises(PublishError, match="nothing is published of"), open_district(built.settings, district_id):
        pass


def test_before_the_first_publish_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="nothing is published of alpha"), open_district(load_settings(home=tmp_path), "alpha"):
        pass


def test_damaged_files_are_told_with_their_mend(built: Installation) -> None:
    snapshot = publish_anew(built)
    (snapshot / "lake" / "dim_school" / "district_id=alpha" / "data.parquet").write_bytes(b"not Parquet, and long enough")
    with (
        pytest.raises(PublishError, match=r"alpha in .* cannot be read.*subgroups verify"),
        open_district(built.settings, "alpha"),
    ):
        pass
    publish_anew(built)


def test_it_is_opened_once_for_all_pages_of_a_snapshot(built: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    connect = district_reader._connect

    def counted(*given: object) -> duckdb.DuckDBPyConnection:
        opened.append(str(given[-1]))
        return connect(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(district_reader, "_connect", counted)
    publish_anew(built)
    for _ in range(3):
        with open_district(built.settings, "alpha") as one, open_district(built.settings, "beta") as other:
            assert one.execute("select district_id from marts.dim_district").fetchall() == [("alpha",)]
            assert other.execute("select district_id from marts.dim_district").fetchall() == [("beta",)]
    assert opened == ["alpha", "beta"]


def test_a_page_reads_on_through_a_publish_and_the_next_one_sees_it(built: Installation) -> None:
    publish_anew(built)
    query = "select file from quality.finding where code = 'PKG005'"
    with open_district(built.settings, "alpha") as before:
        said = before.execute(query).fetchall()
        publish_anew(built)
        with open_district(built.settings, "alpha") as after:
            assert after.execute(query).fetchall() != said
        assert before.execute(query).fetchall() == said
    roll_back(built.settings)
    with open_district(built.settings, "alpha") as rolled_back:
        assert rolled_back.execute(query).fetchall() == said
    release(built.settings)


def test_what_is_no_longer_shown_is_closed(built: Installation) -> None:
    publish_anew(built)
    with open_district(built.settings, "beta"):
        pass
    (old,) = [
        one
        for key, one in district_reader._kept.items()
        if key[1] == "beta" and key[0].parent == built.settings.paths.published.resolve()
    ]
    publish_anew(built)
    with open_district(built.settings, "alpha"):
        pass
    with pytest.raises(duckdb.ConnectionException, match="closed"):
        old.connection.execute("select 1")


def test_few_stay_open(built: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(district_reader, "_KEPT_OPEN", 2)
    monkeypatch.setattr(district_reader, "_kept", OrderedDict())
    for district_id in (*DISTRICTS, *DISTRICTS):
        with open_district(built.settings, district_id) as connection:
            assert connection.execute("select any_value(district_id) from marts.dim_student").fetchall() == [(district_id,)]
        assert len(district_reader._kept) <= 2


def test_pages_in_many_threads_read_their_own_district(built: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """While snapshots are swapped beneath them, and fewer connections are kept than districts are asked for."""
    monkeypatch.setattr(district_reader, "_KEPT_OPEN", 2)
    stop = threading.Event()
    errors: list[Exception] = []
    reads = dict.fromkeys(DISTRICTS * 2, 0)

    def read(district_id: str) -> None:
        while not stop.is_set():
            try:
                with open_district(built.settings, district_id) as connection:
                    for _ in range(3):
                        found = connection.execute("select distinct district_id from marts.fct_student_subgroup").fetchall()
                        assert found == [(district_id,)]
                reads[district_id] += 1
            except Exception as error:  # noqa: BLE001 - whatever a page meets
                errors.append(error)
                return

    threads = [threading.Thread(target=read, args=(district_id,)) for district_id in DISTRICTS * 2]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            publish_anew(built)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert min(reads.values()) > 1
