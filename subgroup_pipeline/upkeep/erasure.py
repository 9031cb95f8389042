"""One student who must not be kept any more: rows go from every place, and a list keeps later deliveries from bringing them back.

Counts that were published stay in older snapshots and in the months of the history; the next run counts tonight's anew.
"""

from __future__ import annotations

import json
import re
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.build.scope import DIRTY
from subgroup_pipeline.disk import write_whole
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.erasures import ID, add_erasures
from subgroup_pipeline.landing.erased import redact_delivery
from subgroup_pipeline.publish.forgetting import forget_in_snapshot, holds
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.upkeep import of_district
from subgroup_pipeline.upkeep.leaving import leaving
from subgroup_pipeline.upkeep.sealing import plain_files
from subgroup_pipeline.warehouse.connection import open_warehouse
from subgroup_pipeline.warehouse.forgetting import count_rows, forget_rows, read_rows
from subgroup_pipeline.warehouse.student_rows import StudentIds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.upkeep.places import Installation

ERASED = "student.erased"


@dataclass
class Erasure:
    """What went, by place: rows, or files of reports."""

    removed: dict[str, int] = field(default_factory=dict)

    def note(self, place: str, things: int) -> None:
        """Add to what went from a place."""
        if things:
            self.removed[place] = self.removed.get(place, 0) + things


def student_ids(at: Installation, district: RegisteredDistrict, student_id: str) -> StudentIds:
    """The IDs of a student, as far as the warehouse and what is published say them."""
    own = StudentIds(district.district_id, student_id, {})
    keys = {ID: student_id}
    for row in _rows_named(at, own, "raw.users"):
        keys |= {f"users.{name}": row[name] for name in ("identifier", "username") if row[name]}
        for typed in (row["userIds"] or "").split(","):
            kind, _, value = typed.strip().strip("{}").partition(":")
            if value:
                keys[f"userIds:{kind.strip()}"] = value.strip()
        keys |= {f"metadata.{name}": text for name, text in (row["metadata"] or {}).items() if text}
    matches = district.settings.subgroups.match_field if district.settings.subgroups else ""
    for row in _rows_named(at, own, "marts.dim_student"):
        if matches and row["student_number"]:
            keys[matches] = row["student_number"]
    # Of the other fields only what is an ID: a grade or a language in a metadata column is many students'.
    kept = {ID, matches, "users.identifier", "users.username"}
    return StudentIds(district.district_id, student_id, {k: v for k, v in keys.items() if k in kept or k.startswith("userIds:")})


def erase_student(at: Installation, district: RegisteredDistrict, ids: StudentIds, *, dry_run: bool) -> Erasure:
    """Put a student on the list, and take the student's rows out of every place. The caller holds the warehouse.

    Repeating it after a kill finds what is left: rows of the warehouse and of snapshots say which IDs the student has
    elsewhere, so these go last.
    """
    done = Erasure()
    archive = DistrictArchive(at.home, district.district_id)
    if not dry_run:
        add_erasures(archive, {kind: [value] for kind, value in ids.keys.items()})
        for plain in plain_files(at):
            plain.remove()
    _redact_archive(at, district, archive, ids, done, dry_run=dry_run)
    clear_reports(at, ids, done, dry_run=dry_run)
    home = at.home
    for file, catalog in (
        (home.raw_database, "warehouse"),
        (home.analytics_database, "analytics"),
        (home.history_database, "history"),
    ):
        if things := count_rows(at.settings, file, ids.rows):
            done.note(str(file.relative_to(home.root)), things)
            if not dry_run:
                forget_rows(at.settings, file, catalog, ids.rows)
    for snapshot in at.folders(home.published):
        things = holds(at.settings, snapshot, district.district_id, ids.rows, is_whole=False)
        done.note("published/", things)
        if things and not dry_run:
            forget_in_snapshot(at.settings, snapshot, district.district_id, ids.rows, is_whole=False)
    if not dry_run:
        _clear_half_done(at, district.district_id)
        _count_anew(at, district.district_id)
    return done


def _clear_half_done(at: Installation, district_id: str) -> None:
    """Remove whole what may hold the student and is nothing that anybody reads."""
    for left in (of_district.damaged, of_district.scratch, of_district.half_written):
        for what in left(at, district_id):
            what.remove()


def archived_uploads(at: Installation, district_id: str) -> list[Delivery]:
    """The district's deliveries whose uploads may be archived, newest first, each of them with files that no newer one has."""
    with at.registry.begin() as session:
        query = sa.select(Delivery).where(Delivery.district_id == district_id, Delivery.sha256.is_not(None))
        found = list(session.scalars(query.order_by(Delivery.received_at.desc())))
    archive, seen, deliveries = DistrictArchive(at.home, district_id), set[str](), []
    for delivery in found:
        hashes = {file.sha256 for file in delivery.files if not file.member_of and archive.find(file.sha256)}
        if hashes - seen:
            deliveries.append(delivery)
        seen |= hashes
    return deliveries


def _rows_named(at: Installation, ids: StudentIds, table: str) -> list[dict[str, Any]]:
    file = at.home.raw_database if table.startswith("raw.") else at.home.current_snapshot / "analytics.duckdb"
    found = read_rows(at.settings, file, ids.rows).get(table, [])
    return [row for row in found if row.get("sourcedId", row.get("student_id")) == ids.student_id]


def _redact_archive(
    at: Installation, district: RegisteredDistrict, archive: DistrictArchive, ids: StudentIds, done: Erasure, *, dry_run: bool
) -> None:
    with ReadingPool(1) as readers:
        for delivery in archived_uploads(at, district.district_id):
            wanted = _ids_in(delivery, district, ids)
            done.note("archive/", redact_delivery(archive, readers, delivery, district, wanted, dry_run=dry_run))


def _ids_in(delivery: Delivery, district: RegisteredDistrict, ids: StudentIds) -> list[str]:
    if delivery.feed == "roster" or district.settings.subgroups is None:
        return [ids.student_id]
    key = ids.keys.get(district.settings.subgroups.match_field)
    return [key] if key else []


def clear_reports(at: Installation, ids: StudentIds, done: Erasure, *, dry_run: bool) -> None:
    """Rows behind findings lose the student's; a report that names an ID of the student goes as a whole. Counts both."""
    words = re.compile(b"|".join(rb"(?<![\w.-])" + re.escape(one.encode()) + rb"(?![\w.-])" for one in ids.all))
    home = at.home
    for path in sorted((home.failing_rows / ids.district_id).glob("*.json")):
        rows = json.loads(path.read_bytes())
        stay = [row for row in rows if not set(map(str, row)) & set(ids.all)]
        done.note("failing_rows/", len(rows) - len(stay))
        if len(stay) < len(rows) and not dry_run:
            write_whole(path, json.dumps(stay, ensure_ascii=False, separators=(",", ":")))
    for place in (home.reports / ids.district_id, home.sftp / ids.district_id / "outbox"):
        for path in sorted(place.rglob("*")):
            if path.is_file() and any(words.search(text) for text in _texts(path)):
                done.note(f"{place.relative_to(home.root).parts[0]}/", 1)
                if not dry_run:
                    leaving(path).remove()


def _texts(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    with suppress(zipfile.BadZipFile), zipfile.ZipFile(path) as package:  # a workbook
        for name in package.namelist():
            yield package.read(name)


def _count_anew(at: Installation, district_id: str) -> None:
    """Have the next run land the district's files again, and build it."""
    with at.registry.begin() as session:
        ids = list(session.scalars(sa.select(Delivery.delivery_id).where(Delivery.district_id == district_id)))
    with open_warehouse(at.settings) as connection:
        connection.execute("delete from control.landed_delivery where delivery_id in (select unnest(?))", [ids])
        connection.execute("update control.build set build_key = ? where district_id = ?", [DIRTY, district_id])
