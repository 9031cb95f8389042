"""What a roster is as a whole: facts counted for all deliveries of the run, and the findings they lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from subgroup_pipeline.districts.limits import GROWTH_FLOOR, REJECT_FLOOR, REMOVED_FLOOR, ROLLOVER_SHARE, share_in_words
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.quality.assessment import Assessment
from subgroup_pipeline.quality.check_session import fact_query
from subgroup_pipeline.quality.roster_changes import Change, RosterChanges, roster_changes
from subgroup_pipeline.quality.roster_owner import roster_owner_findings
from subgroup_pipeline.quality.roster_subgroups import roster_subgroup_findings
from subgroup_pipeline.registry.delivery_record import ChangedStudents, Count, DeliveryRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.districts.guards import Guards
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.schema import Delivery

_FILES = {"students": "users.csv", "staff": "users.csv", "classes": "classes.csv", "enrollments": "enrollments.csv"}
_REMOVED = {"students": "VOL301", "staff": "VOL302", "classes": "VOL303", "enrollments": "VOL304"}


class StudentCount(NamedTuple):
    """Active students among the users of a roster, and why others are none: `disabled` and `gone` have the role."""

    active: int
    users: int
    with_role: int
    disabled: int
    gone: int

    def finding(self) -> Finding:
        """That there are none, naming the column that is at fault for most."""
        if not self.with_role:
            column, about = "role", f"None of {self.users} users has the role student."
        elif self.disabled >= self.gone:
            column, about = "enabledUser", f"Of {self.with_role} users with the role student, {self.disabled} are not enabled."
        else:
            column, about = "status", f"Of {self.with_role} users with the role student, {self.gone} have no active status."
        return Finding("STU601", file="users.csv", column=column, count=self.users or None, about=about)


def assess_rosters(
    registry: Registry,
    session: duckdb.DuckDBPyConnection,
    districts: Mapping[str, RegisteredDistrict],
    deliveries: Iterable[Delivery],
) -> dict[str, Assessment]:
    """What is said of each roster of `control.run_delivery` as a whole, by delivery; also whose it is, and of its subgroups."""
    students = {row[0]: StudentCount(*row[1:]) for row in session.execute(fact_query("roster/students")).fetchall()}
    changes = roster_changes(session)
    years: dict[str, tuple[bool, bool]] = {
        row[0]: row[1:] for row in session.execute(fact_query("roster/school_years")).fetchall()
    }
    subgroups = roster_subgroup_findings(session, districts, deliveries)
    foreign = roster_owner_findings(registry, session, deliveries)
    assessments = {}
    for delivery in deliveries:
        key, district = delivery.delivery_id, districts[delivery.district_id]
        findings = _about_roster(students[key], changes.get(key), district, delivery)
        findings += _about_school_year(*years[key], district) + subgroups.get(key, [])
        findings += [foreign[key]] if key in foreign else []
        kinds = changes[key].by_kind if key in changes else {}
        counts = {kind: Count(before=change.before, now=change.now) for kind, change in kinds.items()}
        assessments[key] = Assessment(findings, _counted(students[key], changes.get(key)), counts)
    return assessments


def _counted(students: StudentCount, changes: RosterChanges | None) -> DeliveryRecord:
    """For the ledger: active students, and those that the roster before had not, has otherwise, or alone has."""
    if changes is None:
        return DeliveryRecord(active_students=students.active)
    change = changes.by_kind.get("students", Change())
    changed = ChangedStudents(new=change.added, changed=change.changed, removed=change.removed)
    return DeliveryRecord(active_students=students.active, changes=changed)


def set_aside_findings(
    findings: Iterable[Finding], rows: Mapping[str, int], not_landed: Mapping[str, int], guards: Guards
) -> list[Finding]:
    """Findings about files of which too much is set aside; `rows` are landed, `not_landed` set aside before, by file name.

    A row is set aside for the first of its faults, so the counts of a file add up. Small numbers are let through, but never
    when they are more than half of the file. Files that `rows` does not name are not asked: those of the gradebook.
    """
    by_file = {name: count for name, count in not_landed.items() if count}
    for finding in findings:
        if finding.severity == "error" and finding.file is not None and finding.file in rows and finding.count:
            by_file[finding.file] = by_file.get(finding.file, 0) + finding.count
    rows = {name: count + not_landed.get(name, 0) for name, count in rows.items()}
    said = []
    for name, count in sorted(by_file.items()):
        about = f"{count} of {rows[name]} rows; "
        if _is_more(count, guards.set_aside_reject, rows[name], REJECT_FLOOR):
            about += _limit(guards.set_aside_reject, guards.origin("set_aside_reject"))
            said.append(Finding("VOL310", file=name, count=count, about=about))
        elif _is_more(count, guards.set_aside_hold, rows[name], REMOVED_FLOOR):
            about += _limit(guards.set_aside_hold, guards.origin("set_aside_hold"))
            said.append(Finding("VOL309", file=name, count=count, about=about))
        elif 2 * count > rows[name]:
            said.append(Finding("VOL309", file=name, count=count, about=f"{about}more than half of a file is never let through."))
    return said


def _about_roster(
    students: StudentCount, changes: RosterChanges | None, district: RegisteredDistrict, delivery: Delivery
) -> list[Finding]:
    if not students.active:
        return [students.finding()]
    if changes is None:
        return []
    guards = district.settings.guards
    findings = [f for kind, change in changes.by_kind.items() for f in _about_kind(kind, change, guards, changes)]
    findings += _about_schools(changes, guards)
    if changes.lost_results and not changes.is_new_school_year:
        findings.append(Finding("GRD603", file="results.csv"))
    before = changes.by_kind.get("students", Change()).before
    if _is_more(changes.new_ids, guards.new_ids, before, REMOVED_FLOOR):
        about = f"{changes.new_ids} of {before}; {_limit(guards.new_ids, guards.origin('new_ids'))}"
        findings.append(Finding("VOL308", file="users.csv", column="sourcedId", count=changes.new_ids, about=about))
    if changes.records_older and not changes.records_newer:
        findings.append(Finding("OLD802", column="dateLastModified", count=changes.records_older))
    return findings + _about_season(changes, district, delivery)


def _about_school_year(has_year: bool, has_end: bool, district: RegisteredDistrict) -> list[Finding]:
    """What cannot be said of the school year. A file without any session that can be used is held for that already."""
    findings = [] if has_year else [Finding("DAT309", file="academicSessions.csv", column="schoolYear")]
    if district.settings.as_of == "roster" and not has_end:
        findings.append(Finding("DAT308", file="academicSessions.csv", column="endDate"))
    return findings


def _about_kind(kind: str, change: Change, guards: Guards, changes: RosterChanges) -> list[Finding]:
    """Too many gone, changed or new records of one kind. In a new school year only the guard on students stays (40%)."""
    findings = []
    share, origin = getattr(guards, f"removed_{kind}"), guards.origin(f"removed_{kind}")
    is_new_year = changes.is_new_school_year
    if is_new_year and kind == "students":
        share, origin = max(share, ROLLOVER_SHARE), "a new school year"
    is_resting = is_new_year and kind in ("classes", "enrollments")
    name = _FILES[kind]
    if not is_resting and _is_more(change.removed, share, change.before, REMOVED_FLOOR):
        about = f"{change.removed} of {change.before} are gone; {_limit(share, origin)}"
        findings.append(Finding(_REMOVED[kind], file=name, count=change.removed, about=about))
    if not is_new_year and _is_more(change.changed, guards.changed, change.before, REMOVED_FLOOR):
        about = f"{change.changed} of {change.before} {kind}; {_limit(guards.changed, guards.origin('changed'))}"
        findings.append(Finding("VOL306", file=name, count=change.changed, about=about))
    if not is_resting and _is_more(change.now - change.before, guards.growth, change.before, GROWTH_FLOOR):
        about = f"From {change.before} to {change.now} {kind}; {_limit(guards.growth, guards.origin('growth'))}"
        findings.append(Finding("VOL307", file=name, count=change.now - change.before, about=about))
    return findings


def _about_schools(changes: RosterChanges, guards: Guards) -> list[Finding]:
    """Schools that lost too many; not in a new school year, when a whole grade leaves every school."""
    share = guards.removed_from_a_school
    lost = [(before, gone) for before, gone in changes.schools if _is_more(gone, share, before, REMOVED_FLOOR)]
    if not lost or changes.is_new_school_year:
        return []
    before, gone = max(lost, key=lambda one: one[1])
    about = f"Schools: {len(lost)}. At one of them {gone} of {before} are gone; "
    about += _limit(share, guards.origin("removed_from_a_school"))
    return [Finding("VOL305", file="enrollments.csv", count=sum(gone for _, gone in lost), about=about)]


def _about_season(changes: RosterChanges, district: RegisteredDistrict, delivery: Delivery) -> list[Finding]:
    """What the district's own calendar says of the day on which the roster came."""
    today = delivery.received_at.astimezone(ZoneInfo(district.settings.timezone)).date()
    for season in district.settings.guards.seasons:
        if season.first_day <= today <= season.last_day:
            until = f"Until {season.last_day} (this district's setting)."
            removed = sum(change.removed for change in changes.by_kind.values())
            if season.only == "nothing":
                return [Finding("VOL312", about=until)]
            if removed:
                return [Finding("VOL311", count=removed, about=f"{removed} records are gone. {until}")]
    return []


def _is_more(count: int, share: float, of: int, floor: int) -> bool:
    return count > floor and count > share * of


def _limit(share: float, origin: str) -> str:
    return f"up to {share_in_words(share)} is let through ({origin})."
