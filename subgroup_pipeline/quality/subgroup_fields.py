"""Which other field of the roster the student IDs of a file fit, when they do not fit the one that `matches` names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.check_session import roster_keys

if TYPE_CHECKING:
    from collections.abc import Collection

    import duckdb

_KIND = r"\{\s*([^:{}]*[^:{}\s])\s*:"
"""The type of an id in a cell like `{Local:863},{LDAP:x}`."""

# The fields that `matches` may name, of each roster in question; roster_keys wants one label a roster and field.
_FIELDS = f"""
create table checks.other_field as
select distinct r.delivery_id || ' ' || field as delivery_id, r.roster_delivery_id, field as match_field, r.delivery_id as file_id
from (
    select r.delivery_id, r.roster_delivery_id, r.match_field, unnest(list_concat(
        ['users.sourcedId', 'users.identifier', 'users.username'],
        list_transform(regexp_extract_all(u.userIds, '{_KIND}', 1), lambda kind: 'userIds:' || kind),
        list_transform(map_keys(u.metadata), lambda name: 'metadata.' || name))) as field
    from warehouse.control.run_delivery r join warehouse.raw.users u on u.delivery_id = r.roster_delivery_id
    where r.delivery_id in (select unnest(?))
) r
where field <> coalesce(match_field, 'users.sourcedId')
"""

_FITS = f"""
with key as ({roster_keys("checks.other_field")})
select o.file_id, o.match_field, count(*) as n
from checks.other_field o join key k using (delivery_id)
join checks.file_key f on f.delivery_id = o.file_id and f.key = k.key
where k.first_student = k.last_student group by all order by n, o.match_field desc
"""


@dataclass(frozen=True)
class FieldFit:
    """A field of the roster, in the words of `matches`, and how many distinct IDs of the file are one active student's there."""

    match_field: str
    ids: int


def best_fits(session: duckdb.DuckDBPyConnection, delivery_ids: Collection[str]) -> dict[str, FieldFit]:
    """For each of these deliveries, whose IDs match badly: the other field that most of them fit. Reads checks.file_key."""
    if not delivery_ids:
        return {}
    session.execute(_FIELDS, [list(delivery_ids)])
    return {file_id: FieldFit(match_field, count) for file_id, match_field, count in session.execute(_FITS).fetchall()}
