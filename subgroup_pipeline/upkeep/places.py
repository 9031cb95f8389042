"""What of each place under the home is past its time; the table of policies says why and since when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Protocol

from subgroup_pipeline.intake.archive import is_archived
from subgroup_pipeline.posted import CURRENT, DOOR
from subgroup_pipeline.publish.manifest import FILE_NAME
from subgroup_pipeline.registry.needed import needed_uploads
from subgroup_pipeline.settings import REPORTS_KEPT
from subgroup_pipeline.upkeep.leaving import Leaving, changed_at, entries, files, folders, leaving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from subgroup_pipeline.home import Home
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

ABANDONED = timedelta(hours=1)
"""What nobody has written to for so long was left by a process that was killed."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_OURS = ("index.html", "report_", "latest_report_", "check_")
"""What we write into an outbox beside folders, now and in releases before. Anything else there was put by a person."""
_NOTE = "delivered.json"
_MARKER = ".reading"
_OF_A_RUN = (".part", ".building", ".compacting", ".compacting.wal")


class RunHistory(Protocol):
    """What the orchestrator remembers of runs. `orchestration` has the one of Dagster."""

    def runs_before(self, moment: datetime) -> list[str]:
        """Ids of finished runs that were started before."""

    def forget(self, run_id: str) -> None:
        """Remove a run with its events and its output."""

    def partitions_of(self, district_id: str) -> list[str]:
        """The partitions that stand for a district's feeds."""

    def forget_partition(self, partition: str) -> None:
        """Remove a partition."""


@dataclass(frozen=True)
class Installation:
    """What upkeep looks at: an installation whose warehouse the caller holds, at a moment.

    `history` is None where nothing but the orchestrator could open it.
    """

    settings: Settings
    registry: Registry
    now: datetime
    history: RunHistory | None = None

    @property
    def home(self) -> Home:
        """The places under the home."""
        return self.settings.paths

    def entries(self, folder: Path) -> list[Path]:
        """What lies in a folder of the home."""
        return entries(self.home.root, folder)

    def files(self, folder: Path) -> list[Path]:
        """The files in a folder of the home."""
        return files(self.home.root, folder)

    def folders(self, folder: Path) -> list[Path]:
        """The folders in a folder of the home."""
        return folders(self.home.root, folder)

    def older(self, paths: Iterable[Path], age: timedelta) -> Iterator[Leaving]:
        """Those of them that nobody has written to for so long."""
        oldest = (self.now - age).timestamp()
        return (leaving(path) for path in paths if changed_at(path) < oldest)


def archived(at: Installation) -> Iterator[Leaving]:
    """Archived files that no needed delivery names, also those that no delivery ever named, by the age of the file."""
    kept = timedelta(days=at.settings.retention_days)
    with at.registry.begin() as session:
        needed = needed_uploads(session, at.now - kept)
    districts = at.folders(at.home.archive)
    sealed = [(path, folder.name) for folder in districts for within in at.folders(folder) for path in at.files(within)]
    past = [path for path, district_id in sealed if is_archived(path) and (district_id, path.name) not in needed]
    hashes = {sha256 for _, sha256 in needed}
    plain = [path for folder in districts for path in at.files(folder)]  # as releases before kept them
    past += [path for path in plain if is_archived(path) and path.name not in hashes]
    return at.older(past, kept)


def scratch(at: Installation) -> Iterator[Leaving]:
    """What a killed run unpacked or spilled. The marks of what it was reading stay: the next run counts them."""
    return at.older((path for path in at.entries(at.home.scratch) if path.suffix != _MARKER), ABANDONED)


def failing_rows(at: Installation) -> Iterator[Leaving]:
    """Rows behind findings, of every district that has or had some."""
    return at.older(_of_districts(at, at.home.failing_rows), REPORTS_KEPT)


def reports(at: Installation) -> Iterator[Leaving]:
    """Reports that are kept here. The note of what was delivered holds hashes only, and keeps reports from being made again."""
    return at.older((path for path in _of_districts(at, at.home.reports) if path.name != _NOTE), REPORTS_KEPT)


def outboxes(at: Installation) -> Iterator[Leaving]:
    """Reports in the outboxes of our server: folders of dates by their names, everything else by when it was written."""
    oldest = (at.now - REPORTS_KEPT).date().isoformat()
    for outbox in _outboxes(at):
        dated = [folder for folder in at.folders(outbox) if _DATE.fullmatch(folder.name)]
        yield from (leaving(folder) for folder in dated if folder.name < oldest)
        ours = [path for path in at.files(outbox) if path.name.startswith(_OURS)]
        yield from at.older([*ours, *at.files(outbox / "latest")], REPORTS_KEPT)


def check_reports(at: Installation) -> Iterator[Leaving]:
    """Answers to what districts put into `check/`."""
    return at.older((path for outbox in _outboxes(at) for path in at.files(outbox / "checks")), REPORTS_KEPT)


def snapshots(at: Installation) -> Iterator[Leaving]:
    """Snapshots beyond those that are kept, oldest first, and never the one that readers see."""
    shown = at.home.current_snapshot.resolve()
    made = [folder for folder in at.folders(at.home.published) if not folder.name.startswith(".")]
    for folder in made[: -at.settings.keep_snapshots]:
        if folder.resolve() != shown:
            found = leaving(folder)
            yield Leaving(partial(_remove_snapshot, folder, found), bytes=found.bytes)


def _remove_snapshot(folder: Path, found: Leaving) -> None:
    # Its manifest first: half of a snapshot must not count as one, should the process be killed on the way.
    (folder / FILE_NAME).unlink(missing_ok=True)
    found.remove()


def posted(at: Installation) -> Iterator[Leaving]:
    """What lay on the noticeboard before, where a killed run left it, and what it had not laid out yet."""
    folder = at.home.noticeboard
    shown = (folder / CURRENT).resolve()
    return at.older((one for one in at.folders(folder) if one.name != DOOR and one.resolve() != shown), ABANDONED)


def validations(at: Installation) -> Iterator[Leaving]:
    """Stored runs of each suite beyond those that are kept."""
    for suite in at.folders(at.home.gx / "validations"):
        runs = sorted(at.folders(suite), key=changed_at, reverse=True)
        yield from (leaving(run) for run in runs[at.settings.keep_snapshots :])


def rehearsals(at: Installation) -> Iterator[Leaving]:
    """Homes of rehearsals that were killed."""
    return at.older(at.entries(at.home.rehearsals), ABANDONED)


def half_written(at: Installation) -> Iterator[Leaving]:
    """Files and snapshots under the names that they have until they are whole."""
    home = at.home
    # Only who holds the warehouse writes these, and that is us: whatever stands there was left.
    for folder in (home.archive, home.published, home.warehouse, home.history, home.releases):
        yield from (leaving(path) for path in at.entries(folder) if path.name.endswith(_OF_A_RUN))
    boxes = [folder for outbox in _outboxes(at) for folder in (outbox, *at.folders(outbox))]
    others = [
        home.root,
        home.keys,
        *at.folders(home.keys),
        home.dagster,
        *at.folders(home.failing_rows),
        *at.folders(home.reports),
        *boxes,
    ]
    named = [path for folder in others for path in at.entries(folder) if path.name.endswith(".part")]
    links = [path for path in at.entries(home.published) if path.name.endswith(".new")]
    yield from at.older([*named, *links], ABANDONED)


def damaged(at: Installation) -> Iterator[Leaving]:
    """Damaged files that were set aside; those of the warehouse as soon as a run made them anew and ended well."""
    home = at.home
    aside = [path for path in at.files(home.root) if path.name.startswith(f"{home.registry_file.name}.damaged-")]
    places = [home.history, home.releases, *(home.dagster / name for name in ("history", "history/runs", "schedules"))]
    aside += [path for place in places for path in at.files(place) if path.suffix == ".damaged"]
    # Being renamed leaves the time of writing as it was, so the time of the change of the name counts.
    oldest = (at.now - timedelta(days=at.settings.retention_days)).timestamp()
    yield from (leaving(path) for path in aside if path.lstat().st_ctime < oldest)
    if not home.unproven_warehouse.exists():
        yield from (leaving(path) for path in at.files(home.warehouse) if path.suffix == ".damaged")


def logs(at: Installation) -> Iterator[Leaving]:
    """Logs that were rotated; those that a process may have open end in `.jsonl` or `.log`."""
    rotated = [path for path in at.files(at.home.logs) if path.suffix not in (".jsonl", ".log")]
    return at.older(rotated, REPORTS_KEPT)


def _of_districts(at: Installation, place: Path) -> list[Path]:
    return [path for folder in at.folders(place) for path in at.files(folder)]


def _outboxes(at: Installation) -> list[Path]:
    return [account / "outbox" for account in at.folders(at.home.sftp)]
