"""A roster against the one before it: what is held or rejected, with numbers, the threshold and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import AuditEvent, Delivery
from tests.support import small_district as small
from tests.support.place import Place

Files = dict[str, str]
GUARDS = "guards: {first_delivery: accept, match_rate: 0.5}"
TODAY = datetime.now(UTC).date()
WINDOW = f"from: {TODAY - timedelta(days=3)}, to: {TODAY + timedelta(days=3)}"


def roster(students: int = 200, staff: int = 60, classes: int = 60, **how: int) -> Files:
    """The small district, larger: staff who teach, and classes that nobody is in."""
    files = small.roster(students, **how)
    files["users.csv"] += "".join(f"t{n},,,true,school0,teacher,t{n},,T{n},Teacher,,,,,,,,\n" for n in range(staff))
    files["classes.csv"] += "".join(f"more{n},,,More {n},05,course0,M{n},scheduled,,school0,year,,,\n" for n in range(classes))
    files["enrollments.csv"] += "".join(f"te{n},,,more{n % max(classes, 1)},school0,t{n},teacher,,,\n" for n in range(staff))
    return files


def _in_users(pattern: str, by: str, file: str = "users.csv") -> Callable[[], Files]:
    def change() -> Files:
        files = roster()
        files[file] = re.sub(pattern, by, files[file], flags=re.MULTILINE)
        return files

    return change


def _times(day: str) -> Callable[[], Files]:
    return _in_users(r"^(s\d+),,,", rf"\1,active,2026-09-{day}T03:00:00.000Z,")


def _changes(students: int, cells: str, status: str = "active", number: int = 0) -> Callable[[], Files]:
    """A set of changes: so many students of users.csv and no other file; `cells` is what their family names become."""

    def files() -> Files:
        header = roster()["users.csv"].partition("\n")[0]
        rows = [
            f"s{n:03},{status},2026-09-02T03:00:00.000Z,true,school{n % 2},student,user{n},,Given{n},{cells}{n},,{n:05},,,,,05,"
            for n in range(number, number + students)
        ]
        manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
        return {"manifest.csv": manifest, "users.csv": "\n".join([header, *rows]) + "\n"}

    return files


@dataclass(frozen=True)
class Case:
    """A second roster, what is found about it, and words that the finding says."""

    after: Callable[[], Files]
    codes: set[str]
    says: str = ""
    guards: str = GUARDS
    before: Callable[[], Files] = roster


def _another() -> Files:
    return {name: re.sub(r"school([01])", r"academy\1", text).replace("d1", "x1") for name, text in roster(300).items()}


CASES = {
    "same": Case(lambda: roster(201), set()),
    "few_gone": Case(lambda: roster(180), set()),
    "students": Case(lambda: roster(170), {"VOL301", "VOL304"}, "30 of 200 are gone; up to 10% is let through (our default)."),
    "more_allowed": Case(
        lambda: roster(170), set(), guards=GUARDS.replace("{", "{removed_students: 0.2, removed_enrollments: 0.2, ")
    ),
    "less_allowed": Case(
        lambda: roster(178), {"VOL301"}, "22 of 200 are gone; up to 5.5% is let through (this district's setting).",
        guards=GUARDS.replace("{", "{removed_students: 0.055, "),
    ),
    "staff": Case(lambda: roster(staff=30), {"VOL302", "VOL304"}, "30 of 60 are gone"),
    "classes": Case(lambda: roster(classes=30), {"VOL303"}, "30 of 62 are gone"),
    "one_school": Case(
        _in_users(r"^e\d*[13579],.*,class1,school1,s\d+[13],.*\n", "", "enrollments.csv"), {"VOL305", "VOL304"},
        "Schools: 1. At one of them 40 of 100 are gone; up to 25%",
    ),
    "changed": Case(_in_users(r"Family(\d+)", r"Name\1"), {"VOL306"}, "200 of 200 students; up to 75%"),
    "growth": Case(lambda: roster(400), {"VOL307"}, "From 200 to 400 students; up to 50%"),
    "new_ids": Case(
        lambda: {n: t.replace("s00", "z00") for n, t in roster().items()}, set(),
    ),
    "many_new_ids": Case(
        lambda: {n: re.sub(r"\bs0([0-4])", r"z0\1", t) for n, t in roster().items()}, {"VOL301", "VOL308"},
        "50 of 200; up to 5%",
    ),
    "new_year": Case(lambda: roster(150, classes=30, school_year=2028), set()),
    "new_year_too_few": Case(
        lambda: roster(100, classes=30, school_year=2028), {"VOL301"},
        "100 of 200 are gone; up to 40% is let through (a new school year)."
    ),
    "older": Case(_times("01"), {"OLD802"}, before=_times("02")),
    "newer": Case(_times("03"), set(), before=_times("02")),
    "additions_only": Case(
        lambda: roster(199), {"VOL311"}, "(this district's setting)", guards=GUARDS.replace("{", f"{{seasons: [{{{WINDOW}}}], ")
    ),
    "additions": Case(lambda: roster(201), set(), guards=GUARDS.replace("{", f"{{seasons: [{{{WINDOW}}}], ")),
    "paused": Case(
        lambda: roster(201), {"VOL312"}, "(this district's setting)",
        guards=GUARDS.replace("{", f"{{seasons: [{{{WINDOW}, only: nothing}}], "),
    ),
    "some_set_aside": Case(
        _in_users(r",student,,,$", ",pupil,,,", "enrollments.csv"), {"VOL305", "VOL306", "VOL310"},
        "200 of 260 rows; up to 20% is let through (our default).",
    ),
    "few_set_aside": Case(
        _in_users(r"^(e1?[12]\d,.*),student,", r"\1,pupil,", "enrollments.csv"), {"VOL309"}, "40 of 260 rows; up to 5%",
    ),
    "changes_few_gone": Case(_changes(20, "Family", "tobedeleted"), set()),
    "changes_students_gone": Case(_changes(30, "Family", "tobedeleted"), {"VOL301"}, "30 of 200 are gone; up to 10%"),
    "changes_few": Case(_changes(140, "Name"), set()),
    "changes_nearly_all": Case(_changes(160, "Name"), {"VOL306"}, "160 of 200 students; up to 75%"),
    "changes_growth": Case(_changes(110, "Family", number=200), {"VOL307"}, "From 200 to 310 students; up to 50%"),
    "elsewhere": Case(_another, set(), before=_another),
    "wrong_one": Case(lambda: {**_another(), "courses.csv": _another()["courses.csv"] + "\n"}, {"VOL305", "VOL306", "WRG801"}),
}  # fmt: skip
GUARD_CODES = re.compile(r"VOL|OLD|WRG|STU")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, dict[str, Delivery]]:
    """Every case as a district of its own: all first rosters in one judging, all second ones in another."""
    place = Place.at(tmp_path_factory.mktemp("guards") / "home")
    for turn in ("before", "after"):
        for name, case in CASES.items():
            place.add(name, **{GUARDS: case.guards})
            place.deliver("roster", getattr(case, turn)(), name)
        place.judge()
    return place, {delivery.district_id: delivery for delivery in all_deliveries(place.registry)}


@pytest.mark.parametrize("name", CASES)
def test_a_roster_is_guarded_against_the_one_before(judged: tuple[Place, dict[str, Delivery]], name: str) -> None:
    delivery, case = judged[1][name], CASES[name]
    findings = [finding for finding in delivery.findings if GUARD_CODES.match(finding.code)]
    assert {finding.code for finding in findings} == case.codes
    assert any(case.says in finding.message for finding in findings) or not case.says, [f.message for f in findings]
    verdict = "rejected" if case.codes & {"VOL310", "WRG801"} else "held" if case.codes else "accepted"
    assert (delivery.verdict or "").removesuffix("_with_rows_set_aside") == verdict


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("same", (1, 0, 0)),
        ("students", (0, 0, 30)),
        ("changed", (0, 200, 0)),
        ("many_new_ids", (50, 0, 50)),
        ("changes_students_gone", (0, 0, 30)),
        ("changes_few", (0, 140, 0)),
    ],
)
def test_the_ledger_counts_students_that_are_new_changed_and_gone(
    judged: tuple[Place, dict[str, Delivery]], name: str, counted: tuple[int, int, int]
) -> None:
    assert judged[1][name].record.as_json()["changes"] == dict(zip(("new", "changed", "removed"), counted, strict=True))


def test_a_roster_in_the_wrong_inbox_is_a_security_event_that_names_the_other_district(
    judged: tuple[Place, dict[str, Delivery]],
) -> None:
    place, deliveries = judged
    with place.registry.begin() as session:
        events = session.query(AuditEvent).filter_by(kind="security.wrong_district").all()
        assert [(event.district_id, event.detail) for event in events] == [("wrong_one", {"looks_like": "elsewhere"})]
    assert "elsewhere" not in " ".join(finding.message for finding in deliveries["wrong_one"].findings)
