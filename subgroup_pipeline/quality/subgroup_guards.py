"""What a subgroup file is as a whole, counted in one query a fact for all deliveries of the run, and the findings it leads to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from subgroup_pipeline.quality.assessment import Assessment
from subgroup_pipeline.quality.cell_counts import OF_FILES
from subgroup_pipeline.quality.subgroup_columns import ColumnFacts, column_facts, column_findings
from subgroup_pipeline.quality.subgroup_drift import DriftFacts, changed_students, drift_facts, drift_findings
from subgroup_pipeline.quality.subgroup_fields import FieldFit, best_fits
from subgroup_pipeline.quality.subgroup_file import SubgroupFile
from subgroup_pipeline.quality.subgroup_ids import IdFacts, id_facts, id_findings
from subgroup_pipeline.quality.subgroup_match import MatchFacts, match_facts, match_findings, note_keys
from subgroup_pipeline.quality.subgroup_owner import wrong_district_finding, wrong_districts
from subgroup_pipeline.quality.subgroup_rewrites import rewrite_facts
from subgroup_pipeline.registry.delivery_record import ChangedStudents, DeliveryRecord
from subgroup_pipeline.registry.ledger import live_deliveries
from subgroup_pipeline.warehouse.rows import insert_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery


@dataclass
class SubgroupFacts:
    """All facts of one file."""

    match: MatchFacts
    ids: IdFacts = field(default_factory=IdFacts)
    columns: ColumnFacts = field(default_factory=ColumnFacts)
    drift: DriftFacts = field(default_factory=DriftFacts)
    changed: ChangedStudents | None = None
    elsewhere: list[tuple[str, int]] = field(default_factory=list)

    def is_suspect(self, file: SubgroupFile) -> bool:
        """Whether so few ids match, also in another field or writing, that the file may be another district's."""
        other_field = self.ids.other_field.ids if self.ids.other_field else 0
        likely = max(self.match.matched + self.ids.rewrites.students, other_field)
        return bool(self.match.keys) and likely < file.guards.subgroup_own_match * self.match.keys


def assess_subgroup_files(
    registry: Registry,
    session: duckdb.DuckDBPyConnection,
    districts: Mapping[str, RegisteredDistrict],
    deliveries: Iterable[Delivery],
) -> dict[str, Assessment]:
    """What is said of each subgroup file of `control.run_delivery` as a whole, by delivery.

    A file that is most likely another district's also gets an entry in the audit log.
    """
    with registry.begin() as ledger:
        live = live_deliveries(ledger, "subgroups")
    files = {}
    for delivery in deliveries:
        before = live.get(delivery.district_id)
        replaces = before is not None and before.delivery_id < delivery.delivery_id
        own = districts[delivery.district_id].settings
        files[delivery.delivery_id] = SubgroupFile(own, delivery, before if replaces else None)
    facts = subgroup_facts(registry, session, files)
    return {delivery_id: _about_file(registry, file, facts[delivery_id]) for delivery_id, file in files.items()}


def subgroup_facts(
    registry: Registry, session: duckdb.DuckDBPyConnection, files: Mapping[str, SubgroupFile]
) -> dict[str, SubgroupFacts]:
    """Facts of these files, by delivery."""
    _note_live_files(session, files)
    note_keys(session)
    ids = id_facts(session, rewrite_facts(session))
    matches = match_facts(session, OF_FILES)
    columns, drift = column_facts(session, OF_FILES), drift_facts(session, OF_FILES)
    changed = changed_students(session, OF_FILES)
    facts = {
        delivery_id: SubgroupFacts(
            matches[delivery_id],
            ids.get(delivery_id, IdFacts()),
            columns.get(delivery_id, ColumnFacts()),
            drift.get(delivery_id, DriftFacts()),
            changed.get(delivery_id),
        )
        for delivery_id in files
    }
    low = [key for key, file in files.items() if matches[key].is_below(file.guards.match_rate)]
    for delivery_id, fit in best_fits(session, low).items():
        facts[delivery_id].ids.other_field = fit
    suspects = {key: matches[key] for key, file in files.items() if facts[key].is_suspect(file)}
    for delivery_id, elsewhere in wrong_districts(session, registry, suspects).items():
        facts[delivery_id].elsewhere = elsewhere
    return facts


def _note_live_files(session: duckdb.DuckDBPyConnection, files: Mapping[str, SubgroupFile]) -> None:
    session.execute(f"create table {OF_FILES.replaced} {OF_FILES.replaced.definition}")
    pairs = [{"delivery_id": key, "live_delivery_id": file.live.delivery_id} for key, file in files.items() if file.live]
    insert_rows(session, OF_FILES.replaced, pairs)


def _about_file(registry: Registry, file: SubgroupFile, facts: SubgroupFacts) -> Assessment:
    """Causes first: where one explains why the ids do not match, nothing else says that they do not."""
    match = facts.match
    wrong = wrong_district_finding(registry, file, match, facts.elsewhere)
    findings = [wrong] if wrong is not None else list(_about_content(file, facts))
    noted = DeliveryRecord(student_ids=match.keys, matched=match.matched, absent_students=match.absent_students)
    return Assessment(findings, noted if facts.changed is None else noted.updated(DeliveryRecord(changes=facts.changed)))


def _about_content(file: SubgroupFile, facts: SubgroupFacts) -> Iterator[Finding]:
    """What is said about a file of the district's own."""
    about_ids = list(id_findings(file, facts.ids, facts.match))
    yield from about_ids
    is_refused = any(finding.severity == "fatal" for finding in about_ids)
    is_explained = is_refused or any(finding.severity == "hold" for finding in about_ids)
    absent = facts.match.absent_students - facts.ids.rewrites.students
    if is_refused or (is_explained and isinstance(facts.ids.cause(facts.match), FieldFit)):
        absent = 0
    yield from match_findings(file, facts.match, is_explained=is_explained, absent=absent)
    yield from column_findings(file, facts.columns)
    yield from drift_findings(file, facts.drift)
