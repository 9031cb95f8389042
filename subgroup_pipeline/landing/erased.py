"""Students on a district's erasure list: their rows are left out of what is landed, and taken out of what is archived."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from subgroup_pipeline.disk import PART
from subgroup_pipeline.errors import ArchiveDamagedError, KeyringError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.erasures import ID, Erasures, read_erasures
from subgroup_pipeline.landing.listed import is_listed
from subgroup_pipeline.reading.listed_pages import pages_file
from subgroup_pipeline.reading.redaction import GoneRows
from subgroup_pipeline.reading.roster_files import roster_file
from subgroup_pipeline.reading.row_lookup import HowRead, cell_as_read
from subgroup_pipeline.reading.zip_proof import member_name
from subgroup_pipeline.warehouse.oneroster import roster_tables
from subgroup_pipeline.warehouse.sql_text import identifier
from subgroup_pipeline.warehouse.student_rows import AGENTS, ID_COLUMNS, without_agents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.landing.screen import ScreenedFile, Screening
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.registry.schema import Delivery


@dataclass(frozen=True)
class LeftOut:
    """Whom loading leaves out: the erasure lists of the districts that have one."""

    lists: Mapping[str, Erasures]
    districts: Mapping[str, RegisteredDistrict]

    def of_file(self, connection: duckdb.DuckDBPyConnection, rows: str, screening: Screening, file: ScreenedFile) -> None:
        """Remove a file's rows of students on the list from a table; they count as set aside, and are told by count."""
        erasures = self.lists.get(screening.district_id)
        if erasures is None:
            return
        kind, column = _whose(file, self.districts[screening.district_id])
        gone = _gone(connection, rows, screening, file, column, erasures, kind) if column else []
        if gone:
            file.shape.set_aside += len(gone)
            screening.erased |= set(gone)
            screening.findings.append(Finding("ARC003", file=file.file_name, count=len(gone)))
        if file.table.name == "users":
            _clear_agents(connection, rows, screening, erasures)

    def of_set_aside(self, screenings: Iterable[Screening]) -> None:
        """Forget the text of rows that were set aside, where a cell of it is an ID of such a student."""
        for screening in screenings:
            if erasures := self.lists.get(screening.district_id):
                for file in screening.files:
                    _blank_set_aside(screening, file, erasures, _whose(file, self.districts[screening.district_id])[0])


def left_out(home: Home, screenings: Iterable[Screening], districts: Mapping[str, RegisteredDistrict]) -> LeftOut:
    """Read the lists of the districts of these screenings; where one does not open, nothing of its district is loadable."""
    lists: dict[str, Erasures | None] = {}
    for screening in screenings:
        district_id = screening.district_id
        if district_id not in lists:
            try:
                lists[district_id] = read_erasures(DistrictArchive(home, district_id))
            except KeyringError as error:
                # Nobody knows whom to leave out, so nothing of the district is read; the others are.
                screening.findings.append(Finding("ARC002", about=f"The list of erased students does not open: {error}"))
    return LeftOut({district_id: erasures for district_id, erasures in lists.items() if erasures}, districts)


def _whose(file: ScreenedFile, district: RegisteredDistrict) -> tuple[str, str]:
    """The kind of ID that a file's rows are known by, and its column in `raw`; no column where no row is a student's."""
    if file.table.feed == "subgroups":
        return district.settings.subgroups.match_field if district.settings.subgroups else "", "student_id"
    return ID, ID_COLUMNS.get(file.table.name, "")


def _blank_set_aside(screening: Screening, file: ScreenedFile, erasures: Erasures, kind: str) -> None:
    """Forget the text of rows that screening set aside, where a cell of it is such an ID."""
    kept = []
    for row in file.shape.set_aside_rows:
        cells = [cell_as_read(cell.strip().strip('"')) for cell in row.text.split(file.shape.delimiter)]
        erased = {one for of in {ID, kind} - {""} for one in erasures.of(of, filter(None, cells))}
        screening.erased |= erased
        kept.append(replace(row, text="") if erased else row)
    file.shape.set_aside_rows[:] = kept


def _gone(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    screening: Screening,
    file: ScreenedFile,
    column: str,
    erasures: Erasures,
    kind: str,
) -> list[str]:
    """Remove the rows of a file whose student is on the list; gives the ID of each."""
    where = "delivery_id = ? and file_name = ?"
    key = [screening.delivery_id, file.file_name]
    name = identifier(column)
    ids = connection.execute(f"select distinct {name} from {rows} where {where} and {name} is not null", key).fetchall()
    erased = erasures.of(kind, (row[0] for row in ids))
    if not erased:
        return []
    query = f"delete from {rows} where {where} and {name} in (select unnest(?)) returning {name}"
    return [row[0] for row in connection.execute(query, [*key, erased]).fetchall()]


def _clear_agents(connection: duckdb.DuckDBPyConnection, rows: str, screening: Screening, erasures: Erasures) -> None:
    """Take such IDs out of the lists of guardians."""
    query = f"""select distinct unnest(string_split("{AGENTS}", ',')) from {rows} where delivery_id = ?"""
    listed = [row[0].strip() for row in connection.execute(query, [screening.delivery_id]).fetchall()]
    if erased := erasures.of(ID, listed):
        screening.erased |= set(erased)
        connection.execute(f"update {rows} set {without_agents('?')} where delivery_id = ?", [erased, screening.delivery_id])


def redact_delivery(
    archive: DistrictArchive,
    readers: ReadingPool,
    delivery: Delivery,
    district: RegisteredDistrict,
    ids: Iterable[str],
    *,
    dry_run: bool = False,
) -> int:
    """Take rows of students out of a delivery's archived files; gives how many rows changed.

    Raises ArchiveDamagedError for a file that cannot be rewritten: it still holds them.
    """
    files, others = _what_goes(delivery, district, frozenset(ids))
    changed = 0
    for upload in (file for file in delivery.files if not file.member_of):
        if archive.find(upload.sha256) is None:
            continue
        is_zip = any(file.member_of for file in delivery.files)
        if is_listed(delivery):
            listed = _of_list(upload.name, frozenset(ids))
            if listed is None:
                continue
            files, others = {"": listed}, listed
        own = files if is_zip or is_listed(delivery) else {"": files.get(roster_file(upload.name) or upload.name, others)}
        target = archive.home.scratch / f"{secrets.token_hex(8)}{PART}"
        try:
            with archive.opened(upload.sha256, archive.home.scratch) as plain:
                found = readers.redact(plain, target, own, others)
            if found is None:
                raise ArchiveDamagedError(f"{upload.name} of delivery {delivery.delivery_id} could not be written anew.")
            if found and not dry_run:
                archive.replace(upload.sha256, target)
            changed += found
        finally:
            target.unlink(missing_ok=True)
    return changed


def _of_list(name: str, ids: frozenset[str]) -> GoneRows | None:
    """Which objects of a list go; None where none of its objects is a student's."""
    known = ((kind, table) for kind, table in roster_tables().items() if pages_file(kind) == name and table.name in ID_COLUMNS)
    kind, table = next(known, ("", None))
    if table is None:
        return None
    field = ID_COLUMNS[table.name].removesuffix("SourcedId")
    return GoneRows(HowRead(), ids, (field,), ("agents",) if table.name == "users" else (), collection=kind)


def _what_goes(delivery: Delivery, district: RegisteredDistrict, ids: frozenset[str]) -> tuple[dict[str, GoneRows], GoneRows]:
    """By name in the package: which rows go. In a file that nobody reads, a row goes when any cell is such an ID."""
    files: dict[str, GoneRows] = {}
    for file in delivery.files:
        name = roster_file(member_name(file.name)) or member_name(file.name)
        noted = delivery.record.reading_of(name)
        how = HowRead(noted.encoding, noted.delimiter, noted.columns, noted.header_line, noted.last_line)
        record = delivery.record.files.get(name)
        table = record.table if record else ""
        if delivery.feed == "subgroups" and district.settings.subgroups:
            files[name] = GoneRows(how, ids, (district.settings.subgroups.student_id_column,))
        elif table in ID_COLUMNS:
            files[name] = GoneRows(how, ids, (ID_COLUMNS[table],), (AGENTS,) if table == "users" else ())
        elif table:
            files[name] = GoneRows(how, frozenset(), ("sourcedId",))
        files[member_name(file.name)] = files.get(name, GoneRows(how, ids))
    return files, GoneRows(HowRead(), ids)
