"""Judging all deliveries of a run, in turns (docs/architecture.md 3.13): rosters first, then subgroup files against them.

Content never stops a run: whatever is wrong with a delivery becomes findings and a verdict in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING

from subgroup_pipeline.findings.catalogue import severity_of
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.landing.delta import compose_due
from subgroup_pipeline.landing.failing_rows import keep_failing_rows, locate
from subgroup_pipeline.landing.set_aside import rows_not_landed
from subgroup_pipeline.quality.check_session import open_session
from subgroup_pipeline.quality.family_totals import JudgedFeeds, note_failures
from subgroup_pipeline.quality.held_preview import preview_held
from subgroup_pipeline.quality.roster_guards import assess_rosters, set_aside_findings
from subgroup_pipeline.quality.subgroup_guards import assess_subgroup_files
from subgroup_pipeline.quality.suite_findings import as_finding, failures_by_delivery, leave_out_of_lists
from subgroup_pipeline.quality.validation import Failure, validate
from subgroup_pipeline.quality.verdict import state_of, verdict_of
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.findings import store_findings, store_findings_of
from subgroup_pipeline.registry.ledger import (
    ACCEPTED,
    LIVE_STATES,
    advance,
    deliveries_in,
    get_deliveries,
    latest_delivery,
    live_deliveries,
    supersede_held,
    was_accepted_before,
)
from subgroup_pipeline.stages import stage
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.control import write_subgroup_settings
from subgroup_pipeline.warehouse.control_tables import HELD_BACK, JUDGE_AGAIN, RUN_DELIVERY
from subgroup_pipeline.warehouse.oneroster import file_at, gradebook_files
from subgroup_pipeline.warehouse.raw_tables import tables_of
from subgroup_pipeline.warehouse.rows import insert_rows, replace_ids
from subgroup_pipeline.warehouse.rules_version import rules_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.quality.assessment import Assessment
    from subgroup_pipeline.quality.validation import Validation
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed, Verdict
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

_WAITS_FOR: dict[str, str] = {
    "held": "The roster came and waits for a person to look at it.",
    "rejected": "The roster that came was rejected; its own report says why.",
}
"""By state of a district's newest roster: why its subgroup files wait."""


@dataclass
class Judged:
    """Verdicts by delivery, and every failure of the suites. `unusable` are live deliveries that fail by now."""

    verdicts: dict[str, Verdict] = field(default_factory=dict)
    feeds: JudgedFeeds = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)


@stage("judge")
def judge_deliveries(
    registry: Registry,
    settings: Settings,
    districts: Sequence[RegisteredDistrict],
    *,
    run_name: str,
) -> Judged:
    """Judge everything that is landed, and live deliveries that were landed again under new settings.

    Nothing else may have the warehouse open. Raises ChecksNotRunError when Great Expectations itself fails.
    """
    by_id = {district.district_id: district for district in districts}
    judged = Judged()
    with open_warehouse(settings) as connection:
        again = [row[0] for row in connection.execute("select delivery_id from control.judge_again").fetchall()]
    with registry.begin() as session:
        live_again = get_deliveries(session, again)
        landed = [d for d in live_again if d.district_id in by_id] + deliveries_in(session, ["landed"], by_id)
    for turn in _turns(delivery for delivery in landed if delivery.feed == "roster"):
        with open_warehouse(settings) as connection:
            composed = compose_due(connection, registry, turn, by_id)
        judged.waiting += composed.waiting
        judged.rejected += composed.rejected
        if composed.ready:
            _judge_turn(registry, settings, by_id, composed.ready, judged, run_name)
    subgroups = [delivery for delivery in landed if delivery.feed == "subgroups"]
    for turn in _turns(_with_roster(registry, subgroups, judged)):
        _judge_turn(registry, settings, by_id, turn, judged, run_name)
    with open_warehouse(settings) as connection:
        replace_ids(connection, JUDGE_AGAIN, judged.verdicts, [])
        replace_ids(connection, HELD_BACK, judged.verdicts, judged.unusable)
        note_failures(connection, run_name, judged.feeds, judged.failures)
    return judged


def _turns(deliveries: Iterable[Delivery]) -> list[list[Delivery]]:
    """Deliveries in turns of at most one a district, oldest first: each is judged against what was accepted before it."""
    queues: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in sorted(deliveries, key=lambda d: d.delivery_id):
        queues[delivery.district_id].append(delivery)
    return [[d for d in turn if d is not None] for turn in zip_longest(*queues.values())]


def _with_roster(registry: Registry, subgroups: list[Delivery], judged: Judged) -> list[Delivery]:
    """Those subgroup deliveries whose district has an accepted roster; the others wait with a finding."""
    with registry.begin() as session:
        live = live_deliveries(session, "roster")
        for delivery in subgroups:
            if delivery.district_id not in live:
                roster = latest_delivery(session, delivery.district_id, "roster")
                about = _WAITS_FOR.get(roster.state, "") if roster else "No roster has come."
                waits = Finding("SUB509", file=delivery.files[0].name, about=about)
                store_findings(session, "quality", delivery.district_id, delivery.delivery_id, [waits])
                judged.waiting.append(delivery.delivery_id)
    return [delivery for delivery in subgroups if delivery.district_id in live]


def _judge_turn(
    registry: Registry,
    settings: Settings,
    districts: Mapping[str, RegisteredDistrict],
    deliveries: list[Delivery],
    judged: Judged,
    run_name: str,
) -> None:
    """Judge deliveries of one feed, at most one per district."""
    feed: Feed = "roster" if deliveries[0].feed == "roster" else "subgroups"
    with registry.begin() as ledger:
        live = live_deliveries(ledger, "roster")
    with open_warehouse(settings) as connection:
        write_subgroup_settings(connection, districts.values())
        connection.execute("delete from control.run_delivery")
        insert_rows(connection, RUN_DELIVERY, [_run_row(d, districts, live) for d in deliveries])
    tables = [table.name for table in tables_of(feed)]
    assess = assess_rosters if feed == "roster" else assess_subgroup_files
    with open_session(settings) as session:
        validation = validate(settings, session, tables, run_name=run_name and f"{run_name}-{feed}")
        leave_out_of_lists(validation, deliveries)
        assessments = assess(registry, session, districts, deliveries)
        findings = _all_findings(districts, deliveries, validation, assessments)
        with registry.begin() as ledger:
            rows = get_deliveries(ledger, findings)
            verdicts = {
                row.delivery_id: _verdict(ledger, districts[row.district_id], row, findings[row.delivery_id]) for row in rows
            }
        held = [d for d in deliveries if verdicts[d.delivery_id] == "held" and d.state not in LIVE_STATES]
        previews = preview_held(registry, session, districts, held, assessments) if held else {}
    judged.failures += validation.failures
    with ReadingPool(1) as readers:
        for delivery in deliveries:
            key = delivery.delivery_id
            findings[key], kept = locate(settings.paths, readers, delivery, findings[key])
            keep_failing_rows(settings.paths, delivery, "quality", kept)
    with registry.begin() as ledger:
        rows = get_deliveries(ledger, findings)
        store_findings_of(ledger, "quality", [(row, findings[row.delivery_id]) for row in rows])
        for row in rows:
            key = row.delivery_id
            noted = assessments[key].noted.updated(DeliveryRecord(preview=previews.get(key)))
            _decide(ledger, row, findings[key], verdicts[key], noted, judged)
        supersede_held(ledger, [row for row in rows if verdicts[row.delivery_id] in ACCEPTED])


def _all_findings(
    districts: Mapping[str, RegisteredDistrict],
    deliveries: Iterable[Delivery],
    validation: Validation,
    assessments: Mapping[str, Assessment],
) -> dict[str, list[Finding]]:
    """What the suites and the guards say, by delivery."""
    failures = failures_by_delivery(validation)
    said = {}
    for delivery in deliveries:
        district = districts[delivery.district_id]
        findings = [as_finding(district, delivery, failure) for failure in failures[delivery.delivery_id]]
        if delivery.feed == "roster":
            files = [table for table in tables_of("roster") if table.file_name not in gradebook_files()]
            rows = {table.file_name: validation.rows[table.name, delivery.delivery_id] for table in files}
            lost = {name: rows_not_landed(delivery, name) for name in rows}
            findings += set_aside_findings(findings, rows, lost, district.settings.guards)
        said[delivery.delivery_id] = findings + assessments[delivery.delivery_id].findings
    return said


def _run_row(
    delivery: Delivery, districts: Mapping[str, RegisteredDistrict], live: Mapping[str, Delivery]
) -> dict[str, str | None]:
    subgroups = districts[delivery.district_id].settings.subgroups
    roster = live.get(delivery.district_id)
    return {
        "district_id": delivery.district_id,
        "delivery_id": delivery.delivery_id,
        "feed": delivery.feed,
        "roster_delivery_id": roster.delivery_id if roster and roster.delivery_id != delivery.delivery_id else None,
        "match_field": subgroups.match_field if subgroups and delivery.feed == "subgroups" else None,
        "delta_tables": ",".join(delivery.record.delta_tables),
        "oneroster_version": delivery.record.oneroster_version,
    }


def _verdict(session: Session, district: RegisteredDistrict, row: Delivery, findings: list[Finding]) -> Verdict:
    """The verdict, which the district's own settings may turn into a hold; then a finding that says so joins the others."""
    said = [(f.code, f.file) for f in findings] + [(f.code, f.file) for f in row.findings if f.stage != "quality"]
    severities = [severity_of(code) for code, _ in said]
    if "fatal" not in severities:  # what is refused anyway waits for nobody
        is_clean = not any(severity_of(code) == "error" and file_at(file) not in gradebook_files() for code, file in said)
        if district.settings.publish_when == "clean" and not is_clean:
            findings.append(Finding("CLN702"))
        is_live = row.state in LIVE_STATES
        if not is_live and district.settings.guards.first_delivery == "review" and not was_accepted_before(session, row):
            findings.append(Finding("FST701"))
    return verdict_of([*severities, *(f.severity for f in findings)], is_approved=row.decision == "approved")


def _decide(
    session: Session, row: Delivery, findings: list[Finding], verdict: Verdict, noted: DeliveryRecord, judged: Judged
) -> None:
    """Note the verdict. A live delivery that fails by now keeps its state and is named unusable."""
    is_live = row.state in LIVE_STATES
    row.rules_version = rules_version()
    judged.verdicts[row.delivery_id] = verdict
    judged.feeds[row.district_id, "roster" if row.feed == "roster" else "subgroups"] = row.delivery_id
    if is_live and verdict in ("held", "rejected"):
        judged.unusable.append(row.delivery_id)
        return
    set_aside = sum(finding.count or 0 for finding in findings if finding.severity == "error")
    noted = noted.updated(DeliveryRecord(rows_set_aside_by_checks=set_aside))
    advance(session, row, row.state if is_live else state_of(verdict), verdict=verdict, noted=noted)  # type: ignore[arg-type]
