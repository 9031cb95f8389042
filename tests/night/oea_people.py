"""The people of a real SDS export without headers, and the roster, subgroup file and settings that are made of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from tests.support import small_district as small
from tests.support.installation import SAMPLES

OEA = SAMPLES / "oea_k12"
CONTOSO, LATE = "contoso", "contoso_late"
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


def after_a_day(people: list[Person]) -> list[Person]:
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
