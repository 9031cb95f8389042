"""An arrival: archived files that make one delivery, what proves them complete, and the hashes they are known by."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.intake.sources.file_server import RemoteEntry
    from subgroup_pipeline.registry.ledger import Feed, Proof, UploadedFile


@dataclass(frozen=True)
class Arrival:
    """Archived files that make one delivery. `remote` is where they lay on a file server; empty where the source is none."""

    feed: Feed
    remote: tuple[RemoteEntry, ...]
    files: tuple[UploadedFile, ...]
    proof: Proof | None
    findings: tuple[Finding, ...] = ()
    is_rejected: bool = False
    content: str = ""
    """Hash of what was delivered, where the files themselves do not tell: pages may differ in times and links only."""

    @property
    def uploads(self) -> list[UploadedFile]:
        """The files as uploaded, without the members of a zip."""
        return [file for file in self.files if not file.member_of]

    @property
    def sha256(self) -> str:
        """Hash of the upload: of the file, or of names and hashes when there are several."""
        uploads = self.uploads
        return uploads[0].sha256 if len(uploads) == 1 else _combined(uploads)

    @property
    def content_sha256(self) -> str:
        """Hash of what was delivered, the same for two zips of identical CSVs and for those CSVs loose."""
        if self.content:
            return self.content
        members = [file for file in self.files if file.member_of]
        return _combined(members or self.uploads)


def _combined(files: Sequence[UploadedFile]) -> str:
    """One hash over names and hashes, whatever the order of the files."""
    lines = sorted(f"{file.name}\0{file.sha256}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
