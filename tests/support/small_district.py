"""A small made-up district as texts: enough to publish, easy to break in one place."""

from __future__ import annotations

from collections.abc import Mapping

from subgroup_pipeline.demo.manifest import manifest_rows

SETTINGS = """\
district: {district}
name: Made-up {district}
timezone: America/Chicago
as_of: 2026-10-01
subgroups:
  student_id_column: student_id
  matches: users.sourcedId
  columns:
    ell:  {{subgroup: english_learner, values: {{y: yes, n: no}}}}
    sped: {{subgroup: students_with_disabilities, values: {{y: yes, n: no}}, blank: no}}
guards: {{first_delivery: accept, match_rate: 0.5}}
"""


def settings(district: str, **replacements: str) -> str:
    """The district's YAML, with texts replaced."""
    text = SETTINGS.format(district=district)
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return text


def roster(students: int = 10, *, school_year: int = 2027) -> dict[str, str]:
    """OneRoster files by name: one district, two schools, one course a school, students alternating between the schools."""
    users = [f"s{n:03},,,true,school{n % 2},student,user{n},,Given{n},Family{n},,{n:05},,,,,05," for n in range(students)]
    enrollments = [f"e{n},,,class{n % 2},school{n % 2},s{n:03},student,,," for n in range(students)]
    files = {
        "orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n"
        "d1,,,Made-up,district,,\nschool0,,,Elm School,school,,d1\nschool1,,,Oak School,school,,d1\n",
        "academicSessions.csv": "sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear\n"
        f"year,,,Year,schoolYear,{school_year - 1}-08-10,{school_year}-06-12,,{school_year}\n",
        "courses.csv": "sourcedId,status,dateLastModified,schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,"
        "subjectCodes\ncourse0,,,year,Reading,R,05,d1,,\ncourse1,,,year,Algebra,A,05,d1,,\n",
        "classes.csv": "sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,"
        "schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods\n"
        "class0,,,Reading 1,05,course0,R1,scheduled,,school0,year,,,\n"
        "class1,,,Algebra 1,05,course1,A1,scheduled,,school1,year,,,\n",
        "users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,"
        "middleName,identifier,email,sms,phone,agentSourcedIds,grades,password\n" + "\n".join(users) + "\n",
        "enrollments.csv": "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
        "beginDate,endDate\n" + "\n".join(enrollments) + "\n",
    }
    return {"manifest.csv": manifest(files), **files}


def manifest(files: Mapping[str, str]) -> str:
    """A manifest.csv that announces these files as bulk."""
    return "\n".join(",".join(row) for row in manifest_rows([name.removesuffix(".csv") for name in files])) + "\n"


def subgroups(students: int = 10) -> str:
    """A subgroup file: every third student is an English learner, every fifth has a blank `sped`, the others no."""
    rows = [f"s{n:03},{'Y' if n % 3 == 0 else 'N'},{'' if n % 5 == 0 else 'n'}" for n in range(students)]
    return "student_id,ell,sped\n" + "\n".join(rows) + "\n"
