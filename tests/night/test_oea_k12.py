"""600 real-looking people of a header-less SDS export over five nights, every cell against counts in plain Python.

Test code turns the tables into OneRoster 1.1 (a class a school and grade) and their flags into a wide subgroup file. Some
cells are tiny (three students of 600), and blanks come as nothing and as a single space, as the export has them.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import get_delivery
from tests.oracle.recompute import Expected, recompute
from tests.support import small_district as small
from tests.support.installation import SAMPLES, Installation, installation_in, zip_of

pytestmark = [pytest.mark.real_data, pytest.mark.slow]

OEA = SAMPLES / "oea_k12"
CONTOSO, LATE = "contoso", "contoso_late"
RECEIVED = datetime(2022, 3, 2, tzinfo=UTC)
"""No cell depends on it: as_of is a date."""
YES = {"Y": "yes"}
FLAGS = {
    "ReducedLunch": {"subgroup": "reduced_lunch", "values": YES, "blank": "no"},
    "GiftedOrTalented": {"subgroup": "gifted", "values": YES, "blank": "no"},
    "ELL": {"subgroup": "english_learner", "values": YES, "blank": "no"},
    "Homeless": {"subgroup": "homeless", "values": YES, "blank": "no"},
    "IEP": {"subgroup": "students_with_disabilities", "values": YES, "blank": "no"},
    "LEP": {"subgroup": "limited_english", "values": YES},
}
COLUMNS: dict[str, dict[str, Any]] = {
    **FLAGS,
    "Race": {"subgroup": "race", "open": "true"},
    "Ethnicity": {"subgroup": "hispanic", "values": {"hispanicOrLatinoEthnicity": "yes"}, "blank": "no"},
}
KEYS = {
    "rpt_district_subgroup": "district_id, subgroup, value",
    "rpt_school_subgroup": "district_id, school_id, subgroup, value",
    "rpt_course_subgroup": "district_id, school_id, course_id, subgroup, value",
}


@dataclass(frozen=True)
class Person:
    """One person of the export, with the codes spelt out; blanks are as they stand there."""

    source_id: str
    number: str
    given: str
    family: str
    school: str
    grade: str
    begin: str
    end: str
    flags: frozenset[str]
    race: str
    ethnicity: str


def _table(name: str) -> list[list[str]]:
    with (OEA / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def read_people() -> list[Person]:
    """Join the tables by person; flags, races and grades are codes of refdefinition."""
    words = {row[0].strip().casefold(): row[1] for row in _table("refdefinition")}

    def word(code: str) -> str:
        return words[code.strip().casefold()] if code.strip() else code

    number = {row[4]: row[0] for row in _table("personidentifier")}
    race = {row[3]: word(row[4]) for row in _table("persondemographicrace")}
    ethnicity = {row[3]: word(row[4]) for row in _table("persondemographicethnicity")}
    roles = {row[6]: row for row in _table("personorganizationrole")}
    flags: dict[str, set[str]] = {}
    for row in _table("persondemographicpersonflag"):
        flags.setdefault(row[3], set()).update({word(row[4])} if row[4].strip() else ())
    return [
        Person(
            source_id=row[0],
            number=number[row[0]],
            given=row[3],
            family=row[7],
            school=roles[row[0]][5],
            grade=word(roles[row[0]][11]),
            begin=roles[row[0]][12],
            end=roles[row[0]][13],
            flags=frozenset(flags[row[0]]),
            race=race[row[0]],
            ethnicity=ethnicity[row[0]],
        )
        for row in _table("person")
    ]


def _csv(header: str, rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header.strip().split(","), restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def roster_of(people: Iterable[Person]) -> dict[str, str]:
    """OneRoster texts by file name: a course a grade, a class a school and grade."""
    people = list(people)
    header = {name: text.partition("\n")[0] for name, text in small.roster(1).items()}
    orgs = _table("organization")
    (district,) = [row[0] for row in orgs if not row[8].strip()]
    grades, schools = sorted({p.grade for p in people}), [row[0] for row in orgs if row[0] != district]
    rows: dict[str, list[dict[str, str]]] = {
        "orgs": [
            {"sourcedId": row[0], "name": row[4], "type": "school" if row[8].strip() else "district", "parentSourcedId": row[8]}
            for row in orgs
        ],
        "academicSessions": [
            {"sourcedId": "sy", "title": "2021-22", "type": "schoolYear", "startDate": "2021-08-13", "endDate": "2022-06-01",
             "schoolYear": "2022"}
        ],
        "courses": [{"sourcedId": f"grade-{g}", "title": f"Grade {g}", "orgSourcedId": district} for g in grades],
        "classes": [
            {"sourcedId": f"{s}-{g}", "title": f"Grade {g}", "courseSourcedId": f"grade-{g}", "classType": "homeroom",
             "schoolSourcedId": s, "termSourcedIds": "sy"}
            for s in schools for g in grades
        ],
        "users": [
            {"sourcedId": p.source_id, "enabledUser": "true", "orgSourcedIds": p.school, "role": "student",
             "username": f"u{p.number}", "givenName": p.given, "familyName": p.family, "identifier": p.number, "grades": p.grade}
            for p in people
        ],
        "enrollments": [
            {"sourcedId": f"e{p.number}", "classSourcedId": f"{p.school}-{p.grade}", "schoolSourcedId": p.school,
             "userSourcedId": p.source_id, "role": "student", "beginDate": p.begin, "endDate": p.end}
            for p in people
        ],
    }  # fmt: skip
    files = {f"{kind}.csv": _csv(header[f"{kind}.csv"], of_kind) for kind, of_kind in rows.items()}
    return {"manifest.csv": small.manifest(files), **files}


def subgroups_of(people: Iterable[Person]) -> str:
    """The wide subgroup file: one column per flag."""
    return _csv(
        "student_id," + ",".join(COLUMNS),
        (
            {"student_id": p.number, "Race": p.race, "Ethnicity": p.ethnicity, **dict.fromkeys(p.flags, "Y")}
            for p in people
        ),
    )  # fmt: skip


def settings_of(district: str) -> dict[str, Any]:
    """The settings as parsed YAML."""
    return {
        "district": district,
        "name": "Contoso School District",
        "timezone": "America/Chicago",
        "as_of": "2022-03-01",
        "subgroups": {"student_id_column": "student_id", "matches": "users.identifier", "columns": COLUMNS},
        "guards": {"first_delivery": "accept"},
    }


def _after_a_day(people: list[Person]) -> list[Person]:
    """Fifteen leave, twelve arrive, four change school, five become English learners, two are homeless no longer."""
    learners = {p.source_id for p in [p for p in people if not p.flags][15:20]}
    housed = {p.source_id for p in [p for p in people if "Homeless" in p.flags][:2]}
    moved = {p.source_id for p in people[100:104]}
    changed = [
        replace(
            p,
            flags=(p.flags | ({"ELL"} if p.source_id in learners else set()))
            - ({"Homeless"} if p.source_id in housed else set()),
            school=people[-1].school if p.source_id in moved else p.school,
        )
        for p in people[15:]
    ]
    new = [replace(p, source_id=f"new-{p.source_id}", number=f"00{n}", family="O'New, Jr.") for n, p in enumerate(people[:12])]
    return changed + new


@dataclass
class Night:
    """What readers saw after a night, and what they should have seen."""

    expected: list[Expected] = field(default_factory=list)
    found: dict[str, dict[tuple[Any, ...], Any]] = field(default_factory=dict)
    states: dict[tuple[str, str], list[str]] = field(default_factory=dict)


class Week:
    """The installation, and the live texts of each district as the rules have them."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._rosters: dict[str, dict[str, str]] = {}
        self._subgroups: dict[str, str] = {}
        for district in (CONTOSO, LATE):
            installation.apply(json.dumps(settings_of(district)))

    def upload(self, district: str, *, roster: list[Person] | None = None, subgroups: list[Person] | None = None,
               is_held: bool = False) -> None:  # fmt: skip
        """Upload over SFTP; what is held is not live."""
        if roster is not None:
            texts = roster_of(roster)
            self._installation.upload(district, "roster", {"roster.zip": zip_of(texts)})
            if not is_held:
                self._rosters[district] = texts
        if subgroups is not None:
            text = subgroups_of(subgroups)
            self._installation.upload(district, "subgroups", {"flags.csv": text})
            if not is_held:
                self._subgroups[district] = text

    def approve(self, district: str, people: list[Person]) -> None:
        """Approve the newest roster and the newest subgroup file, which are of these people."""
        for feed in ("roster", "subgroups"):
            delivery_id = self._installation.deliveries(district, feed)[-1]["delivery_id"]
            with self._installation.registry.begin() as session:
                decisions.approve(session, get_delivery(session, delivery_id), by="Ana", reason="a school has closed")
        self._rosters[district], self._subgroups[district] = roster_of(people), subgroups_of(people)

    def night(self) -> Night:
        """Run a night and read everything."""
        self._installation.night()
        night = Night()
        for district, texts in self._rosters.items():
            night.expected.append(recompute(settings_of(district), texts, self._subgroups.get(district), RECEIVED))
        ask = self._installation.ask
        counts = {report: f"{keys}, student_count" for report, keys in KEYS.items()}
        values = {"fct_student_subgroup": "district_id, student_id, subgroup, value"}
        for table, columns in (counts | values).items():
            rows = ask(f"select {columns} from marts.{table}")
            night.found[table] = {row[:-1]: row[-1] for row in rows}
            assert len(rows) == len(night.found[table]), f"{table} says a thing twice"
        for table in ("dim_school", "dim_course", "dim_student"):
            rows = ask(f"select district_id, count(*) from marts.{table} group by all")
            night.found[table] = {(row[0],): row[1] for row in rows}
        for delivery in self._installation.deliveries():
            night.states.setdefault((delivery["district_id"], delivery["feed"]), []).append(delivery["state"])
        return night


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Night]]:
    people = read_people()
    changed = _after_a_day(people)
    shrunken = changed[90:]
    done = []
    with installation_in(tmp_path_factory.mktemp("oea") / "home") as installation:
        week = Week(installation)
        week.upload(CONTOSO, roster=people, subgroups=people)
        week.upload(LATE, subgroups=people)
        done.append(week.night())
        week.upload(CONTOSO, roster=changed, subgroups=changed)
        week.upload(LATE, roster=people)
        done.append(week.night())
        done.append(week.night())
        week.upload(CONTOSO, roster=shrunken, subgroups=shrunken, is_held=True)
        done.append(week.night())
        week.approve(CONTOSO, shrunken)
        done.append(week.night())
        yield done


@pytest.fixture(params=range(1, 6))
def night(request: pytest.FixtureRequest, nights: list[Night]) -> Night:
    return nights[int(request.param) - 1]


@pytest.mark.parametrize("report", KEYS)
def test_every_cell_of_a_report(night: Night, report: str) -> None:
    assert night.found[report] == {at: count for one in night.expected for at, count in getattr(one, report).items()}


def test_every_value_and_the_dimensions(night: Night) -> None:
    assert night.found["fct_student_subgroup"] == {
        (one.district, *at): value for one in night.expected for at, value in one.fct_student_subgroup.items()
    }
    for table in ("dim_school", "dim_course", "dim_student"):
        assert night.found[table] == {(one.district,): one.dim_counts[table] for one in night.expected}


def test_the_counts_that_the_export_is_known_by(nights: list[Night]) -> None:
    """Counted by hand in persondemographicpersonflag.csv, persondemographicrace.csv and persondemographicethnicity.csv."""
    first = {at[1:]: count for at, count in nights[0].found["rpt_district_subgroup"].items()}
    known = {"reduced_lunch": 27, "gifted": 25, "english_learner": 6, "homeless": 6, "students_with_disabilities": 3}
    assert {(name, "yes"): first[name, "yes"] for name in known} == {(name, "yes"): count for name, count in known.items()}
    assert (first["limited_english", "yes"], first["limited_english", "not_reported"]) == (3, 597)
    assert (first["hispanic", "yes"], first["hispanic", "no"]) == (141, 459)
    assert (first["race", "asian"], first["race", "not_reported"], first["all_students", "all"]) == (57, 19, 600)


def test_a_day_changes_what_changed(nights: list[Night]) -> None:
    totals = [{at[0]: n for at, n in night.found["rpt_district_subgroup"].items() if at[1] == "all_students"} for night in nights]
    assert totals == [
        {CONTOSO: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 597, LATE: 600},
        {CONTOSO: 507, LATE: 600},
    ]
    assert nights[1].found == nights[2].found
    assert nights[3].found == nights[2].found  # both files of that day are held


def test_states(nights: list[Night]) -> None:
    assert nights[0].states[LATE, "subgroups"] == ["landed"]
    assert nights[1].states[LATE, "subgroups"] == ["published"]
    assert nights[3].states[CONTOSO, "roster"] == ["superseded", "published", "held"]
    assert nights[3].states[CONTOSO, "subgroups"] == ["superseded", "published", "held"]
    assert nights[4].states[CONTOSO, "roster"] == ["superseded", "superseded", "published"]
