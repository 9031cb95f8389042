"""Thirty nights before the demo begins: archive and ledger as they would be if its districts had been here that long.

The past is worked out backwards from what is uploaded tonight: students come and leave, values change, scores are not there
before their day. The first night then reads all of it again, as it does when a column is mapped.
"""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from subgroup_pipeline.demo.made_up_roster import csv_text
from subgroup_pipeline.districts.district_file import read_district_file
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.intake.arrival import Arrival
from subgroup_pipeline.reading.zip_proof import prove_zip
from subgroup_pipeline.registry.builds import note_build
from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.ledger import UploadedFile
from subgroup_pipeline.registry.receiving import new_delivery_id
from subgroup_pipeline.registry.schema import Build, Delivery, DeliveryFile
from subgroup_pipeline.warehouse.connection import open_warehouse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.demo.districts import SampleDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.settings import Settings

NIGHTS = 30
_ROSTER_EVERY = 6
"""Nights between two rosters; subgroup files come every night."""
_STUDENT_OF = {
    "users.csv": "sourcedId",
    "demographics.csv": "sourcedId",
    "enrollments.csv": "userSourcedId",
    "results.csv": "studentSourcedId",
}
"""The column that names a student, in files that do."""
_NEW, _CHANGED = 0.012, 0.12
"""Shares of students who came within these nights, and who may have had another value; many of those had the same."""
_UPLOADED_AT = time(2, 10)

_Rows = list[list[str]]


@dataclass
class _Past:
    """What changed in a district on which night: `came` and `left` by sourcedId, cells by student number and column."""

    roster: dict[str, _Rows]
    subgroups: _Rows
    days: list[date]
    came: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    before: dict[tuple[str, int], tuple[int, str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    """sourcedId by the number that the subgroup file has."""
    rows_of_left: dict[str, list[str]] = field(default_factory=dict)
    """By sourcedId, what the subgroup file said of students who left."""

    def roster_on(self, night: int) -> dict[str, _Rows]:
        """The files of a roster on a night."""
        return {name: self._file_on(name, rows, night) for name, rows in self.roster.items()}

    def subgroups_on(self, night: int) -> _Rows:
        """The subgroup file on a night."""
        header, *rows = self.subgroups
        here = [self._cells_on(row, night) for row in rows if self.came.get(self.numbers.get(row[0], ""), 0) <= night]
        return [header, *here, *(row for student, row in self.rows_of_left.items() if self.left[student] > night)]

    def _file_on(self, name: str, rows: _Rows, night: int) -> _Rows:
        header, *cells = rows
        if name in _STUDENT_OF:
            at = header.index(_STUDENT_OF[name])
            cells = [row for row in cells if self.came.get(row[at], 0) <= night]
        if name == "users.csv":
            enabled, source_id = header.index("enabledUser"), header.index("sourcedId")
            cells = [
                [*row[:enabled], "true", *row[enabled + 1 :]] if self.left.get(row[source_id], 0) > night else row
                for row in cells
            ]
        if name == "results.csv":
            day = header.index("scoreDate")
            cells = [row for row in cells if row[day][:10] <= self.days[night].isoformat()]
        return [header, *cells]

    def _cells_on(self, row: list[str], night: int) -> list[str]:
        changes = ((at, self.before.get((row[0], at), (0, ""))) for at in range(1, len(row)))
        return [row[0], *(cell if changed > night else row[at] for at, (changed, cell) in changes)]


def lay_past_nights(registry: Registry, settings: Settings, sample: SampleDistrict, *, seed: int = 20260824) -> int:
    """Enter the past of a district that has not uploaded anything yet; gives its deliveries."""
    zone = ZoneInfo(read_district_file(sample.yaml_path)[0].timezone)
    past = _made_up(sample, _days_before(datetime.now(zone).date()), random.Random(f"{seed}:{sample.district_id}"))  # noqa: S311
    archive = DistrictArchive(settings.paths, sample.district_id)
    live: dict[Feed, Delivery] = {}
    entered = 0
    with open_warehouse(settings):
        pass  # a history without a file would be one that was lost
    with registry.begin() as session:
        for night, day in enumerate(past.days):
            arrivals = [_subgroups(archive, sample, past, night)]
            if night % _ROSTER_EVERY == 0:
                arrivals.insert(0, _roster(archive, sample, past, night))
            moment = datetime.combine(day, _UPLOADED_AT, zone).astimezone(UTC)
            for arrival in arrivals:
                moment += timedelta(minutes=5)
                if arrival.feed not in live or live[arrival.feed].sha256 != arrival.sha256:
                    live[arrival.feed] = _enter(session, sample.district_id, arrival, moment)
                    entered += 1
            newest = max(delivery.received_at for delivery in live.values())
            build = Build(
                district_id=sample.district_id,
                effective_at=newest,
                roster_delivery_id=live["roster"].delivery_id,
                subgroup_delivery_id=live["subgroups"].delivery_id,
                month=newest.astimezone(zone).date().replace(day=1).isoformat(),
                reading_key="",
                meaning_key="",
                built_at=moment,
            )
            note_build(session, build, newest)
    return entered


def _days_before(today: date) -> list[date]:
    """The days of the past nights; on Sundays nobody exports anything."""
    days = (today - timedelta(days=back) for back in range(2 * NIGHTS, 0, -1))
    return [day for day in days if day.isoweekday() != 7][-NIGHTS:]


def _made_up(sample: SampleDistrict, days: list[date], rng: random.Random) -> _Past:
    """Draw who came, who left and what changed. Something does tonight too, or tonight's files would say nothing new."""
    past = _Past(_tables(sample), _rows(sample.subgroup_files[0].read_text(encoding="utf-8")), days)
    rosters = range(_ROSTER_EVERY, NIGHTS + 1, _ROSTER_EVERY)
    header, *users = past.roster["users.csv"]
    at = {name: header.index(name) for name in ("sourcedId", "role", "enabledUser", "identifier", "userIds")}
    students = [row for row in users if row[at["role"]] == "student"]
    in_file = {row[0] for row in past.subgroups}
    numbers = [_numbers(row[at["sourcedId"]], row[at["identifier"]], row[at["userIds"]]) for row in students]
    # What a district prints in its subgroup files is the kind of number that they have most of.
    kind = max(range(3), key=lambda kind: sum(of_student[kind] in in_file for of_student in numbers))
    for row, of_student in zip(students, numbers, strict=True):
        past.numbers[of_student[kind]] = row[at["sourcedId"]]
        if row[at["enabledUser"]] == "false":
            past.left[row[at["sourcedId"]]] = rng.choice(rosters)
            if of_student[kind] not in in_file:
                past.rows_of_left[row[at["sourcedId"]]] = [of_student[kind], *rng.choice(past.subgroups[1:])[1:]]
        elif rng.random() < _NEW:
            past.came[row[at["sourcedId"]]] = rng.choice(rosters) if past.came else NIGHTS
    _change_cells(past, rng)
    return past


def _numbers(source_id: str, identifier: str, user_ids: str) -> tuple[str, str, str]:
    """What a student may be called in a subgroup file."""
    local = re.search(r"Local:([^}]+)", user_ids)
    return source_id, identifier, local[1] if local else ""


def _change_cells(past: _Past, rng: random.Random) -> None:
    """Give some students another value until some night: one that another student has in the column."""
    header, *rows = past.subgroups
    # A school as a whole is in Title I, not a student here and there.
    columns = [at for at, name in enumerate(header) if at and not name.casefold().startswith("title")]
    for row in rng.sample(rows, int(len(rows) * _CHANGED)):
        at = rng.choice(columns)
        cell = rng.choice(rows)[at]
        if cell and row[at] and cell != row[at]:
            past.before[row[0], at] = rng.randint(1, NIGHTS) if past.before else NIGHTS, cell


def _tables(sample: SampleDistrict) -> dict[str, _Rows]:
    """The files of the roster as it is uploaded tonight, by name."""
    (first, *_) = files = sample.roster_files
    if first.suffix != ".zip":
        return {file.name: _rows(file.read_text(encoding="utf-8")) for file in files}
    with zipfile.ZipFile(first) as package:
        return {name: _rows(package.read(name).decode()) for name in package.namelist()}


def _rows(text: str) -> _Rows:
    return list(csv.reader(io.StringIO(text, newline="")))


def _roster(archive: DistrictArchive, sample: SampleDistrict, past: _Past, night: int) -> Arrival:
    """A roster in the archive, in one zip or loose as the district is used to."""
    texts = {name: csv_text(rows).encode() for name, rows in past.roster_on(night).items()}
    (first, *_) = sample.roster_files
    if first.suffix != ".zip":
        files = tuple(_archived(archive, name, text) for name, text in texts.items())
        return Arrival("roster", (), files, "settled")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in texts.items():
            package.writestr(name, text)
    upload = _archived(archive, first.name, packed.getvalue())
    with archive.opened(upload.sha256, archive.home.scratch) as path:
        members = prove_zip(path, first.name).members
    unpacked = [UploadedFile(one.name, one.sha256, one.size, member_of=first.name) for one in members]
    return Arrival("roster", (), (upload, *unpacked), "zip_crc")


def _subgroups(archive: DistrictArchive, sample: SampleDistrict, past: _Past, night: int) -> Arrival:
    """A subgroup file in the archive."""
    file = _archived(archive, sample.subgroup_files[0].name, csv_text(past.subgroups_on(night)).encode())
    return Arrival("subgroups", (), (file,), "settled")


def _archived(archive: DistrictArchive, name: str, content: bytes) -> UploadedFile:
    with incoming_file(archive) as incoming:
        incoming.write(content)
        incoming.keep()
        return UploadedFile(name, incoming.sha256, incoming.size)


def _enter(session: Session, district_id: str, arrival: Arrival, moment: datetime) -> Delivery:
    """A delivery that was published in its time, and replaced since."""
    delivery = Delivery(
        delivery_id=new_delivery_id(moment),
        district_id=district_id,
        feed=arrival.feed,
        state="superseded",
        verdict="accepted",
        proof=arrival.proof,
        sha256=arrival.sha256,
        content_sha256=arrival.content_sha256,
        received_at=moment,
        settings_version=1,
        record=DeliveryRecord(),
        files=[DeliveryFile(name=f.name, sha256=f.sha256, size=f.size, member_of=f.member_of) for f in arrival.files],
    )
    session.add(delivery)
    session.flush()
    return delivery
