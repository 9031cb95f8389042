"""Putting a report together from ledger, kept rows and the published manifest: one set of queries for all deliveries given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.landing.failing_rows import FailingRow, kept_failing_rows
from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.local_time import local_time
from subgroup_pipeline.publish.manifest import Manifest, PublishedDistrict, current_manifest, shown_deliveries
from subgroup_pipeline.registry.ledger import ACCEPTED, Verdict, iso_time, latest_deliveries
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.reports.problems import contact_of, problems_of, rows_of
from subgroup_pipeline.reports.report import (
    MOST_CHANGES,
    Changes,
    Contact,
    Counts,
    Report,
    ReportedFile,
    Shown,
    Solved,
    SubgroupChange,
)
from subgroup_pipeline.reports.words import next_run, of_fetched, shown_words, verdict_words, what_to_do, with_contact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.publish.subgroup_changes import Change
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_SAME_ID = ("KEY002", "SUB502", "DUP401")
_JUDGED: tuple[Verdict, ...] = (*ACCEPTED, "held")
"""Verdicts of deliveries whose rows were looked at: a file that could not be read has no rows with problems, and solves none."""


@dataclass(frozen=True)
class _Surroundings:
    """What reports say besides their own delivery; `roster_state` is of each district's newest roster."""

    manifest: Manifest | None
    received_at: Mapping[str, datetime]
    previous: Mapping[str, Delivery | None]
    roster_state: Mapping[str, str]
    next_run: datetime | None
    contact: Contact
    changes: Mapping[str, Sequence[Change]]


def build_reports(
    registry: Registry,
    settings: Settings,
    districts: Mapping[str, RegisteredDistrict],
    deliveries: Sequence[Delivery],
    *,
    manifest: Manifest | None = None,
    changes: Mapping[str, Sequence[Change]] = MappingProxyType({}),
) -> Iterator[Report]:
    """The report of each delivery, one at a time: a report may hold 10,000 rows.

    `manifest` is of what readers see elsewhere, `changes` what the newest builds that they see changed, by district.
    """
    manifest = manifest or current_manifest(settings)
    with registry.begin() as session:
        ids = {delivery.district_id for delivery in deliveries}
        received_at = _received_at(session, manifest, ids)
        previous = {delivery.delivery_id: _delivery_before(session, delivery) for delivery in deliveries}
        newest = latest_deliveries(session, ids)
    roster_state = {delivery.district_id: delivery.state for delivery in newest if delivery.feed == "roster"}
    run = next_run(settings.nightly_cron, settings.timezone, datetime.now(UTC))
    around = _Surroundings(manifest, received_at, previous, roster_state, run, contact_of(settings), changes)
    for delivery in deliveries:
        yield _report(settings.paths, districts[delivery.district_id], delivery, around)


def _received_at(session: Session, manifest: Manifest | None, districts: Collection[str]) -> dict[str, datetime]:
    """When the deliveries came that readers see of these districts."""
    published = manifest.districts if manifest else {}
    shown = shown_deliveries({district_id: published[district_id] for district_id in districts if district_id in published})
    query = sa.select(Delivery.delivery_id, Delivery.received_at).where(Delivery.delivery_id.in_(shown.values()))
    return {row.delivery_id: row.received_at for row in session.execute(query)}


def _delivery_before(session: Session, delivery: Delivery) -> Delivery | None:
    """The delivery of the same feed before this one whose rows were looked at."""
    query = sa.select(Delivery).where(
        Delivery.district_id == delivery.district_id,
        Delivery.feed == delivery.feed,
        Delivery.received_at < delivery.received_at,
        Delivery.verdict.in_(_JUDGED),
    )
    return session.scalar(query.order_by(Delivery.received_at.desc(), Delivery.delivery_id.desc()).limit(1))


def _report(home: Home, district: RegisteredDistrict, delivery: Delivery, around: _Surroundings) -> Report:
    zone = district.settings.timezone
    kept = kept_failing_rows(home, delivery)
    contact = around.contact
    problems = problems_of(delivery.findings, kept, delivery.state, contact)
    rows, not_listed = rows_of(problems, delivery.findings, kept)
    counts = _counts(delivery)
    severities = {problem.severity for problem in problems}
    codes = {problem.code for problem in problems if problem.severity == "hold" or problem.code == "SUB509"}
    to_do = what_to_do(delivery.state, delivery.verdict, severities, codes, around.roster_state.get(delivery.district_id))
    verdict = verdict_words(delivery.state, delivery.verdict, counts.set_aside)
    if delivery.feed == "roster" and is_listed(delivery):
        to_do, verdict = [of_fetched(line) for line in to_do], of_fetched(verdict)
    return Report(
        delivery_id=delivery.delivery_id,
        district_id=delivery.district_id,
        district_name=district.settings.name,
        feed="roster" if delivery.feed == "roster" else "subgroups",
        state=delivery.state,
        verdict=delivery.verdict,
        verdict_in_words=verdict,
        what_to_do=[with_contact(line, contact.name, contact.mail, contact.phone) for line in to_do],
        received_at=iso_time(delivery.received_at) or "",
        received_local=local_time(delivery.received_at, zone),
        files=[ReportedFile(name=f.name, size=f.size, sha256=f.sha256[:12]) for f in delivery.files if not f.member_of],
        counts=counts,
        changes=_changes(delivery),
        solved=_solved(home, delivery, kept, around.previous.get(delivery.delivery_id)),
        shown=_shown(delivery, zone, around),
        next_run=None if around.next_run is None else local_time(around.next_run, zone),
        contact=contact,
        problems=problems,
        rows=rows,
        rows_not_listed=not_listed,
    )


def _counts(delivery: Delivery) -> Counts:
    record = delivery.record
    rows = record.records
    # A row that breaks two rules is counted twice by the checks.
    set_aside = min(record.rows_set_aside, rows) if rows else record.rows_set_aside
    is_used = delivery.verdict in ACCEPTED
    return Counts(
        lines=record.lines,
        rows=rows,
        used=max(rows - set_aside, 0) if is_used else 0,
        set_aside=set_aside,
        duplicates=sum(finding.count or 0 for finding in delivery.findings if finding.code in _SAME_ID),
        student_ids=record.student_ids,
        matched=record.matched,
    )


def _changes(delivery: Delivery) -> Changes | None:
    """What the guards counted against the last good delivery, when they did."""
    counted = delivery.record.changes
    return None if counted is None else Changes(new=counted.new, changed=counted.changed, removed=counted.removed)


def _solved(home: Home, delivery: Delivery, kept: Sequence[FailingRow], previous: Delivery | None) -> Solved | None:
    """Rows with problems of the delivery before against those of this one, by code and id; None without any to compare."""
    if previous is None or delivery.verdict not in _JUDGED:
        return None
    before, now = _keyed(kept_failing_rows(home, previous)), _keyed(kept)
    if not before:
        return None
    return Solved(previous_delivery_id=previous.delivery_id, before=len(before), solved=len(before - now), new=len(now - before))


def _keyed(rows: Sequence[FailingRow]) -> set[tuple[str, str]]:
    return {(row.code, row.row_key) for row in rows if row.row_key and severity_of(row.code) != "info"}


def _shown(delivery: Delivery, zone: str, around: _Surroundings) -> Shown | None:
    published: PublishedDistrict | None = around.manifest.districts.get(delivery.district_id) if around.manifest else None
    if published is None or around.manifest is None:
        return None
    roster_id, subgroups_id = published.roster_delivery_id, published.subgroup_delivery_id
    roster, subgroups = around.received_at.get(roster_id), around.received_at.get(subgroups_id or "")
    in_words = [local_time(moment, zone) if moment else None for moment in (roster, subgroups)]
    is_this_delivery = delivery.delivery_id in (roster_id, subgroups_id)
    newest = max(filter(None, (roster, subgroups)), default=None)
    return Shown(
        is_this_delivery=is_this_delivery,
        student_count=published.student_count,
        as_of_date=published.as_of_date,
        published_at=around.manifest.created_at,
        in_words=shown_words(published.student_count, published.as_of_date, *in_words),
        roster_received_at=iso_time(roster),
        subgroups_received_at=iso_time(subgroups),
        changes=_of_build(around.changes.get(delivery.district_id, ()), newest) if is_this_delivery else [],
    )


def _of_build(changes: Sequence[Change], effective_at: datetime | None) -> list[SubgroupChange]:
    """What the build of this time (UTC) changed, as far as a report lists it."""
    return [
        SubgroupChange(
            subgroup=one.subgroup,
            from_value=one.from_value,
            to_value=one.to_value,
            student_count=one.student_count,
            in_words=one.in_words,
        )
        for one in changes[:MOST_CHANGES]
        if one.effective_at.replace(tzinfo=UTC) == effective_at
    ]
