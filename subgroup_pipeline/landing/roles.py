"""Roles of OneRoster 1.2, which stand in roles.csv: written into `users` as 1.1 says them, by one role and a list of orgs.

A user is a student who is one anywhere, and then only the orgs where they are count; other people have their primary role, or
else the first by name. A role holds on the day that the district is counted on, from its beginDate to the day before its
endDate, as an enrollment does. Who has roles and none that holds may not sign in, so nobody counts them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.findings.finding import MOST_ROWS, Finding
from subgroup_pipeline.warehouse.as_of import as_of_day, school_year_ends
from subgroup_pipeline.warehouse.raw_tables import ROLES
from subgroup_pipeline.warehouse.rule_sql import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.landing.screen import Screening
    from subgroup_pipeline.registry.schema import Delivery

_OF_NOBODY = "ROL101"
_AS_WRITTEN = "enabledUser"
"""Key in a user's map of what the file says of enabledUser, where a role outweighs it; headers have no capitals there."""


def give_roles(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Iterable[Delivery],
    screenings: Iterable[Screening],
    districts: Mapping[str, RegisteredDistrict],
) -> None:
    """Give the users of those of these landed rosters that are of OneRoster 1.2 their roles, and say what is wrong with them."""
    of = {screening.delivery_id: screening for screening in screenings if screening.edition == "1.2"}
    if of:
        _check_roles(connection, of)
        assign_roles(connection, [delivery for delivery in deliveries if delivery.delivery_id in of], districts)


def assign_roles(
    connection: duckdb.DuckDBPyConnection, rosters: Sequence[Delivery], districts: Mapping[str, RegisteredDistrict]
) -> None:
    """Give the users of these landed rosters the roles that theirs say. Users of whom no role tells keep what they have.

    Safe to repeat, also when a set of changes has got the rows that it does not replace.
    """
    days = _days(connection, rosters, districts)
    if not days:
        return
    fault, counts = rules().fault_of_roles("r"), rules().row_counts("r.status")
    begin, end = rules().date_of("r.beginDate"), rules().date_of("r.endDate")
    connection.execute(
        f"""
        create or replace temp table role_of_user as
        with role as (
            select
                r.delivery_id, r.userSourcedId as user_id, r.orgSourcedId as org_id, lower(r.role) as word,
                {counts} and coalesce({begin} <= d.day, true) and coalesce({end} > d.day, true) as holds,
                struct_pack(other := lower(r.role) <> 'student', later := lower(r.roleType) is distinct from 'primary',
                    word := lower(r.role)) as place
            from {ROLES} r
            inner join (select unnest(?::varchar[]) as delivery_id, unnest(?::date[]) as day) d using (delivery_id)
            where {fault} is null
        ), of_user as (
            select *, bool_or(holds) over user_ as has_any
            from role window user_ as (partition by delivery_id, user_id)
        ), chosen as (
            select *, first_value(word) over (partition by delivery_id, user_id order by place) as of_user
            from of_user where holds or not has_any
        )
        select
            delivery_id, user_id, any_value(of_user) as role, bool_or(has_any) as holds,
            array_to_string(list_sort(list_distinct(list(org_id))), ',') as org_ids
        from chosen where word = of_user group by delivery_id, user_id
        """,
        [list(days), list(days.values())],
    )
    written = f"case when map_contains(u.metadata, '{_AS_WRITTEN}') then u.metadata['{_AS_WRITTEN}'] else u.enabledUser end"
    others = f"map_from_entries(list_filter(map_entries(u.metadata), lambda cell: cell.key <> '{_AS_WRITTEN}'))"
    with_written = f"map_concat(coalesce(u.metadata, map()), map {{'{_AS_WRITTEN}': {written}}})"
    connection.execute(
        f"""
        update raw.users as u set
            role = r.role, orgSourcedIds = r.org_ids,
            enabledUser = case when r.holds then {written} else 'false' end,
            metadata = case when not r.holds then {with_written} when map_contains(u.metadata, '{_AS_WRITTEN}') then {others}
                else u.metadata end
        from role_of_user r where u.delivery_id = r.delivery_id and u.sourcedId = r.user_id
        """
    )
    connection.execute("drop table role_of_user")


def _days(
    connection: duckdb.DuckDBPyConnection, rosters: Sequence[Delivery], districts: Mapping[str, RegisteredDistrict]
) -> dict[str, date]:
    """The day on which the roles of each of these rosters are asked."""
    ids = [roster.delivery_id for roster in rosters]
    ends = school_year_ends(connection, ids)
    return {r.delivery_id: as_of_day(districts[r.district_id], r.received_at, ends.get(r.delivery_id)) for r in rosters}


def _check_roles(connection: duckdb.DuckDBPyConnection, of: Mapping[str, Screening]) -> None:
    """Say which rows of roles.csv are not used, as landed with these deliveries; a set of changes need not have their users."""
    fault = rules().fault_of_roles("r")
    query = f"""
        with role as (
            select
                r.delivery_id, r.userSourcedId as user_id, r.sourcedId as key, {rules().row_counts("r.status")} as counts,
                d.is_delta, {fault} as fault
            from {ROLES} r
            inner join (select unnest(?::varchar[]) as delivery_id, unnest(?::boolean[]) as is_delta) d using (delivery_id)
        ), found as (
            select delivery_id, fault, key from role where fault is not null
            union all
            select r.delivery_id, '{_OF_NOBODY} userSourcedId', r.key
            from role r anti join raw.users u on r.delivery_id = u.delivery_id and r.user_id = u.sourcedId
            where r.fault is null and r.counts and not r.is_delta
        )
        select delivery_id, fault, count(*), list(key order by key)[:{MOST_ROWS}] from found group by all order by all
    """
    is_delta = [screening.is_delta for screening in of.values()]
    for delivery_id, found, count, keys in connection.execute(query, [list(of), is_delta]).fetchall():
        code, column = found.split(" ")
        of[delivery_id].findings.append(
            Finding(code, file=ROLES.file_name, column=column, count=count, key_column="sourcedId", keys=tuple(keys))
        )
