"""Screening one delivery: unpack it, read manifest and headers, and decide which raw table each file goes to, and how.

The result says everything loading needs; nothing is written to the warehouse here.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.intake.archive import archived_path
from subgroup_pipeline.intake.manifest import announced_files, read_manifest
from subgroup_pipeline.intake.zip_proof import member_name
from subgroup_pipeline.landing.csv_shape import CsvShape, read_shape
from subgroup_pipeline.landing.header import Mapping, map_roster_header, map_subgroup_header
from subgroup_pipeline.landing.oneroster import known_kinds, roster_tables
from subgroup_pipeline.registry.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping as Mapping_

    from subgroup_pipeline.registry.district_file import DistrictSettings
    from subgroup_pipeline.registry.schema import Delivery
    from subgroup_pipeline.settings import Home


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
                    "set_aside": file.shape.set_aside,
                }
                for file in self.files
            },
        }


def screen_delivery(delivery: Delivery, district: DistrictSettings, home: Home) -> Screening:
    """Screen a delivery from the archive. Its unpacked and cleaned files lie under `scratch/<delivery_id>`."""
    screening = Screening(delivery.delivery_id, delivery.district_id)
    scratch = home.scratch / delivery.delivery_id
    if delivery.feed == "roster":
        _screen_roster(screening, _roster_files(delivery, home, scratch), scratch)
    else:
        upload = delivery.files[0]
        _screen_subgroups(screening, archived_path(home.archive, upload.sha256), upload.name, district, scratch)
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
        for number, member in enumerate(m for m in package.infolist() if not m.is_dir()):
            target = unpacked / str(number)
            with package.open(member) as source, target.open("wb") as copy:
                while block := source.read(1024 * 1024):
                    copy.write(block)
            files[member_name(member.filename)] = target
    return files


def _screen_roster(screening: Screening, files: dict[str, Path], scratch: Path) -> None:
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
        shape, readable = read_shape(path, table.file_name, scratch / "clean" / table.file_name)
        screening.findings += shape.findings
        if not shape.is_readable:
            continue
        mapping, findings = map_roster_header(shape.header, table)
        screening.findings += findings
        mode = "delta" if modes.get(kind) == "delta" else "bulk"
        if not shape.records and table.is_core and mode == "bulk":
            screening.findings.append(Finding("ROW005", file=table.file_name))
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


def _screen_subgroups(screening: Screening, path: Path, name: str, district: DistrictSettings, scratch: Path) -> None:
    shape, readable = read_shape(path, name, scratch / "clean" / "subgroups.csv")
    screening.findings += shape.findings
    if not shape.is_readable or district.subgroups is None or not district.subgroups.reads_file:
        return
    mapping, findings = map_subgroup_header(shape.header, district.subgroups, name)
    screening.findings += findings
    if not shape.records:
        screening.findings.append(Finding("ROW005", file=name))
    if mapping is not None:
        screening.files.append(ScreenedFile(path, readable, name, "subgroup_row", mapping, shape))
