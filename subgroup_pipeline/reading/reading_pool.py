"""What a run asks of uploaded bytes. Every answer comes from a process under limits (`processes`); nothing is parsed here.

A file that its process does not survive gets a finding, or no answer where none is needed; the others are read as ever.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.reading.column_values import ColumnValues
from subgroup_pipeline.reading.manifest import ManifestLine
from subgroup_pipeline.reading.processes import Processes
from subgroup_pipeline.reading.row_lookup import SECONDS, FoundRow
from subgroup_pipeline.reading.shape import CsvShape, SetAsideRow
from subgroup_pipeline.reading.zip_proof import MAX_UNPACKED, ZipMember, ZipProof

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from subgroup_pipeline.reading.redaction import GoneRows
    from subgroup_pipeline.reading.row_lookup import HowRead, KeyedRows

SECONDS_FLOOR = 30.0
BYTES_A_SECOND = 20 * 1024**2
"""A file may take the floor and a second for so many bytes; a clean one takes a tenth of that."""


class ReadingPool(Processes):
    """Reads files in as many processes as it has places.

    Lists that were fetched have processes of their own: DuckDB keeps address space that the limits of a CSV file do not reckon
    with.
    """

    def __init__(self, places: int, *, memory: int = 0, seconds: float = 0) -> None:
        super().__init__(places, memory=memory, seconds=seconds)
        self._lists = Processes(places, memory=memory, seconds=seconds)

    def __exit__(self, *stopped: object) -> None:
        self._lists.__exit__(*stopped)
        super().__exit__(*stopped)

    def read_shape(self, path: Path, file_name: str, clean_copy: Path, known: Collection[str] = ()) -> tuple[CsvShape, Path]:
        """As `csv_shape.read_shape`."""
        about = {"file_name": file_name, "clean_copy": str(clean_copy), "known": sorted(known)}
        answer = self.ask("shape", path, about, _seconds(path))
        if answer is None:
            return CsvShape(findings=[Finding("FIL003", file=file_name)]), path
        return _shape(answer["shape"]), Path(answer["readable"])

    def read_listed_rows(self, pages: Path, target: Path, about: Mapping[str, object]) -> list[str] | None:
        """As `listed_pages.read_rows`; None for pages that their process did not survive."""
        answer = self._lists.ask("listed_rows", pages, {"target": str(target), "about": about}, SECONDS + SECONDS_FLOOR)
        return None if answer is None else [str(key) for key in answer]

    def prove_zip(self, path: Path, name: str, into: Path | None = None, room: int = MAX_UNPACKED) -> ZipProof:
        """As `zip_proof.prove_zip`."""
        about = {"name": name, "into": str(into) if into else None, "room": room}
        answer = self.ask("prove_zip", path, about, SECONDS_FLOOR + MAX_UNPACKED / BYTES_A_SECOND)
        if answer is None:
            return ZipProof(findings=(Finding("FIL003", file=name),))
        members, findings = answer.pop("members"), answer.pop("findings")
        return ZipProof(tuple(ZipMember(**member) for member in members), tuple(map(_finding, findings)), **answer)

    def roster_members(self, path: Path) -> list[str]:
        """As `zip_proof.roster_members`."""
        return self.ask("roster_members", path, {}, SECONDS_FLOOR) or []

    def read_manifest(self, path: Path) -> list[ManifestLine] | None:
        """As `manifest.read_manifest`; None for one that its process did not survive."""
        answer = self.ask("manifest", path, {}, SECONDS_FLOOR)
        return None if answer is None else [ManifestLine(**line) for line in answer]

    def said_row_counts(self, path: Path) -> dict[str, str]:
        """As `row_counts.said_row_counts`."""
        return self.ask("said_row_counts", path, {}, SECONDS_FLOOR) or {}

    def count_rows(self, path: Path) -> int:
        """As `row_counts.count_rows`."""
        answer: int | None = self.ask("count_rows", path, {}, _seconds(path))
        return -1 if answer is None else answer

    def find_rows(self, path: Path, member: str, how: HowRead, wanted: Sequence[KeyedRows], most: int) -> list[list[FoundRow]]:
        """As `row_lookup.find_rows`."""
        about = {
            "member": member,
            "how": vars(how) | {"columns": dict(how.columns)},
            "wanted": [vars(rows) | {"keys": list(rows.keys)} for rows in wanted],
            "most": most,
        }
        answer = self.ask("find_rows", path, about, SECONDS + SECONDS_FLOOR)
        return [[] for _ in wanted] if answer is None else [[FoundRow(*row) for row in rows] for rows in answer]

    def column_values(self, path: Path, how: HowRead, most: int) -> list[ColumnValues] | None:
        """As `column_values.column_values`; None for a file that its process did not survive."""
        about = {"how": vars(how) | {"columns": dict(how.columns)}, "most": most}
        answer = self.ask("column_values", path, about, SECONDS + SECONDS_FLOOR)
        return None if answer is None else [ColumnValues(**column) for column in answer]

    def redact(self, path: Path, into: Path, files: Mapping[str, GoneRows], others: GoneRows) -> int | None:
        """As `redaction.redact`; None for a file that its process did not survive."""

        def said(gone: GoneRows) -> dict[str, Any]:
            return vars(gone) | {"how": vars(gone.how) | {"columns": dict(gone.how.columns)}, "ids": sorted(gone.ids)}

        about = {"into": str(into), "files": {name: said(one) for name, one in files.items()}, "others": said(others)}
        changed: int | None = self.ask("redact", path, about, SECONDS_FLOOR + 10 * _seconds(path))
        return changed

    def first_lines(self, path: Path, known: Collection[str]) -> list[list[str]]:
        """As `first_lines.first_lines`."""
        return self.ask("first_lines", path, {"known": sorted(known)}, SECONDS_FLOOR) or []

    def likely_header(self, path: Path, usual: Collection[str]) -> list[str]:
        """As `likely_header.likely_header`."""
        return self.ask("likely_header", path, {"usual": sorted(usual)}, SECONDS_FLOOR) or []


def _seconds(path: Path) -> float:
    return SECONDS_FLOOR + path.stat().st_size / BYTES_A_SECOND


def _finding(said: dict[str, Any]) -> Finding:
    return Finding(**(said | {"lines": tuple(said["lines"]), "keys": tuple(said["keys"])}))


def _shape(said: dict[str, Any]) -> CsvShape:
    findings = [_finding(finding) for finding in said["findings"]]
    rows = [SetAsideRow(**row) for row in said["set_aside_rows"]]
    return CsvShape(**(said | {"findings": findings, "set_aside_rows": rows}))
