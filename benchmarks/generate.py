"""Makes many made-up districts fast, for benchmarks: a OneRoster 1.1 package and a wide subgroup file each, and their settings.

The shapes are those of real districts (8 schools, 200 courses, 600 classes, 30,000 enrollments per 5,000 students; ids that
look like UUIDs, so that they compress and join as badly as real ones); the content is noise from a seed, and clean.
Run: python -m benchmarks.generate TARGET --districts 20 --students 5000
"""

from __future__ import annotations

import argparse
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from subgroup_pipeline.demo.made_up_roster import csv_text, manifest_rows

AS_OF = date(2026, 10, 1)
"""A day on which the generated enrollments hold."""

CORE = ("academicSessions", "classes", "courses", "enrollments", "orgs", "users")
_THREADS = 2


@dataclass(frozen=True)
class SubgroupColumn:
    """A column of the subgroup file; values are (as written, meaning), and a share of students for each, in percent."""

    header: str
    subgroup: str
    values: tuple[tuple[str, str], ...]
    shares: tuple[int, ...]
    is_open: bool = False
    blank: str = "not_reported"
    sensitivity: str = "standard"


@dataclass(frozen=True)
class DistrictInput:
    """What one district delivers: a zip or a directory of OneRoster CSVs, a subgroup CSV, and how to read it."""

    district_id: str
    name: str
    roster: Path
    subgroup_csv: Path
    settings: Path
    match_field: str = "users.identifier"
    student_id_column: str = "student_id"
    columns: tuple[SubgroupColumn, ...] = ()


def _flag(header: str, subgroup: str, percent: int, blank: str = "not_reported") -> SubgroupColumn:
    return SubgroupColumn(header, subgroup, (("Y", "yes"), ("N", "no")), (percent, 100 - percent), blank=blank)


def _open(header: str, texts: dict[str, int]) -> SubgroupColumn:
    return SubgroupColumn(header, header, tuple((text, text) for text in texts), tuple(texts.values()), is_open=True)


COLUMNS = (
    _flag("ell", "english_learner", 12),
    _flag("sped", "students_with_disabilities", 15),
    _flag("title_i", "title_i", 40, blank="no"),
    _flag("gifted", "gifted", 8),
    _flag("homeless", "homeless", 2),
    _flag("foster", "foster_care", 1),
    _flag("migrant", "migrant", 2),
    _flag("section_504", "section_504", 5),
    SubgroupColumn("lunch", "economically_disadvantaged",
                   (("F", "free"), ("R", "reduced"), ("P", "full_price"), ("D", "direct_certification")),
                   (28, 8, 52, 12), sensitivity="nsla"),
    SubgroupColumn("el_level", "el_level",
                   (("1", "level_1"), ("2", "level_2"), ("3", "level_3"), ("4", "level_4"), ("0", "not_tested")),
                   (2, 3, 4, 3, 88)),
    _open("home_language", {"English": 70, "Spanish": 20, "Arabic": 3, "Vietnamese": 3, "Somali": 2, "Hmong": 2}),
    _open("program", {"General": 80, "STEM Academy": 6, "Dual Language": 6, "Arts": 5, "Early College": 3}),
)  # fmt: skip

# A district in SQL: `gid(kind, n)` is an id like a UUID, unique over all districts; `pick(n, salt)` is noise in 0..99.
_MACROS = """
create or replace macro gid(kind, n) as cast(cast(md5('{seed}:{district}:' || kind || n) as uuid) as varchar);
create or replace macro pick(n, salt) as cast(hash('{seed}:{district}', n, salt) % 100 as integer);
create or replace temp table student as
select i, gid('u', i) as id, i * {schools} // {students} as school,
       cast(100000000 + i * 7 + pick(i, 'no') % 7 as varchar) as number
from range({students}) as r(i);
create or replace temp table class as
select c, gid('c', c) as id, c // 75 as school, gid('o', c // 75) as school_id, c // 3 as course
from range({schools} * 75) as r(c);
create or replace temp table seat as
select i * 6 + slot as e, id as student_id, school * 75 + slot * 12 + pick(i, slot) % 12 as c, pick(i * 6 + slot, 'date') as kept
from student, range(6) as r(slot);
"""
_BLANK = "null as status, null as dateLastModified"
_FILES = {
    "orgs": f"""
select gid('o', -1) as sourcedId, {_BLANK}, '{{name}}' as name, 'district' as type, null as identifier, null as parentSourcedId
union all
select gid('o', s), {_BLANK}, 'School ' || s, 'school', 'S' || s, gid('o', -1) from range({{schools}}) as r(s)""",
    "academicSessions": f"""
select gid('t', t) as sourcedId, {_BLANK}, title, type, startDate, endDate, parentSourcedId, '2027' as schoolYear
from (values (0, '2026-27', 'schoolYear', '2026-08-10', '2027-06-05', null),
             (1, 'Fall', 'semester', '2026-08-10', '2027-01-09', gid('t', 0)),
             (2, 'Spring', 'semester', '2027-01-09', '2027-06-05', gid('t', 0)))
     as s(t, title, type, startDate, endDate, parentSourcedId)""",
    "courses": f"""
select gid('k', k) as sourcedId, {_BLANK}, gid('t', 0) as schoolYearSourcedId, 'Course ' || k % 25 as title,
       'C' || lpad(cast(k as varchar), 4, '0') as courseCode, '09' as grades, gid('o', k // 25) as orgSourcedId,
       null as subjects, null as subjectCodes
from range({{schools}} * 25) as r(k)""",
    "classes": f"""
select id as sourcedId, {_BLANK}, 'Class ' || c as title, '09' as grades, gid('k', course) as courseSourcedId,
       'K' || c as classCode, 'scheduled' as classType, 'Room ' || c % 60 as location, school_id as schoolSourcedId,
       gid('t', 1) || ',' || gid('t', 2) as termSourcedIds, null as subjects, null as subjectCodes, c % 7 + 1 as periods
from class""",
    "users": f"""
select id as sourcedId, {_BLANK}, case when pick(i, 'on') < 2 then 'false' else 'true' end as enabledUser,
       gid('o', school) as orgSourcedIds, 'student' as role, 'u' || number as username, null as userIds,
       ['Amara', 'Elias', 'Juniper', 'Mateo', 'Wren'][i % 5 + 1] as givenName,
       ['Aldersey', 'Belcourt', 'Fairbrook', 'Lovendahl', 'O''Farren', 'Vega, Jr.'][i % 6 + 1] as familyName,
       null as middleName, number as identifier, null as email, null as sms, null as phone, null as agentSourcedIds,
       lpad(cast(i % 12 + 1 as varchar), 2, '0') as grades, null as password
from student
union all
select gid('p', c // 2), {_BLANK}, 'true', school_id, 'teacher', 't' || c, null, 'Nadia', 'Whitlow', null, 'T' || c,
       null, null, null, null, null, null
from class where c % 2 = 0""",
    "enrollments": f"""
select gid('e', e) as sourcedId, {_BLANK}, class.id as classSourcedId, school_id as schoolSourcedId,
       student_id as userSourcedId, 'student' as role, null as "primary",
       case when kept < 85 or kept >= 95 then '2026-08-10' end as beginDate,
       case when kept < 85 then '2027-06-05' when kept >= 95 then '2026-09-15' end as endDate
from seat join class on class.c = seat.c
union all
select gid('e', -1 - c), {_BLANK}, id, school_id, gid('p', c // 2), 'teacher', 'true', '2026-08-10', '2027-06-05'
from class""",
}


_GRADEBOOK = {
    "lineItems": f"""
select id || '/' || w as sourcedId, {_BLANK}, 'Work ' || w as title, null as description, '2026-08-17' as assignDate,
       '2026-08-24' as dueDate, id as classSourcedId, 'work' as categorySourcedId, gid('t', 1) as gradingPeriodSourcedId,
       '0' as resultValueMin, '20' as resultValueMax
from class, range({{works}}) as r(w)""",
    "results": f"""
select gid('r', e * {{works}} + w) as sourcedId, {_BLANK}, class.id || '/' || w as lineItemSourcedId,
       student_id as studentSourcedId, case when missing < 5 then 'not submitted' else 'fully graded' end as scoreStatus,
       case when missing >= 5 then 8 + pick(e, 'usual') % 9 + pick(e * {{works}} + w, 'luck') % 5 end as score,
       '2026-08-25' as scoreDate, null as comment
from (select *, pick(e * {{works}} + w, 'missing') as missing from seat, range({{works}}) as r(w)) as s
join class on class.c = s.c""",
}
"""Files of the gradebook: so many works in each class, and a result of each student in each of them."""


def generate(
    target: Path, districts: int, students: int, *, seed: int = 1, as_zip: bool = True, results: int = 0
) -> list[DistrictInput]:
    """Write districts `bench_0001`… under `target`, each with about `students` students; the same seed, the same content.

    `results` are the works of each class in its gradebook, in which each of its students has a result; none: no gradebook.
    """
    names = [f"bench_{number:04d}" for number in range(1, districts + 1)]
    shares = [names[at::_THREADS] for at in range(_THREADS)]
    with ThreadPoolExecutor(_THREADS) as pool:
        made = pool.map(partial(_generate_some, target, students, seed, as_zip, results), shares)
        return sorted((district for share in made for district in share), key=lambda district: district.district_id)


def settings_yaml(district_id: str, name: str) -> str:
    """Return a generated district's settings."""
    columns = []
    for column in COLUMNS:
        values = ", ".join(f'"{written}": {meaning}' for written, meaning in column.values)
        means = "open: true" if column.is_open else f"values: {{{values}}}"
        more = f"blank: {column.blank}, sensitivity: {column.sensitivity}"
        columns.append(f"    {column.header}: {{subgroup: {column.subgroup}, {means}, {more}}}\n")
    return (
        f"district: {district_id}\nname: {name}\ntimezone: America/Chicago\nas_of: {AS_OF}\n"
        "subgroups:\n  student_id_column: student_id\n  matches: users.identifier\n  columns:\n"
        f"{''.join(columns)}guards: {{first_delivery: accept}}\n"
    )


def _generate_some(target: Path, students: int, seed: int, as_zip: bool, results: int, names: list[str]) -> list[DistrictInput]:
    with duckdb.connect(":memory:", config={"threads": 1, "preserve_insertion_order": False}) as db:
        return [_generate_one(db, target / name, students, seed, as_zip, results) for name in names]


def _generate_one(
    db: duckdb.DuckDBPyConnection, folder: Path, students: int, seed: int, as_zip: bool, results: int
) -> DistrictInput:
    district = DistrictInput(
        folder.name, f"Benchmark {folder.name[-4:]}", folder / ("roster.zip" if as_zip else "roster"),
        folder / "subgroups.csv", folder / "district.yml", columns=COLUMNS,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    words = {"seed": seed, "district": folder.name, "name": district.name, "students": students, "works": results}
    words["schools"] = max(1, round(students / 625))
    db.execute(_MACROS.format(**words))
    cells = ", ".join(_cell(column) for column in COLUMNS)
    _copy(db, f"select number as student_id, {cells} from student where pick(i, 'absent') > 0", district.subgroup_csv)
    district.settings.write_text(settings_yaml(district.district_id, district.name))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        loose = Path(scratch) if as_zip else district.roster
        loose.mkdir(exist_ok=True)
        files = _FILES | (_GRADEBOOK if results else {})
        for kind, query in files.items():
            _copy(db, query.format(**words), loose / f"{kind}.csv")
        (loose / "manifest.csv").write_text(csv_text(manifest_rows(files)))
        if as_zip:
            with zipfile.ZipFile(district.roster, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
                for path in sorted(loose.iterdir()):
                    package.write(path, path.name)
    return district


def _cell(column: SubgroupColumn) -> str:
    """SQL of a cell: blank for one student in a hundred, else a value by its share."""
    noise, below, cases = f"pick(i, '{column.header}')", 0, []
    for (written, _), share in zip(column.values, column.shares, strict=True):
        below += share
        cases.append(f"when {noise} < {below} then '{written}'")
    return f"case when pick(i, '{column.header} blank') < 1 then null {' '.join(cases)} end as {column.header}"


def _copy(db: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    db.execute(f"copy ({query}) to '{path}' (format csv, header)")


def main() -> None:
    """Generate districts from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", type=Path)
    parser.add_argument("--districts", type=int, default=20)
    parser.add_argument("--students", type=int, default=5_000)
    parser.add_argument("--loose", action="store_true", help="write loose CSV files instead of zips")
    parser.add_argument("--results", type=int, default=0, metavar="WORKS", help="so many works in the gradebook of each class")
    arguments = parser.parse_args()
    started = time.perf_counter()
    made = generate(
        arguments.target, arguments.districts, arguments.students, as_zip=not arguments.loose, results=arguments.results
    )
    print(f"{len(made)} districts in {time.perf_counter() - started:.1f} s under {arguments.target}")


if __name__ == "__main__":
    main()
