"""What is past its time in tables: raw rows that nobody needs, runs that Dagster remembers, mail, and links that are over."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.disclosure.store import count_but, forget_but
from subgroup_pipeline.publish.compaction import compact_history, compact_releases
from subgroup_pipeline.registry.needed import NEEDED
from subgroup_pipeline.registry.schema import Delivery, District, Invitation, Mail, SignIn, SignInLink
from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep.leaving import Leaving
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.history_tables import HISTORY_TABLES
from subgroup_pipeline.warehouse.rows import delete_deliveries
from subgroup_pipeline.warehouse.schema import delivery_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import InstrumentedAttribute

    from subgroup_pipeline.registry.schema import Base
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.upkeep.places import Installation

OVER_KEPT = timedelta(days=30)
"""How long a link or a sign-in that is over can be asked about; the audit log says longer what became of it."""
MOST_RUNS = 500
"""Runs that are forgotten in one night; each takes a few milliseconds, and the rest waits a night."""


def nothing(_at: Installation) -> Iterator[Leaving]:
    """Nothing leaves by its age."""
    return iter(())


def raw_rows(at: Installation) -> Iterator[Leaving]:
    """Deliveries that are not needed and have rows in the warehouse, also where a killed run did not note that it landed them.

    What is published stays, also behind a newer accepted one: the build may yet hold that.
    """
    if not at.home.raw_database.exists():
        return
    with at.registry.begin() as session:
        needed = list(session.scalars(sa.select(Delivery.delivery_id).where(Delivery.state.in_(NEEDED))))
    there = " union ".join(f"select delivery_id from {table}" for table in delivery_tables())
    with open_warehouse(at.settings) as connection:
        query = f"select delivery_id from ({there}) where delivery_id not in (select unnest(?::varchar[]))"
        gone = [row[0] for row in connection.execute(query, [needed]).fetchall()]
    if gone:
        yield Leaving(partial(forget_deliveries, at.settings, gone), things=len(gone))


def forget_deliveries(settings: Settings, delivery_ids: list[str]) -> None:
    """Remove what the warehouse holds of deliveries; the archive keeps their bytes for their time."""
    with open_warehouse(settings) as connection:
        delete_deliveries(connection, delivery_ids)


def history_of_nobody(at: Installation) -> Iterator[Leaving]:
    """What the history holds of districts that are not registered any more."""
    if not at.home.history_database.exists():
        return
    with at.registry.begin() as session:
        ours = list(session.scalars(sa.select(District.district_id)))
    with open_warehouse(at.settings) as connection:
        query = "select count(*) from {} where district_id not in (select unnest(?::varchar[]))"
        counts = [connection.execute(query.format(table), [ours]).fetchone() or (0,) for table in HISTORY_TABLES]
    if things := sum(count for (count,) in counts):
        yield Leaving(partial(_forget_history_but, at.settings, ours), things=things)


def _forget_history_but(settings: Settings, district_ids: list[str]) -> None:
    """Remove the history of all other districts; freed blocks go with the rewrite of the file."""
    with open_warehouse(settings) as connection:
        for table in HISTORY_TABLES:
            connection.execute(f"delete from {table} where district_id not in (select unnest(?::varchar[]))", [district_ids])
    compact_history(settings)


def releases_of_nobody(at: Installation) -> Iterator[Leaving]:
    """What was released of districts that are not registered any more."""
    if not at.home.releases_database.exists():
        return
    with at.registry.begin() as session:
        ours = list(session.scalars(sa.select(District.district_id)))
    if things := count_but(at.settings, ours):
        yield Leaving(partial(_forget_releases_but, at.settings, ours), things=things)


def _forget_releases_but(settings: Settings, district_ids: list[str]) -> None:
    """Remove the releases of all other districts; freed blocks go with the rewrite of the file."""
    forget_but(settings, district_ids)
    compact_releases(settings)


def past_runs(at: Installation) -> Iterator[Leaving]:
    """Finished runs with their events, oldest first."""
    if at.history is not None:
        for run_id in at.history.runs_before(at.now - REPORTS_KEPT)[:MOST_RUNS]:
            yield Leaving(partial(at.history.forget, run_id))


def old_mail(at: Installation) -> Iterator[Leaving]:
    """Mail that was queued so long ago, whatever became of it."""
    yield from _rows(at, Mail, Mail.queued_at < at.now - REPORTS_KEPT)


def past_invitations(at: Installation) -> Iterator[Leaving]:
    """Set-up links that are used, revoked or expired for so long."""
    yield from _rows(at, Invitation, _over(at, Invitation.used_at, Invitation.revoked_at, Invitation.expires_at))


def past_sign_in_links(at: Installation) -> Iterator[Leaving]:
    """Links to sign in that are used or expired for so long."""
    yield from _rows(at, SignInLink, _over(at, SignInLink.used_at, SignInLink.expires_at))


def past_sign_ins(at: Installation) -> Iterator[Leaving]:
    """Sign-ins that ended or expired so long ago."""
    yield from _rows(at, SignIn, _over(at, SignIn.ended_at, SignIn.expires_at))


def _over(at: Installation, *ends: InstrumentedAttribute[Any]) -> sa.ColumnElement[bool]:
    """Whether the first of these ends is so long ago; one that never came is null, and is no end."""
    return sa.or_(*(end < at.now - OVER_KEPT for end in ends))


def _rows(at: Installation, table: type[Base], is_past: sa.ColumnElement[bool]) -> Iterator[Leaving]:
    """The rows of a table of the registry that are past their time, as one thing to remove."""
    with at.registry.begin() as session:
        count = session.scalar(sa.select(sa.func.count()).select_from(table).where(is_past)) or 0

    def remove() -> None:
        with at.registry.begin() as session:
            session.execute(sa.delete(table).where(is_past))

    if count:
        yield Leaving(remove, things=count)
