"""Who sees which district in the mirror: roles of PostgreSQL, by their names, in `mirror.granted`.

A policy on every table compares the district of a row with those of the role that asks (`current_user`), also where it asks
through a view of its own. It asks the server who that is: a setting of the connection could be set by whoever connects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import MirrorError
from subgroup_pipeline.mirror.bookkeeping import make_bookkeeping
from subgroup_pipeline.mirror.tables import SCHEMAS
from subgroup_pipeline.warehouse.sql_text import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine.interfaces import DBAPICursor

_GRANTS = """
select g.role_name::text, g.district_id,
    case
        when r.oid is null then 'there is no such role any more'
        when r.rolsuper then 'it is a superuser, which no policy holds'
        when r.rolbypassrls then 'it bypasses row-level security'
        when pg_has_role(r.oid, current_user, 'usage') then 'it is a member of the mirror''s own role'
    end
from mirror.granted as g left join pg_roles as r on r.rolname = g.role_name
order by 1, 2
"""
_ROLE = """
select rolsuper or rolbypassrls or pg_has_role(oid, current_user, 'usage') from pg_roles where rolname = %s
"""
_VIEWS = """
select distinct v.relnamespace::regnamespace::text || '.' || v.relname
from pg_depend as d
inner join pg_rewrite as w on w.oid = d.objid and d.classid = 'pg_rewrite'::regclass
inner join pg_class as v on v.oid = w.ev_class
inner join pg_class as t on t.oid = d.refobjid and d.refclassid = 'pg_class'::regclass
inner join pg_roles as r on r.oid = v.relowner
where t.relnamespace::regnamespace::text = any(%s) and v.oid <> t.oid
    and (r.rolsuper or r.rolbypassrls or pg_has_role(r.oid, t.relowner, 'usage'))
    and not coalesce(v.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1']
order by 1
"""


@dataclass(frozen=True)
class Grant:
    """A role may see a district (`*`: every one). `trouble` is why it sees more than that, or nothing at all."""

    role: str
    district_id: str
    trouble: str | None


def grants(cursor: DBAPICursor) -> list[Grant]:
    """Every grant, by role and district."""
    cursor.execute(_GRANTS)
    return [Grant(*row) for row in cursor.fetchall()]


def add_grants(cursor: DBAPICursor, role: str, district_ids: Sequence[str]) -> None:
    """Let a role see districts from now on. Raises MirrorError for a role that is not there, or that no policy would hold."""
    make_bookkeeping(cursor)
    cursor.execute(_ROLE, [role])
    found = cursor.fetchone()
    if found is None:
        raise MirrorError(
            f"the mirror's server has no role {role}. Make it there first: create role {identifier(role)} login password '…'."
        )
    if found[0]:
        raise MirrorError(
            f"{role} would see every district, whatever is granted: it is a superuser, bypasses row-level security, or is a "
            "member of the mirror's own role. Take a plain role."
        )
    cursor.execute(
        "insert into mirror.granted (role_name, district_id) select %s, unnest(%s) on conflict do nothing",
        [role, list(district_ids)],
    )
    grant_tables(cursor)


def remove_grants(cursor: DBAPICursor, role: str, district_ids: Sequence[str]) -> int:
    """Let a role see these districts no more, or none at all when none is named; gives how many grants went."""
    make_bookkeeping(cursor)
    cursor.execute(
        "delete from mirror.granted where role_name = %s and (%s or district_id = any(%s))",
        [role, not district_ids, list(district_ids)],
    )
    removed = int(cursor.rowcount)
    cursor.execute(
        "select 1 from pg_roles where rolname = %s and not exists (select from mirror.granted where role_name = rolname)", [role]
    )
    if cursor.fetchone():
        for schema in (*SCHEMAS, "mirror"):
            cursor.execute(f"revoke all on all tables in schema {schema} from {identifier(role)}")
            cursor.execute(f"revoke all on schema {schema} from {identifier(role)}")
    return removed


def grant_tables(cursor: DBAPICursor) -> None:
    """Let every role that sees any district ask the tables as they are now; the policies say what it sees of them."""
    cursor.execute("select distinct r.rolname from mirror.granted as g inner join pg_roles as r on r.rolname = g.role_name")
    schemas = ", ".join(SCHEMAS)
    for (role,) in cursor.fetchall():
        name = identifier(role)
        cursor.execute(f"grant usage on schema {schemas}, mirror to {name}")
        cursor.execute(f"grant select on all tables in schema {schemas} to {name}")
        cursor.execute(f"grant select on mirror.own_district, mirror.snapshot to {name}")


def open_views(cursor: DBAPICursor) -> list[str]:
    """Views on the mirrored tables that show whoever may ask them every district, by their names in SQL."""
    cursor.execute(_VIEWS, [list(SCHEMAS)])
    return [row[0] for row in cursor.fetchall()]
