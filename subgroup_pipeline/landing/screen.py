"""Screening one delivery: unpack it, read manifest and headers, and decide which raw table each file goes to, and how.

The result says everything loading needs; nothing is written to the warehouse here.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.intake.manifest import ManifestLine, announced_files, read_manifest
from subgroup_pipeline.intake.zip_proof import data_members, member_name
from subgroup_pipeline.landing.csv_shape import CsvShape, read_shape
from subgroup_pipeline.landing.header import (
    Mapping,
    known_roster_columns,
    known_subgroup_columns,
    map_roster_header,
    map_subgroup_header,
)
from subgroup_pipeline.landing.oneroster import known_kinds, roster_tables
from subgroup_pipeline.registry.findings import Finding
from subgroup_pipeline.registry.header_name import canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Mapping_

    from subgroup_pipeline.registry.district_file import DistrictSettings, Subgroups
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Home

    ReadShape = Callable[[Path, str, Path, frozenset[str]], tuple[CsvShape, Path]]

_PROPERTIES = frozenset(
    # The last two are what EDU's own exporter writes for the two before.
    ["manifest.version", "oneroster.version", "source.systemName", "source.systemCode", "file.systemName", "file.systemCode"]
)


@dataclass(frozen=True)
class ScreenedFile:
    """A file that can be loaded: the bytes as uploaded, where DuckDB reads it, and which cell goes to which column."""

    original: Path
    path: Path
    file_name: str
    table: str
    mapping: Mapping
    shape: CsvShape
    mode: str = "bulk"

    @property
    def reading(self) -> dict[str, Any]:
        """How the file was read, as far as that is not the plain way (`lines.Reading`)."""
        noted: dict[str, Any] = {}
        if self.shape.encoding not in ("utf-8", "utf-8-sig"):
            noted["encoding"] = self.shape.encoding
        if self.shape.delimiter != ",":
            noted["delimiter"] = self.shape.delimiter
        called = {key: canonical(self.shape.header[position]) for key, position in self.mapping.keyed}
        if self.table == "subgroup_row" and (aliases := {key: name for key, name in called.items() if key != name}):
            noted["columns"] = aliases
        return noted


@dataclass
class Screening:
    """What screening a delivery gave. Fatal findings mean that none of its files is loaded."""

    delivery_id: str
    district_id: str
    is_delta: bool = False
    files: list[ScreenedFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_loadable(self) -> bool:
        """Whether nothing fatal was found."""
        return not any(finding.severity == "fatal" for finding in self.findings)

    @property
    def counts(self) -> dict[str, Any]:
        """Lines, header, blank, records and set-aside rows of every file, for the ledger and the reconciliation."""
        return {
            "is_delta": self.is_delta,
            "delta_tables": [file.table for file in self.files if file.mode == "delta"],
            "bulk_tables": [file.table for file in self.files if file.mode == "bulk"],
            "files": {
                file.file_name: {
                    "table": file.table,
                    "lines": file.shape.lines,
                    "records": file.shape.records,
                    "blank": file.shape.blank,
                    "continued": file.shape.continued,
                    "set_aside": file.shape.set_aside,
                }
                | ({"reading": file.reading} if file.reading else {})
                for file in self.files
            },
        }


def screen_delivery(delivery: Delivery, district: DistrictSettings, home: Home, read: ReadShape = read_shape) -> Screening:
    """Screen a delivery from the archive. Its unpacked and cleaned files lie under `scratch/<delivery_id>`.

    `read` reads one file's shape; the night does that in a process of its own (`scan_pool`).
    """
    screening = Screening(delivery.delivery_id, delivery.district_id)
    uploads = [file for file in delivery.files if not file.member_of]
    gone = [file.name for file in uploads if not archived_path(home.archive, file.sha256).is_file()]
    if gone:  # past its retention, and asked for again
        screening.findings += [Finding("ARC001", file=name) for name in gone]
        return screening
    scratch = home.scratch / delivery.delivery_id
    if delivery.feed == "roster":
        _screen_roster(screening, _roster_files(delivery, home, scratch), scratch, read)
    else:
        upload = delivery.files[0]
        if district.subgroups is not None and district.subgroups.reads_file:
            path = archived_path(home.archive, upload.sha256)
            _screen_subgroups(screening, path, upload.name, district.subgroups, scratch, read)
    return screening


def _roster_files(delivery: Delivery, home: Home, scratch: Path) -> dict[str, Path]:
    """The files of a roster by name, members of a zip unpacked. Folders in a zip do not count."""
    uploads = [file for file in delivery.files if not file.member_of]
    if len(uploads) > 1 or not uploads[0].name.casefold().endswith(".zip"):
        return {file.name: archived_path(home.archive, file.sha256) for file in uploads}
    files: dict[str, Path] = {}
    unpacked = scratch / "unpacked"
    unpacked.mkdir(mode=0o700, parents=True, exist_ok=True)
    with zipfile.ZipFile(archived_path(home.archive, uploads[0].sha256)) as package:
        for number, member in enumerate(data_members(package)):
            target = unpacked / str(number)
            with package.open(member) as source, target.open("wb") as copy:
                while block := source.read(1024 * 1024):
                    copy.write(block)
            files[member_name(member.filename)] = target
    return files


def _screen_roster(screening: Screening, files: dict[str, Path], scratch: Path, read: ReadShape) -> None:
    modes = _read_manifest(screening, files)
    screening.is_delta = _is_delta(modes, files)
    for kind, table in roster_tables().items():
        path = files.get(table.file_name)
        if path is None:
            if modes.get(kind) in ("bulk", "delta"):
                screening.findings.append(Finding("PKG003", file="manifest.csv", about=f"Missing: {table.file_name}."))
            elif table.is_core and not screening.is_delta:
                screening.findings.append(Finding("PKG001", file=table.file_name, about=f"Missing: {table.file_name}."))
            continue
        if modes and modes.get(kind, "absent") == "absent":
            about = f"It does not announce {table.file_name}."
            screening.findings.append(Finding("PKG009", file="manifest.csv", about=about))
        shape, readable = read(path, table.file_name, scratch / "clean" / table.file_name, known_roster_columns(table))
        screening.findings += shape.findings
        if not shape.is_readable:
            continue
        mapping, findings = map_roster_header(shape.header, table, shape.header_line)
        screening.findings += findings
        mode = "delta" if modes.get(kind) == "delta" else "bulk"
        if not shape.records and table.is_core and mode == "bulk":
            screening.findings.append(Finding("ROW005", file=table.file_name))
        elif not shape.records and not table.is_core:
            screening.findings.append(Finding("ROW006", file=table.file_name))
        if mapping is not None:
            screening.files.append(ScreenedFile(path, readable, table.file_name, table.name, mapping, shape, mode))
    others = sorted(set(files) - {f"{kind}.csv" for kind in known_kinds()} - {"manifest.csv"})
    screening.findings += [Finding("PKG005", file=name) for name in others]


def _is_delta(modes: Mapping_[str, str], files: Mapping_[str, Path]) -> bool:
    """Whether the set is to be applied to the one before: a file of it is a delta, or it says that nothing changed."""
    data = set(files) - {"manifest.csv"}
    return "delta" in modes.values() or (bool(modes) and not data and set(modes.values()) == {"absent"})


def _read_manifest(screening: Screening, files: dict[str, Path]) -> dict[str, str]:
    """Mode of every kind of file (`bulk`, `delta`, `absent`) as manifest.csv gives it; empty without a manifest."""
    path = files.get("manifest.csv")
    if path is None:
        screening.findings.append(Finding("PKG002", file="manifest.csv"))
        return {}
    lines = read_manifest(path.read_bytes())
    screening.findings += _manifest_faults(lines)
    properties = {line.name: line.value for line in lines}
    line_of = {line.name: line.line for line in lines}
    version = properties.get("oneroster.version", "")
    if version != "1.1":
        about = f"It says oneroster.version {version or 'nowhere'}."
        line = line_of.get("oneroster.version")
        screening.findings.append(Finding("PKG006", file="manifest.csv", line=line, about=about))
    if properties.get("manifest.version") != "1.0":
        line = line_of.get("manifest.version")
        screening.findings.append(Finding("PKG004", file="manifest.csv", line=line, column="manifest.version"))
    return announced_files(lines)


def _manifest_faults(lines: list[ManifestLine]) -> list[Finding]:
    """What is wrong with the form of a manifest (OneRoster 1.1 CSV, manifest.csv)."""
    if not lines or (lines[0].name, lines[0].value) != ("propertyName", "value"):
        return [Finding("PKG011", file="manifest.csv", line=1)]
    known = {f"file.{kind}" for kind in known_kinds()} | _PROPERTIES
    names = [line.name for line in lines[1:]]
    odd = [line.line for n, line in enumerate(lines[1:]) if line.name not in known or line.name in names[:n]]
    findings = [Finding("PKG012", file="manifest.csv", count=len(odd), lines=tuple(odd[:5]))] if odd else []
    modes = [line for line in lines[1:] if line.name.startswith("file.") and line.name in known]
    return findings + [
        Finding("PKG013", file="manifest.csv", line=line.line, column=line.name)
        for line in modes
        if line.value not in ("absent", "bulk", "delta")
    ]


def _screen_subgroups(screening: Screening, path: Path, name: str, subgroups: Subgroups, scratch: Path, read: ReadShape) -> None:
    shape, readable = read(path, name, scratch / "clean" / "subgroups.csv", known_subgroup_columns(subgroups))
    screening.findings += shape.findings
    if not shape.is_readable:
        return
    mapping, findings = map_subgroup_header(shape.header, subgroups, name, shape.header_line)
    screening.findings += findings
    if not shape.records:
        screening.findings.append(Finding("ROW005", file=name))
    if mapping is not None:
        screening.files.append(ScreenedFile(path, readable, name, "subgroup_row", mapping, shape))
