"""Uploads of one feed: which of them are proved complete, and taking those.

Proofs: a zip by its members' CRCs; a file by what the district wrote beside it (`sidecars`), else by standing unchanged
(`SETTLE_SECONDS`); a loose roster also by `manifest.csv` naming only files that are there, for which it waits an hour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatch
from pathlib import Path

from subgroup_pipeline.districts.district_file import DistrictSettings
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.sources.file_server import FileServer, RemoteEntry
from subgroup_pipeline.intake.sources.listing import Listing, is_loose
from subgroup_pipeline.intake.sources.sidecars import Promise
from subgroup_pipeline.reading.manifest import announced_files
from subgroup_pipeline.reading.roster_files import MANIFEST, roster_file
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.ledger import Feed, Proof, UploadedFile

_WEAKEST_FIRST: tuple[Proof, ...] = ("settled", "row_count", "sha256")
PARTIAL_AFTER = timedelta(minutes=60)
"""For so long an upload may be under way; then somebody should look at it."""


@dataclass(frozen=True)
class _Kept:
    """An archived file and what proves it; no proof means that it is not what was said of it."""

    file: UploadedFile
    proof: Proof | None


@dataclass(frozen=True)
class Uploads:
    """The uploads of one listing. `promises` are what sidecars say, by the name of the file they speak of, without capitals."""

    server: FileServer
    district: DistrictSettings
    archive: DistrictArchive
    zips: UnpackedZips
    listing: Listing
    promises: Mapping[str, Promise]

    def candidates(self) -> list[list[RemoteEntry]]:
        """Files that make a delivery together: loose roster CSVs are one set, in either inbox; everything else stands alone."""
        entries = self.listing.uploads
        is_roster = self.listing.feed == "roster"
        named = [e for e in entries if roster_file(e.name)]
        loose = [e for e in entries if is_loose("roster", e)] if is_roster else named if len(named) > 1 else []
        alone = [[e] for e in entries if e not in loose]
        # The order is that of the uploads, since the last accepted is the one that counts.
        return sorted([*alone, loose] if loose else alone, key=lambda files: max(file.mtime for file in files))

    def take(self, candidate: list[RemoteEntry]) -> Arrival | None:
        """Archive the files of a candidate; None when they are not complete yet. Raises SourceError."""
        feed, first = self.listing.feed, candidate[0]
        if feed == "roster" and first.name.casefold().endswith(".zip"):
            return self._take_zip(first)
        if is_loose(feed, first):
            return self._take_loose(candidate)
        return self._take_single(feed, first) if len(candidate) == 1 else self._take_misplaced(candidate)

    def _promise(self, entry: RemoteEntry) -> Promise | None:
        return self.promises.get(entry.name.casefold())

    def _with_sidecars(self, entries: Sequence[RemoteEntry]) -> tuple[RemoteEntry, ...]:
        """Files with those that speak of them, to be cleared together."""
        beside = {promise.entry for e in entries if (promise := self._promise(e)) is not None}
        return (*entries, *sorted(beside, key=lambda entry: entry.path))

    def _take_single(self, feed: Feed, entry: RemoteEntry) -> Arrival | None:
        """A subgroup CSV once it is proved; a file of a kind that we do not read at once, as rejected."""
        subgroups = self.district.subgroups
        remote = self._with_sidecars([entry])
        if feed == "subgroups" and subgroups and fnmatch(entry.name.casefold(), subgroups.files.casefold()):
            kept = self._take_proved(entry)
            return None if kept is None else self._judged(feed, remote, [kept], kept.proof)
        file = self._fetch(entry)
        if file is None:
            return None
        with self._opened(file) as path:
            is_roster = feed == "subgroups" and self.zips.readers.roster_members(path)
        finding = self._misplaced(entry.name) if is_roster else Finding("PKG007", file=entry.name)
        return Arrival(feed, remote, (file,), None, (finding,), is_rejected=True)

    def _take_misplaced(self, entries: list[RemoteEntry]) -> Arrival | None:
        """A loose roster in the inbox of subgroup files: kept and refused as one, once all of it has settled."""
        if not all(self.listing.is_settled(entry) for entry in entries):
            return None
        files = [file for entry in entries if (file := self._fetch(entry)) is not None]
        if len(files) < len(entries):
            return None
        finding = self._misplaced(entries[0].name)
        return Arrival("subgroups", self._with_sidecars(entries), tuple(files), None, (finding,), is_rejected=True)

    def _misplaced(self, name: str) -> Finding:
        return Finding("PKG018", file=name, about=f"Put it into {self.district.roster.path}.")

    def _take_zip(self, entry: RemoteEntry) -> Arrival | None:
        """A zip whose members prove it complete; a damaged one is waited for until it settled, then rejected."""
        promise = self._promise(entry)
        with incoming_file(self.archive) as incoming:
            if not self.server.fetch(entry, incoming):
                return None
            incoming.flush()
            proof = self.zips.prove(incoming.path, entry.name, incoming.sha256)
            upload = UploadedFile(entry.name, incoming.sha256, incoming.size)
            is_broken = promise is not None and not promise.is_kept(upload, incoming.path, self.zips.readers)
            if (proof.cut_off or is_broken) and not self.listing.is_settled(entry):
                return None
            incoming.keep()
        remote = self._with_sidecars([entry])
        if proof.findings:
            return Arrival("roster", remote, (upload,), None, proof.findings, is_rejected=True)
        members = (UploadedFile(one.name, one.sha256, one.size, member_of=entry.name) for one in proof.members)
        kept = [_Kept(upload, None if is_broken else "zip_crc"), *(_Kept(member, "zip_crc") for member in members)]
        return self._judged("roster", remote, kept, "zip_crc")

    def _take_loose(self, entries: list[RemoteEntry]) -> Arrival | None:
        """A loose roster, every file proved; for a file that manifest.csv announces and that is not there it waits an hour."""
        is_late = not self.listing.settle or all(self.listing.age(entry) >= PARTIAL_AFTER for entry in entries)
        manifest = next((entry for entry in entries if roster_file(entry.name) == MANIFEST), None)
        kept: dict[RemoteEntry, _Kept] = {}
        for entry in sorted(entries, key=lambda entry: entry != manifest):  # the manifest first: it says whether to wait
            file = self._take_proved(entry)
            if file is None or (entry == manifest and not is_late and self._is_announced_more(file.file, entries)):
                return None
            kept[entry] = file
        proofs = {one.proof for one in kept.values()}
        weakest = next((proof for proof in _WEAKEST_FIRST if proof in proofs), None)
        return self._judged("roster", self._with_sidecars(entries), [kept[entry] for entry in entries], weakest)

    def _is_announced_more(self, manifest: UploadedFile, entries: list[RemoteEntry]) -> bool:
        """Whether manifest.csv announces a file that is not there."""
        with self._opened(manifest) as path:
            modes = announced_files(self.zips.readers.read_manifest(path) or [])
        there = {entry.name.strip().casefold() for entry in entries}
        return any(f"{kind}.csv" not in there for kind, mode in modes.items() if mode in ("bulk", "delta"))

    def _opened(self, file: UploadedFile) -> AbstractContextManager[Path]:
        return self.archive.opened(file.sha256, self.archive.home.scratch)

    def _judged(self, feed: Feed, remote: tuple[RemoteEntry, ...], kept: Sequence[_Kept], proof: Proof | None) -> Arrival:
        """A delivery by its proof, or rejected for files that are not what was said of them."""
        broken = tuple(Finding("PRT902", file=one.file.name) for one in kept if one.proof is None)
        files = tuple(one.file for one in kept)
        return Arrival(feed, remote, files, None if broken else proof, broken, is_rejected=bool(broken))

    def _take_proved(self, entry: RemoteEntry) -> _Kept | None:
        """A file once it is what was said of it, or stood unchanged; None to wait for more."""
        promise = self._promise(entry)
        if promise is None and not self.listing.is_settled(entry):
            return None
        with incoming_file(self.archive) as incoming:
            if not self.server.fetch(entry, incoming):
                return None
            incoming.flush()
            file = UploadedFile(entry.name, incoming.sha256, incoming.size)
            proof: Proof | None = "settled"
            if promise is not None:
                proof = promise.proof if promise.is_kept(file, incoming.path, self.zips.readers) else None
                if proof is None and not (self.listing.is_settled(entry) and self.listing.is_settled(promise.entry)):
                    return None
            incoming.keep()
        return _Kept(file, proof)

    def _fetch(self, entry: RemoteEntry) -> UploadedFile | None:
        with incoming_file(self.archive) as incoming:
            if not self.server.fetch(entry, incoming):
                return None
            incoming.keep()
            return UploadedFile(entry.name, incoming.sha256, incoming.size)
