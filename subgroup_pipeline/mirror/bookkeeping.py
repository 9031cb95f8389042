"""What the mirror notes about itself, in its schema `mirror`: the snapshot it holds, its tables, and who may see what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine.interfaces import DBAPICursor

EVERY_DISTRICT = "*"
"""Stands for a district in `mirror.granted`; no district is called that."""
_LOCK = 0x5B6D
"""Of PostgreSQL's advisory locks: one process at a time changes the mirror."""
# `own_district` runs with the rights of its owner, and names the role that asks: a role need not see what others were granted.
_MADE = f"""
create schema mirror;
create schema if not exists marts;
create schema if not exists quality;
create table mirror.snapshot (
    snapshot text not null, contract_version text not null, mirrored_at timestamptz not null
);
create table mirror.district (district_id text primary key, content text not null);
create table mirror.mirrored_table (sql_name text primary key, definition text not null);
create table mirror.granted (
    role_name name not null, district_id text not null, granted_at timestamptz not null default now(),
    primary key (role_name, district_id)
);
create view mirror.own_district as
select district_id from mirror.granted where role_name = current_user
union
select d.district_id from mirror.district as d inner join mirror.granted as g on g.district_id = '{EVERY_DISTRICT}'
where g.role_name = current_user;
comment on schema mirror is 'What the mirror holds, and which role may see which district.';
comment on table mirror.snapshot is 'The snapshot that marts and quality hold now.';
comment on view mirror.own_district is 'The districts that you see here.';
"""
_IS_MADE = "select to_regclass('mirror.own_district') is not null"


@dataclass(frozen=True)
class MirroredSnapshot:
    """What the mirror holds, and since when."""

    snapshot: str
    contract_version: str
    mirrored_at: datetime


def make_bookkeeping(cursor: DBAPICursor) -> None:
    """Make it where it is not made, and keep other writers out until the transaction ends."""
    cursor.execute(f"select pg_advisory_xact_lock({_LOCK})")
    if not is_made(cursor):  # what is there must not be locked: every reader asks `own_district`
        cursor.execute(_MADE)


def is_made(cursor: DBAPICursor) -> bool:
    """Whether anything was ever mirrored or granted here."""
    cursor.execute(_IS_MADE)
    return bool(cursor.fetchone() == (True,))


def mirrored_snapshot(cursor: DBAPICursor) -> MirroredSnapshot | None:
    """The snapshot that the mirror holds; None before the first."""
    cursor.execute("select snapshot, contract_version, mirrored_at from mirror.snapshot")
    row = cursor.fetchone()
    return MirroredSnapshot(*row) if row else None


def mirrored_districts(cursor: DBAPICursor) -> dict[str, str]:
    """What was mirrored of each district, as a hash."""
    cursor.execute("select district_id, content from mirror.district")
    return dict(cursor.fetchall())


def definitions(cursor: DBAPICursor) -> dict[str, str]:
    """The definition of each mirrored table, by its name in SQL."""
    cursor.execute("select sql_name, definition from mirror.mirrored_table")
    return dict(cursor.fetchall())


def note_mirrored(cursor: DBAPICursor, held: MirroredSnapshot, districts: Mapping[str, str], tables: Mapping[str, str]) -> None:
    """Note what the mirror holds from now on."""
    cursor.execute("delete from mirror.snapshot; delete from mirror.district; delete from mirror.mirrored_table")
    cursor.execute("insert into mirror.snapshot values (%s, %s, %s)", [held.snapshot, held.contract_version, held.mirrored_at])
    cursor.execute("insert into mirror.district select * from unnest(%s, %s)", [list(districts), list(districts.values())])
    cursor.execute("insert into mirror.mirrored_table select * from unnest(%s, %s)", [list(tables), list(tables.values())])
