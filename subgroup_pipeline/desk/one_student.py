"""One student, as a district's privacy officer asks: everything that is held, and having it erased."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.errors import UnknownStudentError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.erasures import ID, read_erasures
from subgroup_pipeline.landing.erased import redact_delivery
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.ledger import iso_time
from subgroup_pipeline.registry.needed import NEEDED
from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep.erasure import ERASED, Erasure, archived_uploads, clear_reports, erase_student, student_ids
from subgroup_pipeline.upkeep.places import Installation
from subgroup_pipeline.warehouse.connection import warehouse_lock
from subgroup_pipeline.warehouse.forgetting import count_rows, read_rows

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings
    from subgroup_pipeline.warehouse.student_rows import StudentIds

SHOWN = "student.shown"
_NEXT = "Counts fall with the next run (`subgroups run --district {}`). Months of the history and older snapshots keep theirs."
_BACKUPS = "Backups made before hold the student until they are deleted; after restoring one, erase the student again."


@dataclass(frozen=True)
class Held:
    """What is held in one place: where it came from, until when it stays, and the rows by column, where they are rows."""

    place: str
    what: str
    since: str
    until: str
    rows: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ShownStudent:
    """Everything that is held of one student at a moment."""

    district_id: str
    student_id: str
    asked_at: str
    asked_by: str
    is_erased: bool
    held: list[Held]


@dataclass(frozen=True)
class ErasedStudent:
    """What was erased of one student (or would be), by place; `still_to_do` is for a person."""

    district_id: str
    student_id: str
    erased_at: str
    erased_by: str
    reason: str
    is_dry_run: bool
    removed: dict[str, int]
    still_to_do: list[str]


def show_student(registry: Registry, settings: Settings, district_id: str, student_id: str, *, by: str) -> ShownStudent:
    """Everything that is held of a student, from where and until when; it is audited that somebody asked, not of whom.

    Raises UnknownDistrictError, UnknownStudentError where nothing is held, WarehouseBusyError while a run works.
    """
    district = registered_district(registry, district_id)
    with warehouse_lock(settings):
        at = Installation(settings, registry, datetime.now(UTC))
        ids = student_ids(at, district, student_id)
        held = [*_archived(at, district, ids), *_rows(at, ids), *_reports(at, ids)]
        erasures = read_erasures(DistrictArchive(settings.paths, district_id))
    is_erased = erasures is not None and bool(erasures.of(ID, [student_id]))
    if not held and not is_erased:
        raise _unknown(district_id, student_id)
    registry.audit(SHOWN, actor=by, district_id=district_id, detail={"places": len(held)})
    return ShownStudent(district_id, student_id, iso_time(datetime.now(UTC)) or "", by, is_erased, held)


def erase(
    registry: Registry, settings: Settings, district_id: str, student_id: str, *, by: str, reason: str, dry_run: bool
) -> ErasedStudent:
    """Erase a student from every place, and keep later deliveries from bringing the student back. Raises as `show_student`."""
    district = registered_district(registry, district_id)
    with warehouse_lock(settings):
        at = Installation(settings, registry, datetime.now(UTC))
        ids = student_ids(at, district, student_id)
        archive = DistrictArchive(settings.paths, district_id)
        known = erase_student(at, district, ids, dry_run=True)
        erasures = read_erasures(archive)
        if not known.removed and not (erasures and erasures.of(ID, [student_id])):
            raise _unknown(district_id, student_id)
        done = known if dry_run else erase_student(at, district, ids, dry_run=False)
    if not dry_run:
        mark = read_erasures(archive)
        detail = {"reason": reason, "removed": done.removed, "mark": mark.mark(ID, student_id)[:16] if mark else ""}
        registry.audit(ERASED, actor=by, district_id=district_id, detail=detail)
    return ErasedStudent(
        district_id=district_id,
        student_id=student_id,
        erased_at=iso_time(datetime.now(UTC)) or "",
        erased_by=by,
        reason=reason,
        is_dry_run=dry_run,
        removed=done.removed,
        still_to_do=[_NEXT.format(district_id), _BACKUPS],
    )


def _unknown(district_id: str, student_id: str) -> UnknownStudentError:
    return UnknownStudentError(
        f"nothing is held of a student {student_id} of {district_id}. Give the student's sourcedId, as `subgroups sql \"select "
        'student_id, student_number from marts.dim_student where district_id = ..."` shows it.'
    )


def _archived(at: Installation, district: RegisteredDistrict, ids: StudentIds) -> list[Held]:
    """Uploads in which the student has a row."""
    archive = DistrictArchive(at.home, district.district_id)
    kept = timedelta(days=at.settings.retention_days)
    held = []
    with ReadingPool(1) as readers:
        for delivery in archived_uploads(at, district.district_id):
            key = ids.keys.get(district.settings.subgroups.match_field) if district.settings.subgroups else None
            wanted = [ids.student_id] if delivery.feed == "roster" else [key or ids.student_id]
            rows = redact_delivery(archive, readers, delivery, district, wanted, dry_run=True)
            if rows:
                over = iso_time(delivery.received_at + kept) or ""
                names = ", ".join(file.name for file in delivery.files if not file.member_of)
                until = f"while the delivery is live or waits, and until {over}" if delivery.state in NEEDED else over
                what = f"{rows} rows of delivery {delivery.delivery_id} ({delivery.feed}: {names})"
                held.append(Held("archive/", what, iso_time(delivery.received_at) or "", until))
    return held


def _rows(at: Installation, ids: StudentIds) -> list[Held]:
    home, held = at.home, []
    shown = home.current_snapshot.resolve()
    for file, until in (
        (home.raw_database, "until the delivery is superseded or rejected"),
        (home.history_database, "as long as the district is registered"),
        (shown / "analytics.duckdb", f"in {at.settings.keep_snapshots} snapshots after it"),
    ):
        for table, rows in read_rows(at.settings, file, ids.rows).items():
            place = file.relative_to(home.root).as_posix() if file.is_relative_to(home.root) else str(file)
            shown_rows = [{name: _plain(cell) for name, cell in row.items()} for row in rows]
            held.append(Held(place, table, "", until, shown_rows))
    for snapshot in at.folders(home.published):
        if snapshot.resolve() != shown and (things := count_rows(at.settings, snapshot / "analytics.duckdb", ids.rows)):
            what = f"{things} rows of an earlier snapshot"
            held.append(Held(f"published/{snapshot.name}", what, "", f"in at most {at.settings.keep_snapshots} snapshots"))
    return held


def _reports(at: Installation, ids: StudentIds) -> list[Held]:
    """Rows behind findings, and error reports, that name the student."""
    found = Erasure()
    clear_reports(at, ids, found, dry_run=True)
    words = {"failing_rows/": "rows behind findings"}
    until = f"{REPORTS_KEPT.days} days after they were written"
    return [
        Held(place, f"{things} {words.get(place, 'error reports that name the student')}", "", until)
        for place, things in found.removed.items()
    ]


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell of any column
    """A cell as JSON has it."""
    return cell.isoformat() if isinstance(cell, date) else cell
