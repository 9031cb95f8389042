"""All districts in one table, for staff: what came last, what waits, who is late, what is published, how each signs in.

It is made in SQL from the ledger and from what the last night noted, so that thousands of districts stay quick: no settings are
read, and only one page of rows leaves the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from subgroup_pipeline.districts.lateness import CODES, STAGE
from subgroup_pipeline.registry.ledger import newest_of_feed
from subgroup_pipeline.registry.schema import Delivery, District, DistrictKey, DistrictPassword, FindingRow, Invitation

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry

PAGE = 50
"""Rows of a page."""
Only = Literal["held", "late", "never", "fault"]
ONLY: dict[Only, str] = {
    "held": "With an upload on hold",
    "late": "Late",
    "never": "Never uploaded",
    "fault": "Could not be fetched",
}
"""What the table can be narrowed to, in words."""
SORTS = ("name", "roster", "subgroups", "held", "late", "published", "access")
"""Columns that the table can be sorted by; with `-` in front the largest or newest comes first."""


@dataclass(frozen=True)
class LastUpload:
    """The newest delivery of a feed that has come."""

    delivery_id: str
    received_at: datetime
    state: str
    verdict: str | None


@dataclass(frozen=True)
class DistrictRow:
    """One district. `late_nights` is the most that a feed missed, `published_at` when the published roster came.

    `keys` are those that are in force; `invited_until` is set while an invitation waits.
    """

    district_id: str
    name: str
    roster: LastUpload | None
    subgroups: LastUpload | None
    held: int
    late_nights: int
    has_fault: bool
    published_at: datetime | None
    keys: int
    has_password: bool
    invited_until: datetime | None


@dataclass(frozen=True)
class Asked:
    """What of the table is asked for; `page` counts from 1."""

    text: str = ""
    only: frozenset[Only] = frozenset()
    sort: str = "name"
    page: int = 1


@dataclass(frozen=True)
class DistrictTable:
    """One page of rows, and how many districts the whole answer has."""

    rows: list[DistrictRow]
    found: int

    @property
    def pages(self) -> int:
        """Pages of the whole answer; an empty one has one."""
        return max(1, -(-self.found // PAGE))


def district_table(registry: Registry, asked: Asked) -> DistrictTable:
    """The districts that are asked for. An unknown sort is taken as by name, a page beyond the last is empty."""
    table = _table()
    # Which districts stand on the page is found by what it is sorted by alone; their rows are read afterwards.
    named = sa.select(District.district_id, sa.func.count().over()).outerjoin(table.said, table.is_said_of_district)
    named = named.where(*table.conditions(asked)).order_by(*table.order(asked.sort), District.district_id)
    now = datetime.now(UTC)
    with registry.begin() as session:
        page = session.execute(named.limit(PAGE).offset((max(asked.page, 1) - 1) * PAGE), {"now": now}).all()
        ids = [district_id for district_id, _ in page]
        rows = {row.district_id: _row(row) for row in session.execute(table.rows, {"now": now, "ids": ids})}
        beyond = not page and asked.page > 1
        found = page[0][1] if page else len(session.execute(named, {"now": now}).all()) if beyond else 0
    return DistrictTable([rows[district_id] for district_id in ids], found)


@cache
def _table() -> _Table:
    """The statements, written once: putting them together takes as long as asking them."""
    return _Table()


class _Table:
    """The columns of the table, as SQL about one District; they are sought in indexes. `now` is given when it is asked."""

    def __init__(self) -> None:
        # The schedule's findings are noted by every run: feeds in which nothing came. The others say why nothing was fetched.
        is_late = sa.and_(FindingRow.stage == STAGE, FindingRow.code.in_(CODES))
        self.said = (
            sa.select(
                FindingRow.district_id,
                sa.func.max(sa.case((is_late, FindingRow.count), else_=0)).label("late_nights"),
                sa.func.max(sa.case((FindingRow.stage != STAGE, 1), else_=0)).label("fault"),
            )
            .where(FindingRow.delivery_id.is_(None))
            .group_by(FindingRow.district_id)
            .subquery()
        )
        self.is_said_of_district = self.said.c.district_id == District.district_id
        waits = (Invitation.used_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > sa.bindparam("now"))
        count = sa.func.count()
        self.held = _of_district(count, Delivery, Delivery.state == "held")
        self.keys = _of_district(count, DistrictKey, DistrictKey.paused_at.is_(None))
        self.password_set_at = _of_district(sa.func.max(DistrictPassword.set_at), DistrictPassword)
        self.invited_until = _of_district(sa.func.max(Invitation.expires_at), Invitation, *waits)
        self.published_at = self._newest("roster", Delivery.state == "published")
        self.late_nights = sa.func.coalesce(self.said.c.late_nights, 0)
        self.fault = sa.func.coalesce(self.said.c.fault, 0)
        self.rows = self._rows()

    @staticmethod
    def _newest(feed: str, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[datetime]:
        """When the newest delivery of a feed came."""
        of_feed = (Delivery.feed == feed, Delivery.sha256.is_not(None))
        return _of_district(sa.func.max(Delivery.received_at), Delivery, *of_feed, *conditions)

    def conditions(self, asked: Asked) -> list[sa.ColumnElement[bool]]:
        """What a district must be to stand in the table."""
        by_name: dict[Only, sa.ColumnElement[bool]] = {
            "held": self.held > 0,
            "late": self.late_nights > 0,
            "never": _of_district(sa.func.count(), Delivery, Delivery.sha256.is_not(None)) == 0,
            "fault": self.fault > 0,
        }
        chosen = [condition for name, condition in by_name.items() if name in asked.only]
        if text := asked.text.strip():
            columns = (District.name, District.district_id)
            chosen.append(sa.or_(*(column.icontains(text, autoescape=True) for column in columns)))
        return chosen

    def order(self, sort: str) -> list[sa.ColumnElement[Any]]:
        """By what the rows are sorted. What never came is older than anything."""
        by_name: dict[str, list[sa.ColumnElement[Any]]] = {
            "name": [sa.func.lower(District.name)],
            "roster": [self._newest("roster")],
            "subgroups": [self._newest("subgroups")],
            "held": [self.held],
            "late": [self.late_nights],
            "published": [self.published_at],
            "access": [self.password_set_at, self.keys, self.invited_until],
        }
        columns = by_name.get(sort.removeprefix("-"), by_name["name"])
        return [c.desc().nulls_last() if sort.startswith("-") else c.asc().nulls_first() for c in columns]

    def _rows(self) -> sa.Select[Any]:
        """Every column of the districts that are given as `ids`."""
        roster, subgroups = aliased(Delivery), aliased(Delivery)
        return (
            sa.select(
                District.district_id,
                District.name,
                *_upload(roster, "roster"),
                *_upload(subgroups, "subgroups"),
                self.held.label("held"),
                self.late_nights.label("late_nights"),
                self.fault.label("fault"),
                self.published_at.label("published_at"),
                self.keys.label("key_count"),
                self.password_set_at.label("password_set_at"),
                self.invited_until.label("invited_until"),
            )
            .select_from(District)
            .outerjoin(self.said, self.is_said_of_district)
            .outerjoin(roster, roster.delivery_id == newest_of_feed("roster"))
            .outerjoin(subgroups, subgroups.delivery_id == newest_of_feed("subgroups"))
            .where(District.district_id.in_(sa.bindparam("ids", expanding=True)))
        )


def _of_district(
    value: sa.ColumnElement[Any],
    table: type[Delivery | DistrictKey | DistrictPassword | Invitation],
    *conditions: sa.ColumnElement[bool],
) -> sa.ScalarSelect[Any]:
    """One value of a district's rows in a table."""
    of_district = table.district_id == District.district_id
    return sa.select(value).select_from(table).where(of_district, *conditions).correlate(District).scalar_subquery()


def _upload(delivery: Any, feed: str) -> list[sa.ColumnElement[Any]]:  # noqa: ANN401 - an alias of Delivery
    columns = (delivery.delivery_id, delivery.received_at, delivery.state, delivery.verdict)
    return [column.label(f"{feed}_{column.key}") for column in columns]


def _row(row: sa.Row[Any]) -> DistrictRow:
    def upload(feed: str) -> LastUpload | None:
        values = [getattr(row, f"{feed}_{name}") for name in ("delivery_id", "received_at", "state", "verdict")]
        return LastUpload(*values) if values[0] else None

    return DistrictRow(
        district_id=row.district_id,
        name=row.name,
        roster=upload("roster"),
        subgroups=upload("subgroups"),
        held=row.held,
        late_nights=row.late_nights,
        has_fault=bool(row.fault),
        published_at=row.published_at,
        keys=row.key_count,
        has_password=row.password_set_at is not None,
        invited_until=row.invited_until,
    )
