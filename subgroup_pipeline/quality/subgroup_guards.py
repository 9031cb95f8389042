"""What a subgroup file is as a whole, counted in one query a fact for all deliveries of the run, and the findings it leads to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.landing.warehouse import insert_rows
from subgroup_pipeline.quality.subgroup_columns import ColumnFacts, column_facts, column_findings
from subgroup_pipeline.quality.subgroup_drift import DriftFacts, changed_students, drift_facts, drift_findings
from subgroup_pipeline.quality.subgroup_file import SubgroupFile
from subgroup_pipeline.quality.subgroup_ids import IdFacts, id_facts, id_findings
from subgroup_pipeline.quality.subgroup_match import MatchFacts, match_facts, match_findings
from subgroup_pipeline.quality.subgroup_owner import wrong_district_finding, wrong_districts
from subgroup_pipeline.quality.validation import open_session
from subgroup_pipeline.registry.ledger import live_deliveries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.districts import RegisteredDistrict
    from subgroup_pipeline.registry.findings import Finding
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Settings

_LIVE_FILE = {"delivery_id": "VARCHAR", "live_delivery_id": "VARCHAR"}


@dataclass
class SubgroupFacts:
    """All facts of one file."""

    match: MatchFacts
    ids: IdFacts = field(default_factory=IdFacts)
    columns: ColumnFacts = field(default_factory=ColumnFacts)
    drift: DriftFacts = field(default_factory=DriftFacts)
    changed_students: dict[str, int] | None = None
    elsewhere: list[tuple[str, int]] = field(default_factory=list)

    def is_suspect(self, file: SubgroupFile) -> bool:
        """Whether so few ids match, also written another way, that the file may be another district's."""
        likely = self.match.matched + self.ids.explained
        return bool(self.match.keys) and likely < file.guards.subgroup_own_match * self.match.keys


def subgroup_findings(
    registry: Registry, settings: Settings, districts: Mapping[str, RegisteredDistrict], deliveries: Iterable[Delivery]
) -> dict[str, tuple[list[Finding], dict[str, Any]]]:
    """Findings about each subgroup file of `control.run_delivery` as a whole, and counts for the ledger, by delivery.

    A file that is most likely another district's also gets an entry in the audit log.
    """
    with registry.begin() as session:
        live = live_deliveries(session, "subgroups")
    files = {}
    for delivery in deliveries:
        before = live.get(delivery.district_id)
        replaces = before is not None and before.delivery_id < delivery.delivery_id
        own = districts[delivery.district_id].settings
        files[delivery.delivery_id] = SubgroupFile(settings.paths, own, delivery, before if replaces else None)
    facts = subgroup_facts(registry, settings, files)
    return {delivery_id: _about_file(registry, file, facts[delivery_id]) for delivery_id, file in files.items()}


def subgroup_facts(registry: Registry, settings: Settings, files: Mapping[str, SubgroupFile]) -> dict[str, SubgroupFacts]:
    """Facts of these files, by delivery."""
    with open_session(settings) as session:
        _note_live_files(session, files)
        matches, ids = match_facts(session), id_facts(session)
        columns, drift, changed = column_facts(session), drift_facts(session), changed_students(session)
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
        suspects = {key: matches[key] for key, file in files.items() if facts[key].is_suspect(file)}
        for delivery_id, elsewhere in wrong_districts(session, registry, suspects).items():
            facts[delivery_id].elsewhere = elsewhere
    return facts


def _note_live_files(session: duckdb.DuckDBPyConnection, files: Mapping[str, SubgroupFile]) -> None:
    session.execute("create table checks.live_file (delivery_id varchar, live_delivery_id varchar)")
    pairs = [{"delivery_id": key, "live_delivery_id": file.live.delivery_id} for key, file in files.items() if file.live]
    insert_rows(session, "checks.live_file", _LIVE_FILE, pairs)


def _about_file(registry: Registry, file: SubgroupFile, facts: SubgroupFacts) -> tuple[list[Finding], dict[str, Any]]:
    """Causes first: where one explains why the ids do not match, nothing else says that they do not."""
    match = facts.match
    findings = list(id_findings(file, facts.ids, match))
    wrong = wrong_district_finding(registry, file, match, facts.elsewhere)
    if wrong is not None:
        findings.append(wrong)
    is_explained = any(finding.severity == "fatal" for finding in findings)
    findings += match_findings(file, match, is_explained=is_explained)
    findings += column_findings(file, facts.columns)
    findings += drift_findings(file, facts.drift)
    counts: dict[str, Any] = {"student_ids": match.keys, "matched": match.matched, "absent_students": match.absent_students}
    return findings, counts | ({"changes": facts.changed_students} if facts.changed_students else {})
