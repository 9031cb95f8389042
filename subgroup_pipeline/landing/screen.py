"""Screening one delivery: unpack it, read manifest and headers, and decide which raw table each file goes to, and how.

The result says everything loading needs; nothing is written to the warehouse here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.districts.header_name import METADATA_PREFIX, canonical
from subgroup_pipeline.errors import ArchiveDamagedError
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.landing.header import (
    ColumnMap,
    known_roster_columns,
    known_subgroup_columns,
    map_roster_header,
    map_subgroup_header,
)
from subgroup_pipeline.landing.misplaced import looks_like_roster, looks_like_subgroups
from subgroup_pipeline.landing.roster_package import RosterPackage, kept_members, open_package
from subgroup_pipeline.reading.roster_files import MANIFEST
from subgroup_pipeline.registry.delivery_record import DeliveryRecord, FileReading, FileRecord
from subgroup_pipeline.warehouse.oneroster import RosterTable, gradebook_files, roster_tables
from subgroup_pipeline.warehouse.raw_tables import LANDED_TABLES, SUBGROUP_ROW

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings
    from subgroup_pipeline.home import Home
    from subgroup_pipeline.reading.reading_pool import ReadingPool
    from subgroup_pipeline.reading.roster_files import Edition
    from subgroup_pipeline.reading.shape import CsvShape
    from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.warehouse.raw_tables import RawTable


@dataclass(frozen=True)
class ScreenedFile:
    """A file that can be loaded: the bytes as uploaded, where DuckDB reads it, and which cell goes to which column."""

    original: Path
    path: Path
    file_name: str
    table: RawTable
    mapping: ColumnMap
    shape: CsvShape
    mode: str = "bulk"
    is_listed: bool = False

    @property
    def reading(self) -> FileReading | None:
        """How the file was read; None where that is the plain way."""
        noted: dict[str, Any] = {}
        if self.shape.encoding not in ("utf-8", "utf-8-sig"):
            noted["encoding"] = self.shape.encoding
        if self.shape.delimiter != ",":
            noted["delimiter"] = self.shape.delimiter
        if self.shape.header_line != 1:
            noted["header_line"] = self.shape.header_line
        if self.shape.last_line is not None:
            noted["last_line"] = self.shape.last_line
        if headers := self._headers():
            noted["columns"] = headers
        return FileReading(**noted) if noted else None

    def record(self, landed: int) -> FileRecord:
        """Its rows as the ledger notes them, of which so many are in the warehouse."""
        shape, reading = self.shape, self.reading
        record = FileRecord(
            table=self.table.name,
            lines=shape.lines,
            records=shape.records,
            blank=shape.blank,
            skipped=shape.skipped,
            continued=shape.continued,
            set_aside=shape.set_aside,
            landed=landed,
        )
        return record if reading is None else record.model_copy(update={"reading": reading})

    def _headers(self) -> dict[str, str]:
        """The file's own names of columns by canonical form, where they differ from it.

        Of a roster those that the settings can name, and those that its edition calls otherwise than 1.1.
        """
        is_roster = self.table.feed == "roster"
        prefix = METADATA_PREFIX if is_roster else ""
        keyed = self.mapping.keyed if self.table.has_subgroups else ()
        written = {f"{prefix}{key}": self.shape.header[position].strip() for key, position in keyed}
        own = {canonical(column): self.shape.header[position].strip() for column, position in self.mapping.columns}
        if is_roster:
            written |= {form: name for form, name in own.items() if canonical(name) != form}
        else:
            written |= {canonical(name): name for name in own.values()}
        return {key: name for key, name in written.items() if key != name}


@dataclass
class Screening:
    """What screening a delivery gave. Fatal findings mean that none of its files is loaded."""

    delivery_id: str
    district_id: str
    is_delta: bool = False
    files: list[ScreenedFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    edition: Edition | None = None
    """Of a roster."""
    erased: set[str] = field(default_factory=set)
    """IDs in its files of students who must not be kept; they are taken out of the archive and forgotten then."""

    @property
    def is_loadable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.severity == "fatal" for finding in self.findings)

    def refuse(self, file: ScreenedFile, why: Finding) -> None:
        """Say that a file cannot be used: one of the gradebook is left out, any other takes the delivery with it."""
        if file.file_name in gradebook_files():
            self.files.remove(file)
            why = _left_out(why, "GRD602")
        self.findings.append(why)

    def record(self, landed: dict[str, int] | None = None) -> DeliveryRecord:
        """What the ledger notes of the delivery's files, with the rows landed by file name."""
        landed = landed or {}
        return DeliveryRecord(
            is_delta=self.is_delta,
            delta_tables=tuple(file.table.name for file in self.files if file.mode == "delta"),
            bulk_tables=tuple(file.table.name for file in self.files if file.mode == "bulk"),
            files={file.file_name: file.record(landed.get(file.file_name, 0)) for file in self.files},
            **({"oneroster_version": self.edition} if self.edition else {}),
        )


def screen_delivery(
    delivery: Delivery, district: DistrictSettings, home: Home, readers: ReadingPool, zips: UnpackedZips
) -> Screening:
    """Screen a delivery from the archive. What was opened or cleaned for it lies under `scratch/<delivery_id>`."""
    screening = Screening(delivery.delivery_id, delivery.district_id)
    scratch = home.scratch / delivery.delivery_id
    plain = _plain_files(screening, delivery, home, zips)
    if screening.findings:
        return screening
    if delivery.feed == "roster":
        _screen_roster(screening, open_package(delivery, plain, scratch, readers, zips), district, scratch, readers)
    elif district.has_subgroup_file:
        upload = delivery.files[0]
        _screen_subgroups(screening, plain[upload.sha256], upload.name, district, scratch, readers)
    return screening


def _plain_files(screening: Screening, delivery: Delivery, home: Home, zips: UnpackedZips) -> dict[str, Path]:
    """The plain bytes of every upload by sha256, but of a zip that intake unpacked: nobody reads that one again.

    An upload that is past its retention, or whose archived bytes are not those that arrived, gets its finding.
    """
    plain: dict[str, Path] = {}
    if kept_members(delivery, zips) is not None:
        return plain
    archive = DistrictArchive(home, delivery.district_id)
    for file in (file for file in delivery.files if not file.member_of):
        try:
            plain[file.sha256] = archive.plain(file.sha256, home.scratch / delivery.delivery_id / "plain")
        except FileNotFoundError:
            screening.findings.append(Finding("ARC001", file=file.name))
        except ArchiveDamagedError:
            screening.findings.append(Finding("ARC002", file=file.name))
    return plain


def _screen_roster(
    screening: Screening, package: RosterPackage, district: DistrictSettings, scratch: Path, readers: ReadingPool
) -> None:
    misplaced = _misplaced(package, district, readers)
    if misplaced and not package.known:
        about = f"Put it into {district.subgroups.path}." if district.subgroups else ""
        screening.findings.append(Finding("PKG019", file=misplaced[0], about=about))
        return
    screening.is_delta = package.is_delta
    screening.edition = package.edition
    screening.findings += package.findings
    if not package.files:
        return
    for table in roster_tables(package.edition).values():
        if table.file_name in package.files:
            _screen_roster_file(screening, package, table, district, scratch, readers)
    _note_missing(screening, package, district)
    screening.findings += [Finding("PKG020" if name in misplaced else "PKG005", file=name) for name in package.unknown]


def _misplaced(package: RosterPackage, district: DistrictSettings, readers: ReadingPool) -> list[str]:
    """Files that are no part of a roster and look like the district's subgroup file."""
    if district.subgroups is None or not district.has_subgroup_file:
        return []
    csvs = [name for name in package.unknown if name.casefold().endswith(".csv")]
    return [name for name in csvs if looks_like_subgroups(readers, package.files[name], district.subgroups)]


def _note_missing(screening: Screening, package: RosterPackage, district: DistrictSettings) -> None:
    """What is wrong with which files came: one finding a kind, which lists them."""
    if MANIFEST not in package.files and package.known and not package.is_listed and package.edition != "1.0":
        screening.findings.append(Finding("PKG002", file=MANIFEST))
    tables = {table.file_name: table for table in roster_tables(package.edition).values()}
    lost = package.announced - package.known
    used = {name for name in lost if name in tables and _is_used(tables[name], district, screening)}
    core = {name for name, table in tables.items() if table.is_core and not screening.is_delta} - package.known - used
    scores = lost & gradebook_files()
    extra = package.known & set(tables) - package.announced if package.modes else set()
    for code, names, words in (
        ("PKG003", used, "Missing"),
        ("PKG001", core, "Missing"),
        ("GRD601", scores, "Missing"),
        ("PKG009", lost - used - scores, "It announces, and nobody here needs"),
        ("PKG009", extra, "It does not announce"),
    ):
        if names:
            file = min(names) if code == "PKG001" and len(names) == 1 else MANIFEST
            screening.findings.append(Finding(code, file=file, count=len(names), about=f"{words}: {', '.join(sorted(names))}."))


def _screen_roster_file(
    screening: Screening,
    package: RosterPackage,
    table: RosterTable,
    district: DistrictSettings,
    scratch: Path,
    readers: ReadingPool,
) -> None:
    name, path, mode = table.file_name, package.files[table.file_name], package.modes.get(table.kind, "absent")
    shape, readable = readers.read_shape(path, name, scratch / "clean" / name, known_roster_columns(table))
    mapping, findings = map_roster_header(shape.header, table, shape.header_line) if shape.is_readable else (None, [])
    fatal = next((finding for finding in (*shape.findings, *findings) if finding.severity == "fatal"), None)
    if fatal and not _is_used(table, district, screening):
        screening.findings.append(_left_out(fatal, "GRD602" if table.is_gradebook else "PKG016"))
        return
    screening.findings += [*shape.findings, *findings]
    if not shape.is_readable:
        return
    mode = "delta" if mode == "delta" else "bulk"
    if not shape.records and not (table.is_core and mode == "delta"):
        screening.findings.append(Finding("ROW005" if table.is_core else "ROW006", file=name))
    if mapping is not None:
        screening.files.append(
            ScreenedFile(path, readable, name, LANDED_TABLES[table.name], mapping, shape, mode, package.is_listed)
        )


def _left_out(fatal: Finding, code: str) -> Finding:
    """What is said of a file that a fatal fault keeps out, and that the roster can do without."""
    return Finding(code, file=fatal.file, line=fatal.line, about=fatal.message)


def _is_used(table: RosterTable, district: DistrictSettings, screening: Screening) -> bool:
    """Whether a roster needs a file: the core files always, demographics.csv for subgroups, those of the gradebook never.

    `metadata` columns may stand in users.csv (screened before) or in demographics.csv, which is then needed for the others.
    """
    if table.is_core or table.is_gradebook or district.subgroups is None:
        return table.is_core
    in_users = {key for file in screening.files if file.table.name == "users" for key, _ in file.mapping.keyed}
    places = [place for name in district.subgroups.columns for place in district.subgroups.places(name)]
    return any(
        place.source == "demographics"
        or (place.source == "roster_metadata" and place.column.removeprefix(METADATA_PREFIX) not in in_users)
        for place in places
    )


def _screen_subgroups(
    screening: Screening, path: Path, name: str, district: DistrictSettings, scratch: Path, readers: ReadingPool
) -> None:
    subgroups = district.subgroups
    assert subgroups is not None  # noqa: S101 - the caller asked
    shape, readable = readers.read_shape(path, name, scratch / "clean" / "subgroups.csv", known_subgroup_columns(subgroups))
    mapping, findings = map_subgroup_header(shape.header, subgroups, name, shape.header_line) if shape.is_readable else (None, [])
    if mapping is None and looks_like_roster(readers, path, subgroups):
        fetched = "We fetch your roster, so it does not have to be uploaded. Put only your subgroup file here."
        about = fetched if district.roster.is_fetched else f"Put it into {district.roster.path}."
        screening.findings.append(Finding("PKG018", file=name, about=about))
        return
    screening.findings += [*shape.findings, *findings]
    if shape.is_readable and not shape.records:
        screening.findings.append(Finding("ROW005", file=name))
    if mapping is not None:
        screening.files.append(ScreenedFile(path, readable, name, SUBGROUP_ROW, mapping, shape))
