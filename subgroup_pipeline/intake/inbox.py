"""One district's upload directories: which files lie there, which of them are proved complete, and taking those.

Proofs: a zip by its members' CRCs; loose files by standing unchanged (`SETTLE_SECONDS`), a loose roster also by
`manifest.csv` naming only files that are there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch

from subgroup_pipeline.intake.archive import archived_path, incoming_file
from subgroup_pipeline.intake.manifest import announced_files, read_manifest
from subgroup_pipeline.intake.sftp import RemoteEntry, SftpConnection
from subgroup_pipeline.intake.zip_proof import prove_zip
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.district_file import DistrictSettings
from subgroup_pipeline.registry.findings import Finding
from subgroup_pipeline.registry.ledger import Feed, Proof, UploadedFile
from subgroup_pipeline.registry.remote_files import forget_files, observe_files
from subgroup_pipeline.settings import Settings

TEMPORARY = ("*.filepart", "*.part", "*.partial", "*.tmp", "*.crdownload", "*~", ".*")
"""Names that clients give a file while they write it (WinSCP: .filepart)."""


@dataclass(frozen=True)
class Arrival:
    """Archived files that make one delivery, and where they lay on the server."""

    feed: Feed
    remote: tuple[RemoteEntry, ...]
    files: tuple[UploadedFile, ...]
    proof: Proof | None
    findings: tuple[Finding, ...] = ()
    is_rejected: bool = False

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
        members = [file for file in self.files if file.member_of]
        return _combined(members or self.uploads)


@dataclass
class Taken:
    """What one look at an inbox gave: deliveries, and by feed the names of files that are not complete yet."""

    arrivals: list[Arrival] = field(default_factory=list)
    waiting: dict[Feed, list[str]] = field(default_factory=dict)


class Inbox:
    """The inbox of one district on one server."""

    def __init__(self, registry: Registry, settings: Settings, connection: SftpConnection, district: DistrictSettings) -> None:
        self._registry = registry
        self._connection = connection
        self._district = district
        self._archive = settings.paths.archive
        self._settle = timedelta(seconds=settings.settle_seconds)

    def take(self) -> Taken:
        """Archive everything that is complete. Raises an IntakeError when the server fails us."""
        taken = Taken()
        for feed in self._feeds():
            entries = self._listing(feed)
            self._clear_taken()
            for candidate in self._candidates(feed, entries):
                arrival = self._arrival(feed, candidate)
                if arrival is None:
                    taken.waiting.setdefault(feed, []).extend(entry.name for entry in candidate)
                else:
                    taken.arrivals.append(arrival)
        return taken

    def ready(self) -> list[RemoteEntry]:
        """Files that stand unchanged for long enough to be worth a fetch (for the sensor)."""
        return [entry for feed in self._feeds() for entry in self._listing(feed) if self._is_settled(entry)]

    def _clear_taken(self) -> None:
        """Remove what was archived and entered before, by a fetch that was killed while it cleared our server."""
        if self._connection.server.is_ours and (left := [entry for entry in self._listed if self._seen[entry.path].is_taken]):
            for entry in left:
                self._connection.remove(entry)
            forget_files(self._registry, self._district.district, [entry.path for entry in left])

    def _feeds(self) -> list[Feed]:
        return ["roster", "subgroups"] if self._district.has_subgroup_file else ["roster"]

    def _listing(self, feed: Feed) -> list[RemoteEntry]:
        """Files of a feed that no client is still naming as temporary and that were not taken before, oldest first."""
        subgroups, own = self._district.subgroups, self._district.server
        path = subgroups.path if feed == "subgroups" and subgroups else self._district.roster.path
        directory = f"{own.root.rstrip('/')}/{path}" if own else f"/{self._district.district}/{path}"
        listed = self._connection.list_files(directory)
        found = [e for e in listed if not any(fnmatch(e.name.casefold(), pattern) for pattern in TEMPORARY)]
        self._listed = found
        if not found:
            return found
        self._seen = observe_files(self._registry, self._district.district, [(e.path, e.size, e.mtime) for e in found])
        if self._connection.server.is_ours:
            return [entry for entry in found if not self._seen[entry.path].is_taken]
        fresh = [entry for entry in found if not self._seen[entry.path].is_taken]
        # A loose roster is one set: where one of its files changed, those that did not are part of it as before.
        belongs = any(_is_loose(feed, entry) for entry in fresh)
        return [entry for entry in found if entry in fresh or (belongs and _is_loose(feed, entry))]

    def _is_settled(self, entry: RemoteEntry) -> bool:
        """Whether a file stood unchanged for long enough. Our server's mtime is its own clock's, no client can set it."""
        if not self._settle:
            return True
        if self._connection.server.is_ours:
            since = datetime.fromtimestamp(entry.mtime, UTC)
        else:
            since = self._seen[entry.path].unchanged_since
        return datetime.now(UTC) - since >= self._settle

    def _candidates(self, feed: Feed, entries: Sequence[RemoteEntry]) -> list[list[RemoteEntry]]:
        """Files that make a delivery together: loose roster CSVs are one set, everything else stands alone."""
        loose = [e for e in entries if _is_loose(feed, e)]
        alone = [[e] for e in entries if not _is_loose(feed, e)]
        # The order is that of the uploads, since the last accepted is the one that counts.
        return sorted([*alone, loose] if loose else alone, key=lambda files: max(file.mtime for file in files))

    def _arrival(self, feed: Feed, candidate: list[RemoteEntry]) -> Arrival | None:
        first = candidate[0]
        if feed == "roster" and first.name.casefold().endswith(".zip"):
            return self._take_zip(first)
        if _is_loose(feed, first):
            return self._take_loose(candidate)
        return self._take_single(feed, first)

    def _take_single(self, feed: Feed, entry: RemoteEntry) -> Arrival | None:
        """A subgroup CSV once it settled; a file of a kind that we do not read at once, as rejected."""
        subgroups = self._district.subgroups
        readable = feed == "subgroups" and subgroups and fnmatch(entry.name.casefold(), subgroups.files.casefold())
        if readable and not self._is_settled(entry):
            return None
        file = self._fetch(entry)
        if file is None:
            return None
        if readable:
            return Arrival(feed, (entry,), (file,), "settled")
        return Arrival(feed, (entry,), (file,), None, (Finding("PKG007", file=entry.name),), is_rejected=True)

    def _take_zip(self, entry: RemoteEntry) -> Arrival | None:
        """A zip whose members prove it complete; a damaged one is waited for until it settled, then rejected."""
        with incoming_file(self._archive) as incoming:
            if not self._connection.fetch(entry, incoming):
                return None
            incoming.flush()
            proof = prove_zip(incoming.path, entry.name)
            if proof.cut_off and not self._is_settled(entry):
                return None
            incoming.keep()
            files = (UploadedFile(entry.name, incoming.sha256, incoming.size), *proof.members)
        if proof.findings:
            return Arrival("roster", (entry,), files, None, proof.findings, is_rejected=True)
        return Arrival("roster", (entry,), files, "zip_crc")

    def _take_loose(self, entries: list[RemoteEntry]) -> Arrival | None:
        """A loose roster: all settled, and every file that manifest.csv announces is there."""
        if not all(self._is_settled(entry) for entry in entries):
            return None
        files = []
        for entry in entries:
            file = self._fetch(entry)
            if file is None:
                return None
            files.append(file)
        missing = self._announced(files) - {file.name for file in files}
        if missing and self._settle:
            return None
        findings = tuple(Finding("PKG003", file="manifest.csv", about=f"Missing: {name}.") for name in sorted(missing))
        return Arrival("roster", tuple(entries), tuple(files), None if missing else "settled", findings, bool(missing))

    def _announced(self, files: list[UploadedFile]) -> set[str]:
        """File names that manifest.csv says are part of the set."""
        manifest = next((file for file in files if file.name == "manifest.csv"), None)
        if manifest is None:
            return set()
        modes = announced_files(read_manifest(archived_path(self._archive, manifest.sha256).read_bytes()))
        return {f"{kind}.csv" for kind, mode in modes.items() if mode in ("bulk", "delta")}

    def _fetch(self, entry: RemoteEntry) -> UploadedFile | None:
        with incoming_file(self._archive) as incoming:
            if not self._connection.fetch(entry, incoming):
                return None
            incoming.keep()
            return UploadedFile(entry.name, incoming.sha256, incoming.size)


def _is_loose(feed: Feed, entry: RemoteEntry) -> bool:
    """Whether a file is one of a roster that came without a zip."""
    return feed == "roster" and entry.name.casefold().endswith(".csv")


def _combined(files: Sequence[UploadedFile]) -> str:
    """One hash over names and hashes, whatever the order of the files."""
    lines = sorted(f"{file.name}\0{file.sha256}" for file in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
