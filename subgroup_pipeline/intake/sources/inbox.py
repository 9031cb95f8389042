"""One district's upload directories: which files lie there, which of them are proved complete, and taking those.

Proofs: a zip by its members' CRCs; a file by what the district wrote beside it (`promises`), else by standing unchanged
(`SETTLE_SECONDS`); a loose roster also by `manifest.csv` naming only files that are there, for which it waits an hour.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch

from subgroup_pipeline.districts.district_file import DistrictSettings
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.intake.archive import archived_path, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.intake.sources.file_server import FileServer, RemoteEntry
from subgroup_pipeline.intake.sources.remote_files import forget_files, observe_files
from subgroup_pipeline.intake.sources.sidecars import CHECKSUM, MAX_SIZE, ROW_COUNTS, Promise, is_promise, read_promises
from subgroup_pipeline.reading.litter import is_litter
from subgroup_pipeline.reading.manifest import announced_files
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.reading.roster_files import MANIFEST, roster_file
from subgroup_pipeline.reading.unpacked_zips import UnpackedZips
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import Feed, Proof, UploadedFile
from subgroup_pipeline.settings import Settings

TEMPORARY = ("*.filepart", "*.part", "*.partial", "*.tmp", "*.crdownload", "*~", ".*")
"""Names that clients give a file while they write it (WinSCP: .filepart)."""
_WEAKEST_FIRST: tuple[Proof, ...] = ("settled", "row_count", "sha256")
PARTIAL_AFTER = timedelta(minutes=60)
"""For so long an upload may be under way; then somebody should look at it."""
MOST_A_RUN, LONGEST = 20, timedelta(minutes=10)
"""Uploads of one feed that a run takes from an inbox, and for how long."""


@dataclass
class Taken:
    """What one look at an inbox gave: deliveries, and by feed the names of files that are not complete yet."""

    arrivals: list[Arrival] = field(default_factory=list)
    waiting: dict[Feed, list[str]] = field(default_factory=dict)
    partial: list[Finding] = field(default_factory=list)


@dataclass(frozen=True)
class _Kept:
    """An archived file and what proves it; no proof means that it is not what was said of it."""

    file: UploadedFile
    proof: Proof | None


def inbox_directory(district: DistrictSettings, feed: Feed) -> str:
    """Where a district's uploads of a feed lie on its server."""
    subgroups, own = district.subgroups, district.server
    path = subgroups.path if feed == "subgroups" and subgroups else district.roster.path
    return f"{own.root.rstrip('/')}/{path}" if own else f"/{district.district}/{path}"


def is_temporary(name: str) -> bool:
    """Whether a file is named as clients name one that they still write."""
    return any(fnmatch(name.casefold(), pattern) for pattern in TEMPORARY)


class Inbox:
    """The inbox of one district on one server."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        connection: FileServer,
        district: DistrictSettings,
        readers: ReadingPool,
        zips: UnpackedZips,
    ) -> None:
        self._registry = registry
        self._connection = connection
        self._district = district
        self._readers = readers
        self._zips = zips
        self._archive = settings.paths.archive
        self._settle = timedelta(seconds=settings.settle_seconds)

    def take(self) -> Taken:
        """Archive everything that is complete. Raises an IntakeError when the server fails us."""
        taken, began = Taken(), time.monotonic()
        for feed in self._district.feeds:
            entries = self._listing(feed)
            self._clear()
            self._promises = self._read_promises() if entries else {}
            for number, candidate in enumerate(self._candidates(feed, entries)):
                # One district's many or large uploads do not keep the others waiting; the next run goes on with them.
                is_over = number >= MOST_A_RUN or time.monotonic() - began > LONGEST.total_seconds()
                arrival = None if is_over else self._arrival(feed, candidate)
                if arrival is None:
                    taken.waiting.setdefault(feed, []).extend(entry.name for entry in candidate)
                else:
                    taken.arrivals.append(arrival)
            taken.partial += self._partial(taken)
        return taken

    def ready(self) -> list[RemoteEntry]:
        """Files that stand unchanged for long enough to be worth a fetch (for the sensor)."""
        return [entry for feed in self._district.feeds for entry in self._listing(feed) if self._is_settled(entry)]

    def _clear(self) -> None:
        """Remove from our server what programs left, and what a fetch that was killed while it cleared had entered before."""
        if not self._connection.server.is_ours:
            return
        taken = [entry for entry in self._listed if self._seen[entry.path].is_taken]
        for entry in (*self._litter, *taken):
            self._connection.remove(entry)
        if taken:
            with self._registry.begin() as session:
                forget_files(session, self._district.district, [entry.path for entry in taken])

    def _listing(self, feed: Feed) -> list[RemoteEntry]:
        """Files of a feed that no client is still naming as temporary and that were not taken before, oldest first."""
        everything = self._connection.list_files(inbox_directory(self._district, feed))
        self._litter = [e for e in everything if is_litter(e.name)]
        listed = [e for e in everything if e not in self._litter]
        self._unfinished = [e for e in listed if is_temporary(e.name)]
        self._listed = [e for e in listed if not is_temporary(e.name)]
        self._beside = [e for e in self._listed if is_promise(e.name)]
        found = [e for e in self._listed if not is_promise(e.name)]
        if not listed:
            return found
        with self._registry.begin() as session:
            self._seen = observe_files(session, self._district.district, [(e.path, e.size, e.mtime) for e in listed])
        if self._connection.server.is_ours:
            return [entry for entry in found if not self._seen[entry.path].is_taken]
        fresh = [entry for entry in found if not self._seen[entry.path].is_taken]
        # A loose roster is one set: where one of its files changed, those that did not are part of it as before.
        belongs = any(_is_loose(feed, entry) for entry in fresh)
        return [entry for entry in found if entry in fresh or (belongs and _is_loose(feed, entry))]

    def _is_settled(self, entry: RemoteEntry) -> bool:
        """Whether a file stood unchanged for long enough. Our server's mtime is its own clock's, no client can set it."""
        return not self._settle or self._age(entry) >= self._settle

    def _age(self, entry: RemoteEntry) -> timedelta:
        """For how long a file has stood unchanged."""
        if self._connection.server.is_ours:
            since = datetime.fromtimestamp(entry.mtime, UTC)
        else:
            since = self._seen[entry.path].unchanged_since
        return datetime.now(UTC) - since

    def _read_promises(self) -> dict[str, Promise]:
        promises: dict[str, Promise] = {}
        spoken_of = {entry.name.casefold() for entry in self._listed}
        for entry in self._beside:
            if entry.name.casefold() != ROW_COUNTS and entry.name[: -len(CHECKSUM)].casefold() not in spoken_of:
                continue
            with incoming_file(self._archive) as incoming:
                if entry.size <= MAX_SIZE and self._connection.fetch(entry, incoming):
                    incoming.flush()
                    promises |= read_promises(entry, incoming.path, self._readers)
        return promises

    def _promise(self, entry: RemoteEntry) -> Promise | None:
        """What the district wrote beside a file about it."""
        return self._promises.get(entry.name.casefold())

    def _with_promises(self, entries: Sequence[RemoteEntry]) -> tuple[RemoteEntry, ...]:
        """Files with those that speak of them, to be cleared together."""
        beside = {promise.entry for e in entries if (promise := self._promise(e)) is not None}
        return (*entries, *sorted(beside, key=lambda entry: entry.path))

    def _partial(self, taken: Taken) -> list[Finding]:
        """Uploads of this feed that have been under way for too long, as findings of the district."""
        cleared = {entry for arrival in taken.arrivals for entry in arrival.remote}
        spoken_of = {entry.name.casefold() for entry in self._listed if entry not in self._beside}
        alone = [e for e in self._beside if e not in cleared and e.name[: -len(CHECKSUM)].casefold() not in spoken_of]
        late = [e for e in (*self._unfinished, *alone) if not self._seen[e.path].is_taken and self._age(e) >= PARTIAL_AFTER]
        return [Finding("PRT901", file=entry.name) for entry in late]

    def _candidates(self, feed: Feed, entries: Sequence[RemoteEntry]) -> list[list[RemoteEntry]]:
        """Files that make a delivery together: loose roster CSVs are one set, in either inbox; everything else stands alone."""
        named = [e for e in entries if roster_file(e.name)]
        loose = [e for e in entries if _is_loose(feed, e)] if feed == "roster" else named if len(named) > 1 else []
        alone = [[e] for e in entries if e not in loose]
        # The order is that of the uploads, since the last accepted is the one that counts.
        return sorted([*alone, loose] if loose else alone, key=lambda files: max(file.mtime for file in files))

    def _arrival(self, feed: Feed, candidate: list[RemoteEntry]) -> Arrival | None:
        first = candidate[0]
        if feed == "roster" and first.name.casefold().endswith(".zip"):
            return self._take_zip(first)
        if _is_loose(feed, first):
            return self._take_loose(candidate)
        return self._take_single(feed, first) if len(candidate) == 1 else self._take_misplaced(candidate)

    def _take_single(self, feed: Feed, entry: RemoteEntry) -> Arrival | None:
        """A subgroup CSV once it is proved; a file of a kind that we do not read at once, as rejected."""
        subgroups = self._district.subgroups
        remote = self._with_promises([entry])
        if feed == "subgroups" and subgroups and fnmatch(entry.name.casefold(), subgroups.files.casefold()):
            kept = self._take_proved(entry)
            return None if kept is None else self._judged(feed, remote, [kept], kept.proof)
        file = self._fetch(entry)
        if file is None:
            return None
        is_roster = feed == "subgroups" and self._readers.roster_members(archived_path(self._archive, file.sha256))
        finding = self._misplaced(entry.name) if is_roster else Finding("PKG007", file=entry.name)
        return Arrival(feed, remote, (file,), None, (finding,), is_rejected=True)

    def _take_misplaced(self, entries: list[RemoteEntry]) -> Arrival | None:
        """A loose roster in the inbox of subgroup files: kept and refused as one, once all of it has settled."""
        if not all(self._is_settled(entry) for entry in entries):
            return None
        files = [file for entry in entries if (file := self._fetch(entry)) is not None]
        if len(files) < len(entries):
            return None
        finding = self._misplaced(entries[0].name)
        return Arrival("subgroups", self._with_promises(entries), tuple(files), None, (finding,), is_rejected=True)

    def _misplaced(self, name: str) -> Finding:
        return Finding("PKG018", file=name, about=f"Put it into {self._district.roster.path}.")

    def _take_zip(self, entry: RemoteEntry) -> Arrival | None:
        """A zip whose members prove it complete; a damaged one is waited for until it settled, then rejected."""
        promise = self._promise(entry)
        with incoming_file(self._archive) as incoming:
            if not self._connection.fetch(entry, incoming):
                return None
            incoming.flush()
            proof = self._zips.prove(incoming.path, entry.name, incoming.sha256)
            upload = UploadedFile(entry.name, incoming.sha256, incoming.size)
            is_broken = promise is not None and not promise.is_kept(upload, incoming.path, self._readers)
            if (proof.cut_off or is_broken) and not self._is_settled(entry):
                return None
            incoming.keep()
        remote = self._with_promises([entry])
        if proof.findings:
            return Arrival("roster", remote, (upload,), None, proof.findings, is_rejected=True)
        members = (UploadedFile(one.name, one.sha256, one.size, member_of=entry.name) for one in proof.members)
        kept = [_Kept(upload, None if is_broken else "zip_crc"), *(_Kept(member, "zip_crc") for member in members)]
        return self._judged("roster", remote, kept, "zip_crc")

    def _take_loose(self, entries: list[RemoteEntry]) -> Arrival | None:
        """A loose roster, every file proved; for a file that manifest.csv announces and that is not there it waits an hour."""
        is_late = not self._settle or all(self._age(entry) >= PARTIAL_AFTER for entry in entries)
        manifest = next((entry for entry in entries if roster_file(entry.name) == MANIFEST), None)
        kept: dict[RemoteEntry, _Kept] = {}
        for entry in sorted(entries, key=lambda entry: entry != manifest):  # the manifest first: it says whether to wait
            file = self._take_proved(entry)
            if file is None or (entry == manifest and not is_late and self._is_announced_more(file.file, entries)):
                return None
            kept[entry] = file
        proofs = {one.proof for one in kept.values()}
        weakest = next((proof for proof in _WEAKEST_FIRST if proof in proofs), None)
        return self._judged("roster", self._with_promises(entries), [kept[entry] for entry in entries], weakest)

    def _is_announced_more(self, manifest: UploadedFile, entries: list[RemoteEntry]) -> bool:
        """Whether manifest.csv announces a file that is not there."""
        modes = announced_files(self._readers.read_manifest(archived_path(self._archive, manifest.sha256)) or [])
        there = {entry.name.strip().casefold() for entry in entries}
        return any(f"{kind}.csv" not in there for kind, mode in modes.items() if mode in ("bulk", "delta"))

    def _judged(self, feed: Feed, remote: tuple[RemoteEntry, ...], kept: Sequence[_Kept], proof: Proof | None) -> Arrival:
        """A delivery by its proof, or rejected for files that are not what was said of them."""
        broken = tuple(Finding("PRT902", file=one.file.name) for one in kept if one.proof is None)
        files = tuple(one.file for one in kept)
        return Arrival(feed, remote, files, None if broken else proof, broken, is_rejected=bool(broken))

    def _take_proved(self, entry: RemoteEntry) -> _Kept | None:
        """A file once it is what was said of it, or stood unchanged; None to wait for more."""
        promise = self._promise(entry)
        if promise is None and not self._is_settled(entry):
            return None
        with incoming_file(self._archive) as incoming:
            if not self._connection.fetch(entry, incoming):
                return None
            incoming.flush()
            file = UploadedFile(entry.name, incoming.sha256, incoming.size)
            proof: Proof | None = "settled"
            if promise is not None:
                proof = promise.proof if promise.is_kept(file, incoming.path, self._readers) else None
                if proof is None and not (self._is_settled(entry) and self._is_settled(promise.entry)):
                    return None
            incoming.keep()
        return _Kept(file, proof)

    def _fetch(self, entry: RemoteEntry) -> UploadedFile | None:
        with incoming_file(self._archive) as incoming:
            if not self._connection.fetch(entry, incoming):
                return None
            incoming.keep()
            return UploadedFile(entry.name, incoming.sha256, incoming.size)


def _is_loose(feed: Feed, entry: RemoteEntry) -> bool:
    """Whether a file is one of a roster that came without a zip."""
    return feed == "roster" and entry.name.strip().casefold().endswith(".csv")
