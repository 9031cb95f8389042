"""What a snapshot holds to be shared, as somebody sees it who has that file and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from subgroup_pipeline.disclosure.release_tables import PUBLIC_TABLES
from subgroup_pipeline.publish.manifest import read_manifest
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry.schema import AuditEvent
from tests.support.home import Home
from tests.support.published_marts import MadeUp, publish_made_up


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Two published districts, one of which releases every night."""
    home = Home.at(tmp_path_factory.mktemp("shareable") / "home")
    home.add("alpha")
    home.add("beta", "privacy: {release: nightly, profile: texas}\n")
    publish_made_up(home, {"alpha": MadeUp(students=300), "beta": MadeUp(students=200)})
    yield home
    home.close()


def _newest(home: Home) -> Path:
    manifest = read_manifest(home.settings)
    assert manifest is not None
    return home.settings.paths.published / manifest.snapshot


def _rows(snapshot: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(snapshot / "shareable.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{snapshot / 'analytics.duckdb'}' as staff (read_only)")
        return connection.execute(query).fetchall()


def test_the_file_holds_the_public_tables_and_nothing_else(home: Home) -> None:
    query = "select schema_name, table_name from duckdb_tables() where database_name = 'shareable' order by all"
    assert _rows(_newest(home), query) == sorted(("public", table.name) for table in PUBLIC_TABLES)
    content = (_newest(home) / "shareable.duckdb").read_bytes()
    assert b"Family1" not in content
    assert b"complement" not in content


def test_it_has_the_rows_of_the_marts_and_shows_no_other_number_than_they_do(home: Home) -> None:
    for table in PUBLIC_TABLES[:-1]:
        keys = [name for name in table.columns if name.endswith(("_id", "subgroup", "value", "month", "level"))]
        keys.remove("display_value")
        same = " and ".join(f"p.{key} is not distinct from m.{key}" for key in keys)
        query = f"""
            select count(*) filter (m.district_id is null or p.district_id is null),
                count(*) filter (p.student_count <> m.student_count), count(p.student_count) > 0,
                count(*) filter (p.student_count between 1 and 4), count(*) = 0,
                count(*) filter ((p.student_count is null) <> (p.display_value = '*'))
            from public.{table.name} as p full join staff.marts.{table.name} as m on {same}
        """
        assert _rows(_newest(home), query) == [(0, 0, True, 0, False, 0)], table.name


def test_each_district_has_the_minimum_of_its_profile(home: Home) -> None:
    query = "select district_id, minimum_count, profile, snapshot from public.release order by all"
    name = _newest(home).name
    assert _rows(_newest(home), query) == [("alpha", 10, "custom", name), ("beta", 5, "texas", name)]
    query = "select district_id, min(student_count) >= 10 from public.rpt_course_subgroup group by all order by all"
    assert _rows(_newest(home), query) == [("alpha", True), ("beta", False)]


def test_the_lake_of_shared_tables_holds_the_same_rows(home: Home) -> None:
    for table in PUBLIC_TABLES:
        files = _newest(home) / "shareable" / table.name / "*" / "*.parquet"
        here = f"select count(*) from read_parquet('{files}', hive_partitioning = true)"
        assert _rows(_newest(home), here) == _rows(_newest(home), f"select count(*) from public.{table.name}")


def test_between_releases_the_last_one_is_shown_and_what_did_not_change_is_the_same_file(home: Home) -> None:
    before = _newest(home)
    publish_made_up(home, {"alpha": MadeUp(students=310)})
    after = _newest(home)
    assert after.name > before.name
    assert (after / "shareable.duckdb").stat().st_ino == (before / "shareable.duckdb").stat().st_ino
    # Everybody of beta counts anew, every night; alpha keeps the numbers of this month.
    publish_made_up(home, {"beta": MadeUp(students=220)})
    nightly = _newest(home)
    query = "select district_id, student_count from public.rpt_district_subgroup where subgroup = 'all_students' order by all"
    assert _rows(nightly, query) == [("alpha", 300), ("beta", 220)]
    file = Path("shareable", "rpt_school_subgroup", "district_id=alpha", "data.parquet")
    assert (nightly / file).stat().st_ino == (before / file).stat().st_ino


def test_a_release_that_a_kill_kept_from_being_seen_is_made_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("subgroup_pipeline.publish.snapshot.write_manifest", dies)
    with pytest.raises(KeyboardInterrupt):
        publish_made_up(home, {"beta": MadeUp(students=240)})
    monkeypatch.undo()
    publish_snapshot(home.registry, home.settings, run_id="test")
    query = "select student_count from public.rpt_district_subgroup where subgroup = 'all_students' and district_id = 'beta'"
    assert _rows(_newest(home), query) == [(240,)]
    query = "select snapshot from public.release where district_id = 'beta'"
    assert _rows(_newest(home), query) == [(_newest(home).name,)]


def test_a_person_may_ask_for_new_numbers_before_their_time(home: Home) -> None:
    published = publish_snapshot(home.registry, home.settings, run_id="test", asked=["alpha"])
    assert published is not None
    assert published.is_new
    query = "select student_count from public.rpt_district_subgroup where subgroup = 'all_students' and district_id = 'alpha'"
    assert _rows(_newest(home), query) == [(310,)]
    again = publish_snapshot(home.registry, home.settings, run_id="test")
    assert again is not None
    assert not again.is_new


@pytest.mark.slow
def test_releases_that_take_too_long_do_not_hold_up_the_marts_and_are_made_with_later_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subgroup_pipeline.publish.snapshot.RELEASE_SECONDS", 0.0)
    home = Home.at(tmp_path / "home")
    try:
        names = [f"pine{number}" for number in range(7)]
        for name in names:
            home.add(name)
        publish_made_up(home, {name: MadeUp(students=60, months=1) for name in names})
        first = _newest(home)
        staff = "select count(distinct district_id) from staff.marts.rpt_district_subgroup"
        assert _rows(first, f"select count(*), ({staff}) from public.release") == [(5, 7)]

        published = publish_snapshot(home.registry, home.settings, run_id="test")
        assert published is not None
        assert (published.is_new, published.waiting) == (True, 0)
        assert _rows(_newest(home), "select district_id from public.release order by all") == [(name,) for name in names]
        with home.registry.begin() as session:
            events = session.scalars(sa.select(AuditEvent.district_id).where(AuditEvent.kind == "release.made")).all()
        assert sorted(filter(None, events)) == names
    finally:
        home.close()
