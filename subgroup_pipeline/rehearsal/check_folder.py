"""Answering the `check/` folders: every settled file gets a report in the district's outbox, and is removed after that.

A kill at any point leaves the file where it is, so the next run checks it again.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.sources.check_folder import settled_checks
from subgroup_pipeline.intake.sources.listing import inbox_directory
from subgroup_pipeline.intake.sources.offered import RemoteFiles
from subgroup_pipeline.intake.sources.sftp import CHANNELS, SftpConnection
from subgroup_pipeline.intake.sources.sftp_server import SftpError, server_of
from subgroup_pipeline.registry.ledger import PIPELINE
from subgroup_pipeline.rehearsal.check_report import report_files, report_name
from subgroup_pipeline.rehearsal.rehearse import NotTakenError, guess_feed, is_roster_csv, rehearse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.intake.sources.file_server import RemoteEntry
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

MOST_A_DISTRICT, MOST_A_RUN = 5, 100
"""Checks; a rehearsal takes seconds. What is left waits for the next run."""


@dataclass
class Checked:
    """What came of the folders: reports written, how many said no, files left for later, and what went wrong by district."""

    reports: int = 0
    refused: int = 0
    left: int = 0
    faults: dict[str, str] = field(default_factory=dict)


def answer_checks(registry: Registry, settings: Settings, districts: Sequence[RegisteredDistrict]) -> Checked:
    """Check what lies in the `check/` folders of these districts on our server. Nothing about a file or a server raises."""
    checked = Checked()
    ours = [district for district in districts if district.settings.server is None]
    if not ours:
        return checked
    connection = SftpConnection(server_of(settings, ours[0]))
    try:
        work = _work(connection, settings, ours, checked)
        for district, entries in work[:MOST_A_RUN]:
            _answer(registry, settings, connection, district, entries, checked)
        checked.left += len(work[MOST_A_RUN:])
    finally:
        connection.close()
    return checked


def _work(
    connection: SftpConnection, settings: Settings, districts: Sequence[RegisteredDistrict], checked: Checked
) -> list[tuple[RegisteredDistrict, list[RemoteEntry]]]:
    """What to check, the first file of every district first, so that none keeps the others waiting."""

    def look(district: RegisteredDistrict) -> list[RemoteEntry] | SftpError:
        try:
            return settled_checks(connection, settings, district.district_id)
        except SftpError as fault:
            return fault

    turns: list[tuple[int, RegisteredDistrict, list[RemoteEntry]]] = []
    with ThreadPoolExecutor(CHANNELS) as pool:
        for district, found in zip(districts, pool.map(look, districts), strict=True):
            if isinstance(found, SftpError):
                checked.faults[district.district_id] = str(found)
                continue
            sets = _sets(found)
            turns += [(turn, district, entries) for turn, entries in enumerate(sets[:MOST_A_DISTRICT])]
            checked.left += len(sets[MOST_A_DISTRICT:])
    return [(district, entries) for _, district, entries in sorted(turns, key=lambda turn: turn[0])]


def _sets(entries: Sequence[RemoteEntry]) -> list[list[RemoteEntry]]:
    """Files that are checked together: loose OneRoster files are one roster, anything else stands alone."""
    loose = [entry for entry in entries if is_roster_csv(entry.name)]
    return [*([loose] if loose else []), *([entry] for entry in entries if entry not in loose)]


def _answer(
    registry: Registry,
    settings: Settings,
    connection: SftpConnection,
    district: RegisteredDistrict,
    entries: list[RemoteEntry],
    checked: Checked,
) -> None:
    """Check, write the report, and only then remove the file. What cannot be answered stays, and is named as a fault."""
    feed = guess_feed([entry.name for entry in entries], district)
    offered = RemoteFiles(inbox_directory(district.settings, feed), connection, entries)
    try:
        rehearsal = rehearse(registry, settings, district, feed, offered)
        name = report_name("roster" if len(entries) > 1 else entries[0].name, datetime.now(UTC))
        folder = f"/{district.district_id}/outbox/checks"
        connection.make_folder(folder)
        for extension, content in report_files(rehearsal).items():
            connection.write(f"{folder}/{name}.{extension}", content)
        for entry in entries:
            connection.remove(entry)
    except NotTakenError:
        checked.left += 1  # it changed while it was read; the next run sees it as it is then
        return
    except SftpError as fault:
        checked.faults[district.district_id] = str(fault)
        return
    except Exception as error:  # noqa: BLE001 - a check is a service beside the night and must never be able to stop it
        # Only the kind of error: its words may quote the file.
        checked.faults[district.district_id] = f"a file in check/ could not be checked ({type(error).__name__})"
        return
    checked.reports += 1
    checked.refused += not rehearsal.would_be_used
    detail = {"feed": feed, "verdict": rehearsal.verdict}
    registry.audit("check.answered", actor=PIPELINE, district_id=district.district_id, detail=detail)
