"""The oracle itself is right: on a district worked out by hand, on the Ed-Fi sample, and in what must always hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.oracle.random_district import random_district
from tests.oracle.recompute import Expected, recompute
from tests.oracle.subgroup_file import FileRejectedError, read_subgroup_file

SAMPLES = Path(__file__).parents[2] / "../shared/samples"
RECEIVED = datetime(2026, 10, 2, 3, 0, tzinfo=UTC)  # the evening of 1 October in Chicago

SETTINGS: dict[str, Any] = {
    "district": "tiny",
    "timezone": "America/Chicago",
    "subgroups": {
        "student_id_column": "Student-ID",
        "matches": "users.identifier",
        "columns": {
            "ell": {"subgroup": "english_learner", "values": {"y": "yes", "n": "no"}},
            "title_i": {"subgroup": "title_i", "values": {"1": "yes", "0": "no"}, "blank": "no"},
            "home_lang": {"subgroup": "home_language", "open": "true"},
        },
    },
}
ROSTER = {
    "orgs.csv": "sourcedId,name,type\nd,District,district\nnorth,North,school\nsouth,South,school\n",
    "academicSessions.csv": "sourcedId,type,startDate,endDate,schoolYear\nsy,schoolYear,2026-08-10,2027-06-05,2027\n"
    "q1,gradingPeriod,2026-08-10,2026-10-01,2027\ns2,semester,2027-01-05,2027-06-05,2027\n",
    "courses.csv": "sourcedId,title,orgSourcedId\nmath,Math,d\nart,Art,d\n",
    "classes.csv": "sourcedId,courseSourcedId,schoolSourcedId,termSourcedIds\nm1,math,north,sy\nm2,math,south,q1\n"
    'm3,math,south,"q1, s2"\na1,art,north,unknown\n',
    "users.csv": "sourcedId,status,enabledUser,orgSourcedIds,role,username,userIds,identifier\n"
    "u1,,true,north,student,a,,001\n"  # enrolled in north by the year
    "u2,active,,south,student,b,, 1 \n"  # blank enabledUser; not the same key as 001
    'u3,,TRUE,"d, north,south",student,c,,3\n'  # never enrolled: both schools
    "u4,,FALSE,north,student,d,,4\n"  # not enabled
    "u5,inactive,true,north,student,e,,5\n"  # not active
    "u6,,true,north,student,f,,6\n"  # one key with u7
    "u7,,true,d,student,g,,6\n"  # in no school at all
    "t1,,true,north,teacher,h,,7\n",
    "enrollments.csv": "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,beginDate,endDate\n"
    "e1,,m1,north,u1,student,,\n"
    "e2,,m1,north,u1,student,2026-09-01,\n"  # again in the same class
    "e3,,m2,south,u1,student,,\n"  # the quarter ended on as_of, exclusive
    "e4,,m3,north,u2,student,,\n"  # from q1 to s2; the enrollment's own school does not count
    "e5,,a1,north,u2,student,,\n"  # unknown term: open
    "e6,tobedeleted,m1,north,u2,student,,\n"
    "e7,,m1,north,u6,student,2026-10-02,\n"  # begins tomorrow
    "e8,,m1,north,u6,teacher,,\n"
    "e9,,m1,north,u4,student,,\n"
    "e10,,m1,north,t1,student,,\n",
}
SUBGROUPS = (
    "\ufeffHome Lang,student id,TITLE_I,Ell,extra\r\n"
    "Hmong,001,1,Y,x\r\n"
    " Hmong ,001 ,1, Y,x\r\n"  # equal after trimming
    'spanish,"1",,maybe,x\r\n'  # blank title_i means no; unmapped ell
    "\r\n,,,,\r\n"
    "Spanish,3,1,n,x\r\n"
    "Spanish,3,0,n,x\r\n"  # differs: both set aside
    "Tewa,4,1,y,x\r\n"  # not active
    "Tewa,6,1,y,x\r\n"  # two students
    "Tewa,,1,y,x\r\n"  # no key
    "Tewa,99,1,y,x,,\r\n"  # unknown, and wide by blanks
    "Tewa,98,1,y,x,stray\r\n"  # too wide
)


def _rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - cases, not secrets


@pytest.fixture(scope="module")
def tiny() -> Expected:
    return recompute(SETTINGS, ROSTER, SUBGROUPS, RECEIVED)


def test_who_is_active_and_where_they_count(tiny: Expected) -> None:
    assert tiny.as_of == date(2026, 10, 1)
    assert tiny.school_year == "2027"
    assert tiny.students == {"u1": True, "u2": True, "u3": True, "u4": False, "u5": False, "u6": True, "u7": True}
    assert tiny.schools_of == {
        "u1": {"north"}, "u2": {"south", "north"}, "u3": {"north", "south"}, "u6": {"north"}, "u7": set(),
    }  # fmt: skip
    assert {(e.student, e.class_id) for e in tiny.enrollments} == {("u1", "m1"), ("u2", "m3"), ("u2", "a1")}
    assert tiny.dim_counts == {"dim_school": 2, "dim_course": 3, "dim_student": 7}


def test_what_the_cells_mean(tiny: Expected) -> None:
    values = tiny.fct_student_subgroup
    subgroups = ("english_learner", "title_i", "home_language")
    assert [values["u1", name] for name in subgroups] == ["yes", "yes", "Hmong"]
    assert [values["u2", name] for name in subgroups] == ["not_reported", "no", "spanish"]
    assert tiny.raw_values["u2", "english_learner"] == "maybe"
    assert {values[student, name] for student in ("u3", "u6", "u7") for name in subgroups} == {"not_reported"}
    assert tiny.file is not None
    assert tiny.file.set_aside == {"width": 1, "no_key": 1, "conflict": 2, "unmatched": 2, "ambiguous": 1}
    assert (tiny.file.unmapped, tiny.file.duplicates) == (1, 1)
    assert tiny.file.match_rate == 3 / 6


def test_the_reports(tiny: Expected) -> None:
    assert {k[1:]: n for k, n in tiny.rpt_district_subgroup.items()} == {
        ("all_students", "all"): 5,
        ("english_learner", "yes"): 1, ("english_learner", "not_reported"): 4,
        ("title_i", "yes"): 1, ("title_i", "no"): 1, ("title_i", "not_reported"): 3,
        ("home_language", "Hmong"): 1, ("home_language", "spanish"): 1, ("home_language", "not_reported"): 3,
    }  # fmt: skip
    assert tiny.rpt_school_subgroup["tiny", "south", "title_i", "no"] == 1
    assert tiny.rpt_school_subgroup["tiny", "north", "home_language", "not_reported"] == 2
    assert tiny.rpt_course_subgroup["tiny", "north", "math", "english_learner", "yes"] == 1
    assert ("tiny", "south", "math", "english_learner", "yes") not in tiny.rpt_course_subgroup
    assert tiny.totals == {
        ("tiny",): 5, ("tiny", "north"): 4, ("tiny", "south"): 2,
        ("tiny", "north", "math"): 1, ("tiny", "south", "math"): 1, ("tiny", "north", "art"): 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["id,ell\n1,y\n", "student_id,title_i,home_lang\n1,1,x\n", "student_id,Student-ID,ell,title_i,home_lang\n1,1,y,1,x\n",
     "student_id,ell,title_i,home_lang\n" + "1,y\n" * 6],
    ids=["no id", "no column", "two of one form", "too many misfits"],
)  # fmt: skip
def test_files_that_are_rejected(text: str) -> None:
    with pytest.raises(FileRejectedError):
        read_subgroup_file(text, SETTINGS["subgroups"], {})


@pytest.mark.parametrize("seed", range(60))
def test_counts_over_values_add_up_to_the_total(seed: int) -> None:
    district = random_district(_rng(seed), f"r{seed}")
    expected = recompute(district.settings, district.roster, district.subgroup_text, district.received_at)
    reports = (expected.rpt_district_subgroup, expected.rpt_school_subgroup, expected.rpt_course_subgroup)
    subgroups = {subgroup for _, subgroup in expected.fct_student_subgroup}
    sums: dict[tuple[tuple[str, ...], str], int] = {}
    for report in reports:
        for (*entity, subgroup, _), count in report.items():
            sums[tuple(entity), subgroup] = sums.get((tuple(entity), subgroup), 0) + count
    assert sums == {(at, s): total for at, total in expected.totals.items() if total for s in subgroups}


def test_the_random_districts_meet_every_edge() -> None:
    reasons: set[str] = set()
    seen = {"unmapped": 0, "duplicates": 0, "no school": 0, "two schools": 0, "no subgroups": 0, "raw": 0}
    for seed in range(150):
        district = random_district(_rng(seed))
        assert district == random_district(_rng(seed))
        expected = recompute(district.settings, district.roster, district.subgroup_text, district.received_at)
        seen["no subgroups"] += expected.file is None
        seen["no school"] += any(not schools for schools in expected.schools_of.values())
        seen["two schools"] += any(len(schools) > 1 for schools in expected.schools_of.values())
        seen["raw"] += bool(expected.raw_values)
        if expected.file is not None:
            reasons |= set(expected.file.set_aside)
            seen["unmapped"] += expected.file.unmapped
            seen["duplicates"] += expected.file.duplicates
    assert reasons == {"width", "no_key", "conflict", "unmatched", "ambiguous"}
    assert all(seen.values()), seen


@pytest.mark.real_data
def test_the_ed_fi_sample() -> None:
    roster = {path.name: path.read_text() for path in (SAMPLES / "edfi_oneroster_1p1").glob("*.csv")}
    settings = {
        "district": "grand_bend", "timezone": "America/Chicago", "as_of": "2020-10-01",
        "subgroups": {**SETTINGS["subgroups"], "matches": "userIds:Local"},
    }  # fmt: skip
    expected = recompute(settings, roster, "student_id,ell,title_i,home_lang\n015,y,,Hmong\n863,n,1,\n", RECEIVED)
    assert expected.school_year == "2021"
    assert expected.totals == {
        ("grand_bend",): 8, ("grand_bend", "255901001"): 8,
        ("grand_bend", "255901001", "ENG-1"): 5, ("grand_bend", "255901001", "03100500"): 5,
    }  # fmt: skip
    assert expected.rpt_course_subgroup["grand_bend", "255901001", "ENG-1", "english_learner", "yes"] == 1
    assert expected.rpt_school_subgroup["grand_bend", "255901001", "title_i", "not_reported"] == 6
    assert expected.fct_student_subgroup["605015", "home_language"] == "Hmong"
