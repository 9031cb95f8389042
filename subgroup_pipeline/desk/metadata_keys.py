"""The `metadata` keys of a district's roster: who has them, what stands there, and which subgroup each may be.

They are read from the newest roster that is in use, or from a sample that is asked of the roster server and thrown away. What
stands there is the district's own, and its people see it; texts that are each one student's own are marked as such.
"""

from __future__ import annotations

import gzip
import secrets
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.desk.proposal.proposed_column import ProposedColumn, propose_columns
from subgroup_pipeline.desk.proposal.roster_fields import files_of_roster, load_roster_table, load_users, note_students
from subgroup_pipeline.desk.proposal.sample import SampleColumn, counted_columns, most_met
from subgroup_pipeline.desk.roster_trial import asked_server
from subgroup_pipeline.districts.header_name import METADATA_PREFIX, canonical
from subgroup_pipeline.errors import ArchiveDamagedError, KeyringError, ProposalError
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.oneroster.faults import NotOfferedError, NotSharedError, RosterServerError
from subgroup_pipeline.intake.oneroster.pages import objects_of, without_passwords
from subgroup_pipeline.landing.listed import is_listed, write_list
from subgroup_pipeline.reading.listed_pages import LISTING, ListedCollection, Listing, pages_file
from subgroup_pipeline.reading.reading_pool import ReadingPool
from subgroup_pipeline.registry.ledger import base_deliveries, get_delivery, live_delivery
from subgroup_pipeline.warehouse.duckdb_files import open_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import duckdb

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SHOWN = 8
"""Different texts of a key that are shown."""
MOST_KEYS = 60
SAMPLE = 200
"""Records of a list that a sample has."""
_KINDS = ("users", "demographics")
_SECONDS = 20.0
NO_ROSTER = "No roster of yours is in use yet."


@dataclass(frozen=True)
class FoundKey:
    """A key: the file that has it, the students with something there, the texts met most, and what it may be.

    `is_own_text`: nearly every student has another text there, so it is no code.
    """

    file: Literal["users", "demographics"]
    column: str
    students: int
    distinct: int
    samples: dict[str, int] = field(repr=False)
    is_own_text: bool = False
    proposed: ProposedColumn | None = None


@dataclass(frozen=True)
class FoundKeys:
    """The keys of one roster. `problem` says why there are none to look at; `received_at` is None for a sample."""

    students: int = 0
    keys: tuple[FoundKey, ...] = ()
    received_at: datetime | None = None
    is_sample: bool = False
    problem: str = ""


def keys_of_roster(registry: Registry, settings: Settings, district: RegisteredDistrict) -> FoundKeys:
    """The keys of the roster that is in use; where it was brought up to date by changes, of the full set before them."""
    with registry.begin() as session:
        live = live_delivery(session, district.district_id, "roster")
        delivery = (base_deliveries(session, [live]) or [live])[-1] if live else None
    if delivery is None:
        return FoundKeys(problem=NO_ROSTER)
    try:
        students, keys = _of_delivery(registry, settings, delivery.delivery_id)
    except (FileNotFoundError, ArchiveDamagedError, KeyringError):
        return FoundKeys(problem="Your newest roster is not kept any more; its keys show with the next one.")
    except ProposalError:
        return FoundKeys(problem="Your newest roster could not be read.")
    return FoundKeys(students, keys, delivery.received_at)


def keys_of_sample(registry: Registry, settings: Settings, district: RegisteredDistrict) -> FoundKeys:
    """The keys of a few students, asked of the roster server now. Raises SettingsError for a roster that is uploaded."""
    try:
        with _scratch(settings) as scratch, ReadingPool(1) as readers:
            roster = scratch / "sample"
            roster.mkdir(mode=0o700)
            _ask_sample(registry, settings, district, readers, roster)
            students, keys = _read(readers, settings, roster, scratch)
    except (RosterServerError, KeyringError) as error:
        return FoundKeys(is_sample=True, problem=str(error))
    except ProposalError:
        return FoundKeys(is_sample=True, problem="What the server sent could not be read as a list of students.")
    return FoundKeys(students, keys, is_sample=True)


@lru_cache(maxsize=200)
def _of_delivery(registry: Registry, settings: Settings, delivery_id: str) -> tuple[int, tuple[FoundKey, ...]]:
    """Students and keys of an archived roster, which never changes, so it is read once."""
    with registry.begin() as session:
        delivery = get_delivery(session, delivery_id)
        files = {file.name: file.sha256 for file in delivery.files if not file.member_of}
        listed = is_listed(delivery)
    archive = DistrictArchive(settings.paths, delivery.district_id)
    with _scratch(settings) as scratch, ReadingPool(1) as readers:
        roster = scratch / "given"
        roster.mkdir(mode=0o700)
        wanted = {LISTING, *map(pages_file, _KINDS)} if listed else set(files)
        for name in wanted & files.keys():
            shutil.copyfile(archive.plain(files[name], scratch / "plain"), roster / name)
        if listed:
            _write_lists(readers, roster)
        zips = [roster / name for name in files if name.casefold().endswith(".zip")]
        return _read(readers, settings, zips[0] if zips else roster, scratch)


def _write_lists(readers: ReadingPool, roster: Path) -> None:
    """Write the pages of a folder as the files that OneRoster's CSV binding has."""
    uploads = {path.name: path for path in roster.iterdir()}
    for kind in _KINDS:
        if pages_file(kind) in uploads:
            write_list(uploads, readers, kind, roster / f"{kind}.csv")


def _ask_sample(registry: Registry, settings: Settings, district: RegisteredDistrict, readers: ReadingPool, roster: Path) -> None:
    """Write a few records of the lists that may have keys. Raises SettingsError, KeyringError, RosterServerError."""
    server = asked_server(registry, settings, district, time.monotonic() + _SECONDS)
    lists: dict[str, ListedCollection] = {}
    try:
        for kind in _KINDS:
            where = {"filter": "role='student'"} if kind == "users" else {}
            try:
                _, body = server.get(kind, {"limit": str(SAMPLE), "offset": "0", **where})
            except (NotOfferedError, NotSharedError):
                if kind == "users":
                    raise
                continue
            page = _clean(body, kind)
            (roster / pages_file(kind)).write_bytes(gzip.compress(page, 1))
            lists[kind] = ListedCollection(SAMPLE, 1, len(page))
    finally:
        server.host.close()
    (roster / LISTING).write_bytes(Listing(district.settings.roster.version, server.host.name, lists).as_json())
    _write_lists(readers, roster)


def _clean(body: bytes, kind: str) -> bytes:
    try:
        page = without_passwords(body)
    except ValueError as error:
        raise ProposalError(f"what the server sent for {kind} is no JSON.") from error
    objects_of(page, kind, f"the page of {kind}")
    return page


def _read(readers: ReadingPool, settings: Settings, roster: Path, scratch: Path) -> tuple[int, tuple[FoundKey, ...]]:
    """Students and keys of a roster. Raises ProposalError for one without a readable users.csv."""
    files = files_of_roster(readers, roster, scratch)
    if "users.csv" not in files:
        raise ProposalError("there is no users.csv.")
    found: list[FoundKey] = []
    with open_files(settings) as connection:
        header = load_users(connection, readers, files, scratch)
        note_students(connection)
        students: int = connection.execute("select count(distinct sourcedId) from person").fetchall()[0][0]
        found += _keys(connection, "users", header, students)
        if "demographics.csv" in files:
            header = load_roster_table(connection, readers, "demographics", files["demographics.csv"], scratch)
            found += _keys(connection, "demographics", header, students)
    return students, tuple(found[:MOST_KEYS])


def _keys(
    connection: duckdb.DuckDBPyConnection, kind: Literal["users", "demographics"], header: list[str], students: int
) -> Iterator[FoundKey]:
    """The keys of one file, counted over active students."""
    position = next(n for n, name in enumerate(header) if canonical(name) == canonical("sourcedId"))
    table = f"{kind}_of_students"
    connection.execute(f"create table {table} as from {kind}_cells where c{position} in (select sourcedId from person)")
    names = {n: name.strip() for n, name in enumerate(header) if canonical(name).startswith(METADATA_PREFIX)}
    for column in counted_columns(connection, table, names, students):
        yield FoundKey(
            file=kind,
            column=column.name,
            students=column.filled,
            distinct=column.distinct,
            samples=most_met(connection, table, column.position, SHOWN) if column.filled else {},
            is_own_text=column.filled > 0 and not column.is_repeated and column.distinct > SHOWN,
            proposed=_proposed(column),
        )


def _proposed(column: SampleColumn) -> ProposedColumn:
    """What is proposed for a key by its name, else by the last part of a name with dots: `edu.special_education`."""
    name = column.name[len(METADATA_PREFIX) :]
    for part in dict.fromkeys((name, name.rpartition(".")[2])):
        (proposed,) = propose_columns([SampleColumn(part, 0, column.filled, column.blank, column.distinct, column.counts)], ())
        if proposed.subgroup is not None or proposed.state == "left_out":
            return proposed
    return proposed


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A folder among the rehearsals, for a run that lands clears the scratch directory."""
    folder = settings.paths.rehearsals / f"keys-{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
