"""A role sees the districts that it was granted, whatever it asks and however; the doctor says who sees more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.doctor.mirror import postgres_mirror
from subgroup_pipeline.desk.mirror import let_see, let_see_no_more, mirror_status
from subgroup_pipeline.errors import MirrorError, UnknownDistrictError
from subgroup_pipeline.mirror.sync import sync_mirror
from subgroup_pipeline.registry.schema import AuditEvent
from tests.mirror.conftest import OF_ALDER, OF_BIRCH, Mirror, new_mirror
from tests.support.home import Home
from tests.support.postgres import Server

pytestmark = pytest.mark.needs_postgres


@pytest.fixture(scope="module")
def synced(published: Home, postgres_server: Server) -> Iterator[Mirror]:
    mirror = new_mirror(published, postgres_server)
    sync_mirror(mirror.settings)
    yield mirror
    mirror.clear()


def test_a_role_sees_its_districts_only_in_every_table(synced: Mirror) -> None:
    of_alder, of_both, of_none = synced.role("alder"), synced.role("alder", "birch"), synced.role()
    tables = synced.ask(
        "select schemaname || '.' || tablename, rowsecurity from pg_tables where schemaname in ('marts', 'quality')"
    )
    assert len(tables) > 10
    for table, is_guarded in tables:
        assert is_guarded, table
        assert set(synced.districts_of(of_alder, table)) <= {"alder"}, table
    assert synced.districts_of(of_alder) == {"alder": OF_ALDER.students}
    assert synced.districts_of(of_both) == {"alder": OF_ALDER.students, "birch": OF_BIRCH.students}
    assert synced.ask("select district_id from mirror.own_district", role=of_alder) == [("alder",)]
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        synced.districts_of(of_none)


def test_also_through_views(synced: Mirror) -> None:
    of_alder, of_birch = synced.role("alder"), synced.role("birch")
    synced.server.run(f"grant create on database {synced.database} to {of_alder}")
    synced.ask("create schema own", role=of_alder)
    synced.ask("create view own.students as select * from marts.dim_student", role=of_alder)
    synced.ask(
        "create function own.counted() returns bigint language sql as 'select count(*) from marts.dim_student'", role=of_alder
    )
    synced.ask(f"grant usage on schema own to {of_birch}; grant select on own.students to {of_birch}", role=of_alder)
    assert synced.districts_of(of_alder, "own.students") == {"alder": OF_ALDER.students}
    assert synced.ask("select own.counted()", role=of_alder) == [(OF_ALDER.students,)]
    assert set(synced.districts_of(of_birch, "own.students")) <= {"birch"}
    assert mirror_status(synced.settings).open_views == []


@pytest.mark.parametrize(
    "statement",
    [
        "set row_security = off; select count(*) from marts.dim_student",
        "set role subgroups",
        "set session authorization subgroups",
        "insert into mirror.granted (role_name, district_id) values (current_user, 'birch')",
        "select * from mirror.granted",
        "select * from mirror.district",
        "delete from marts.dim_student",
        "truncate marts.dim_student",
        "alter table marts.dim_student disable row level security",
        "drop policy own_district on marts.dim_student",
        "create or replace view mirror.own_district as select 'birch'::text as district_id",
        "create table marts.mine (district_id text)",
    ],
)
def test_no_way_round_it(synced: Mirror, statement: str) -> None:
    of_alder = synced.role("alder")
    with pytest.raises(sa.exc.DBAPIError, match=r"permission denied|must be owner|row-level security"):
        synced.ask(statement, role=of_alder)
    assert synced.districts_of(of_alder) == {"alder": OF_ALDER.students}


def test_an_error_of_a_query_tells_no_other_districts_value(synced: Mirror) -> None:
    """A condition that fails on a row of another district would quote it, if it were asked before the policy."""
    of_alder = synced.role("alder")
    statement = "select count(*) from marts.dim_student where case when district_id = 'birch' then given_name::integer > 0 end"
    assert synced.ask(statement, role=of_alder) == [(0,)]


def test_every_district_means_later_ones_too(synced: Mirror) -> None:
    of_all = synced.role("*")
    assert synced.districts_of(of_all) == {"alder": OF_ALDER.students, "birch": OF_BIRCH.students}
    assert [grant.district_id for grant in mirror_status(synced.settings).grants if grant.role == of_all] == ["*"]


def test_a_grant_is_taken_back_at_once(synced: Mirror) -> None:
    role = synced.role("alder", "birch")
    assert let_see_no_more(synced.settings, synced.registry, role, ["birch"], by="test") == 1
    assert synced.districts_of(role) == {"alder": OF_ALDER.students}
    assert let_see_no_more(synced.settings, synced.registry, role, [], by="test") == 1
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        synced.districts_of(role)
    assert let_see_no_more(synced.settings, synced.registry, role, [], by="test") == 0
    with synced.registry.begin() as session:
        events = session.scalars(sa.select(AuditEvent).where(AuditEvent.kind.startswith("mirror."))).all()
        told = [(event.kind, event.district_id) for event in events if event.detail["role"] == role]
    assert told == [
        ("mirror.granted", "alder"), ("mirror.granted", "birch"), ("mirror.revoked", "birch"), ("mirror.revoked", None),
    ]  # fmt: skip


def test_roles_that_no_policy_holds_are_refused(synced: Mirror) -> None:
    for options in ("superuser", "bypassrls", "in role subgroups"):
        with pytest.raises(MirrorError, match="would see every district"):
            synced.role("alder", options=options)
    with pytest.raises(MirrorError, match=r'no role nobody\. Make it there first: create role "nobody"'):
        let_see(synced.settings, synced.registry, "nobody", ["alder"], by="test")
    with pytest.raises(UnknownDistrictError):
        synced.role("atlantis")
    assert not {grant.role for grant in mirror_status(synced.settings).grants} & set(synced.roles[-4:])


def test_a_grant_before_the_first_sync_holds_after_it(mirror: Mirror) -> None:
    role = mirror.role("alder")
    sync_mirror(mirror.settings)
    assert mirror.districts_of(role) == {"alder": OF_ALDER.students}


def test_the_doctor_says_who_sees_too_much(mirror: Mirror) -> None:
    sync_mirror(mirror.settings)
    assert postgres_mirror(mirror.settings) == []
    gone, promoted = mirror.role("alder"), mirror.role("alder")
    mirror.ask(f"drop owned by {gone}")
    mirror.server.run(f"drop role {gone}")
    mirror.server.run(f"alter role {promoted} bypassrls")
    mirror.ask("create view public.everybody as select * from marts.dim_student")
    mirror.ask("create view public.own_rows with (security_invoker = true) as select * from marts.dim_student")
    said = {complaint.what: complaint.level for complaint in postgres_mirror(mirror.settings)}
    assert said == {
        f"The role {gone} of the mirror was granted alder, but there is no such role any more.": "warning",
        f"The role {promoted} of the mirror was granted alder, but it bypasses row-level security.": "warning",
        "The view public.everybody in the mirror shows every district to whoever may ask it.": "error",
    }
