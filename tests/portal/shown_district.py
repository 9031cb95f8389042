"""A portal over two districts as a night left them, without a night: what their pages are asked about."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.delivery_record import DeliveryRecord, FileRecord
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import State, Verdict, advance, get_delivery
from subgroup_pipeline.registry.schema import AuditEvent
from subgroup_pipeline.settings import load_settings
from tests.support import small_district as small
from tests.support.place import Place
from tests.support.portal import PortalUnderTest, portal_running

MORE = 'contacts: [data@alder.example]\nschedule: "02:00"\n'


@dataclass
class Shown:
    """A portal over two districts: alder with a good roster and a subgroup file on hold, birch with a refused roster."""

    portal: PortalUnderTest
    place: Place
    roster: str
    subgroups: str
    of_birch: str

    def events(self, kind: str) -> list[AuditEvent]:
        with self.place.registry.begin() as session:
            return list(session.scalars(sa.select(AuditEvent).filter_by(kind=kind).order_by(AuditEvent.event_id)))


@contextmanager
def shown_districts(home: Path, template: Path) -> Iterator[Shown]:
    """The districts in a new home."""
    shutil.copytree(template, home)
    settings = load_settings(home=home, staff_mail="staff@vendor.example")
    registry = open_registry(settings)
    place = Place(settings, registry)
    for district in ("alder", "birch"):
        place.add(district, **{"guards:": f"{MORE}guards:"})
    roster = place.deliver("roster", small.roster(), "alder")
    subgroups = place.deliver("subgroups", {"subgroups.csv": _subgroups()}, "alder")
    of_birch = place.deliver("roster", small.roster(), "birch")
    with registry.begin() as session:
        _judge(session, roster, "accepted", "accepted", 10)
        _judge(session, subgroups, "held", "held", 60)
        _judge(session, of_birch, "rejected", "rejected", 10)
        unknown = Finding("SUB506", file="subgroups.csv", column="ell", count=1, lines=(6,))
        store_findings(session, "judge", "alder", subgroups, [unknown, Finding("FST701", file="subgroups.csv")])
        store_findings(session, "judge", "birch", of_birch, [Finding("PKG003", file="manifest.csv", about="canary-birch")])
    with portal_running(settings, registry) as portal:
        yield Shown(portal, place, roster, subgroups, of_birch)
    registry.close()


def _judge(session: Session, delivery_id: str, state: State, verdict: Verdict, rows: int) -> None:
    """What a night leaves of a delivery."""
    delivery = get_delivery(session, delivery_id)
    file = FileRecord(table="users", lines=rows + 1, records=rows, landed=rows)
    for step in ("screened", "landed"):
        advance(session, delivery, step)
    advance(session, delivery, state, verdict=verdict, noted=DeliveryRecord(files={delivery.files[0].name: file}))


def _subgroups() -> str:
    """A subgroup file of 60 students with two columns that are not set up: a code, and names."""
    head, *rows = small.subgroups(60).splitlines()
    more = [f"{row},{'YN'[number % 2]},Name{number % 7}" for number, row in enumerate(rows)]
    return "\n".join([f"{head},gifted,first_name", *more]) + "\n"
