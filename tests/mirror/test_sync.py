"""A sync brings what changed, whole or not at all; a fault leaves readers of the mirror what they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from subgroup_pipeline.desk.doctor.mirror import postgres_mirror
from subgroup_pipeline.errors import MirrorError, SettingsError
from subgroup_pipeline.mirror import server, sync
from subgroup_pipeline.mirror.sync import sync_mirror
from subgroup_pipeline.publish.current import roll_back
from subgroup_pipeline.publish.manifest import current_manifest
from subgroup_pipeline.settings import load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.mirror.conftest import OF_ALDER, OF_BIRCH, Mirror
from tests.support.home import Home
from tests.support.postgres import Server
from tests.support.published_marts import publish_made_up
from tests.support.wrapped import killed, wrapped

pytestmark = pytest.mark.needs_postgres
MORE = replace(OF_ALDER, students=OF_ALDER.students + 5)


def _publish_more_of_alder(mirror: Mirror) -> str:
    return publish_made_up(mirror, {"alder": MORE})


def _versions(mirror: Mirror, district_id: str) -> list[tuple[Any, ...]]:
    return mirror.ask(f"select distinct xmin::text from marts.dim_student where district_id = '{district_id}'")


def test_only_the_district_that_changed_is_brought_and_one_that_is_gone_goes(own_mirror: Mirror) -> None:
    role = own_mirror.role("alder", "birch")
    sync_mirror(own_mirror.settings)
    of_alder, of_birch = _versions(own_mirror, "alder"), _versions(own_mirror, "birch")
    first = current_manifest(own_mirror.settings)
    newest = _publish_more_of_alder(own_mirror)
    mirrored = sync_mirror(own_mirror.settings)
    assert mirrored is not None
    assert (mirrored.snapshot, mirrored.changed_districts, mirrored.removed_districts, mirrored.new_tables) == (newest, 1, 0, 0)
    assert own_mirror.districts_of(role) == {"alder": MORE.students, "birch": OF_BIRCH.students}
    assert _versions(own_mirror, "birch") == of_birch
    assert _versions(own_mirror, "alder") != of_alder

    assert first is not None
    roll_back(own_mirror.settings, first.snapshot)
    assert [said.level for said in postgres_mirror(own_mirror.settings)] == ["warning"]
    sync_mirror(own_mirror.settings)
    assert own_mirror.districts_of(role) == {"alder": OF_ALDER.students, "birch": OF_BIRCH.students}


def test_a_district_that_is_published_no_more_goes(mirror: Mirror) -> None:
    sync_mirror(mirror.settings)
    mirror.ask("delete from mirror.snapshot; insert into mirror.district values ('cedar', '')")
    mirror.ask("insert into marts.dim_student (district_id, student_id) values ('cedar', 's1')")
    mirrored = sync_mirror(mirror.settings)
    assert mirrored is not None
    assert (mirrored.removed_districts, mirrored.changed_districts) == (1, 0)
    assert mirror.ask("select count(*) from marts.dim_student where district_id = 'cedar'") == [(0,)]
    assert mirror.ask("select district_id from mirror.district order by 1") == [("alder",), ("birch",)]


def test_readers_see_the_snapshot_before_until_all_is_there_also_after_a_kill(
    own_mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "_STUDENTS_AT_ONCE", 1)  # so that each district is sent by itself
    role = own_mirror.role("alder", "birch")
    sync_mirror(own_mirror.settings)
    publish_made_up(own_mirror, {"alder": MORE, "birch": replace(OF_BIRCH, students=30)})
    before = {"alder": OF_ALDER.students, "birch": OF_BIRCH.students}
    seen: list[dict[str, int]] = []

    def look(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as wrapped
        sent = real(*args, **kwargs)
        seen.append(own_mirror.districts_of(role))
        return sent

    for call in (1, 2, 7, 20):
        with killed(server.copy_in, "after", call=call):
            sync_mirror(own_mirror.settings)
        assert own_mirror.districts_of(role) == before
    assert list(own_mirror.settings.paths.scratch.iterdir()) == []
    with wrapped(server.copy_in, look):
        sync_mirror(own_mirror.settings)
    assert len(seen) > 20
    assert all(one == before for one in seen)
    assert own_mirror.districts_of(role) == {"alder": MORE.students, "birch": 30}


def test_a_table_whose_columns_changed_is_made_anew(own_mirror: Mirror) -> None:
    role = own_mirror.role("birch")
    sync_mirror(own_mirror.settings)
    with open_warehouse(own_mirror.settings) as connection:
        connection.execute("alter table analytics.marts.dim_school add column is_open boolean default true")
        connection.execute(
            "create table analytics.marts.dim_new as select district_id, 1::smallint as one from analytics.marts.dim_district"
        )
    _publish_more_of_alder(own_mirror)
    mirrored = sync_mirror(own_mirror.settings)
    assert mirrored is not None
    assert (mirrored.new_tables, mirrored.changed_districts) == (2, 1)
    assert own_mirror.ask("select count(*), every(is_open) from marts.dim_school") == [(6, True)]
    for table in ("marts.dim_school", "marts.dim_new", "marts.dim_student"):
        assert set(own_mirror.districts_of(role, table)) == {"birch"}
    with open_warehouse(own_mirror.settings) as connection:
        connection.execute("drop table analytics.marts.dim_new")
    publish_made_up(own_mirror, {"alder": OF_ALDER})
    sync_mirror(own_mirror.settings)
    assert own_mirror.ask("select to_regclass('marts.dim_new')") == [(None,)]


def test_an_error_about_a_row_tells_nothing_of_it(mirror: Mirror) -> None:
    sync_mirror(mirror.settings)
    mirror.ask("alter table marts.dim_student add constraint nobody check (given_name <> 'Given3') not valid")
    mirror.ask("delete from mirror.snapshot; update mirror.district set content = ''")
    with pytest.raises(MirrorError, match=r"CheckViolation \(23514\)") as raised:
        sync_mirror(mirror.settings)
    assert "Given3" not in str(raised.value)


def test_the_registrys_database_is_refused(published: Home, postgres_url: str) -> None:
    settings = load_settings(home=published.settings.home, mirror_url=postgres_url)
    with pytest.raises(MirrorError, match="names the registry's database"):
        sync_mirror(settings)


def test_a_mirror_that_does_not_answer_is_said_without_the_password(published: Home, postgres_server: Server) -> None:
    url = postgres_server.url("nothing_here")
    for wrong, words in (
        (url, 'database "nothing_here" does not exist'),
        (url.replace(f":{postgres_server.port}/", ":1/"), "refused"),
    ):
        with pytest.raises(MirrorError, match=words) as raised:
            sync_mirror(load_settings(home=published.settings.home, mirror_url=wrong))
        assert postgres_server.password not in str(raised.value)
        assert "subgroups mirror sync" in str(raised.value)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="SUBGROUPS_MIRROR_URL: write postgresql://"):
        load_settings(mirror_url="sqlite:///mirror.sqlite")
