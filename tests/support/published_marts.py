"""Districts that are published without a night: made-up marts of any size, counted by their own SQL, and a real publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import duckdb

from subgroup_pipeline.publish.mart_tables import mart_tables
from subgroup_pipeline.publish.snapshot import publish_snapshot
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.home import Home

SUBGROUPS: Mapping[str, tuple[str, ...]] = {
    "english_learner": ("no", "yes", "no", "not_reported", "no", "no"),
    "students_with_disabilities": ("no", "no", "no", "yes", "no"),
    "race_ethnicity": ("white", "black", "hispanic", "asian", "white", "white", "hispanic"),
    "home_language": ("English", "Spanish", "English", "<b>Somali</b>", "English"),
}
"""Values by subgroup, given to students in turn; `home_language` is an open column."""
SCHOOLS = {"school 0/a?b%2F#": "Elm School", "school1": "Oak & Ash <School>", "höhe": "=Höhe"}
"""Names by ID, which hold whatever an address or a page could trip over."""
COURSES = {"course 0/ä%": "Reading", "course1": "Algebra"}

_UPLOADS = count(1)
"""Numbers that make every upload another one, so that a district that is published again was built anew."""
BEGUN, CHANGED = "2026-08-20 08:00", "2026-09-24 08:00"
"""When the values of this year began (UTC), and when every tenth student became an English learner or ceased to be one.

The student `gone`, an English learner, left then; `before` was one until June and is not in the roster either.
"""


@dataclass(frozen=True)
class MadeUp:
    """What a district holds: names of schools and of courses by ID, how many students, and their values in turn."""

    schools: Mapping[str, str] = field(default_factory=lambda: SCHOOLS)
    courses: Mapping[str, str] = field(default_factory=lambda: COURSES)
    students: int = 90
    subgroups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SUBGROUPS)
    also_in: Mapping[str, str] = field(default_factory=dict)
    """A further school by student ID (`s0`, `s1`, …), with all courses of the student."""
    nsla: Sequence[str] = ()
    """Subgroups of sensitivity nsla, which are not on pages about students."""
    allows_nsla: bool = False
    """Whether the district has them there all the same."""
    numbers: str = ""
    """What stands before a student's ID in the student's number."""
    months: int = 14
    """How far the trend goes back from October 2026; May has no data."""


def publish_made_up(home: Home, districts: Mapping[str, MadeUp]) -> str:
    """Publish these districts, which are registered, each with a live roster and subgroup file; gives the snapshot's name."""
    with open_warehouse(home.settings) as connection:
        connection.execute("create schema if not exists analytics.marts")
        for table in mart_tables():
            connection.execute(f"create table if not exists {table} {table.definition}")
    for district_id, made_up in districts.items():
        deliveries = [_live(home, district_id, feed) for feed in ("roster", "subgroups")]
        with open_warehouse(home.settings) as connection:
            _fill(connection, district_id, made_up, deliveries)
    published = publish_snapshot(home.registry, home.settings, run_id="test")
    assert published is not None
    return published.manifest.snapshot


def _live(home: Home, district_id: str, feed: str) -> Delivery:
    delivery_id = home.deliver(
        "roster" if feed == "roster" else "subgroups", {f"{feed}.csv": f"{feed} {next(_UPLOADS)}"}, district_id
    )
    home.set_state(delivery_id, "published")
    return home.delivery(delivery_id)


_NUMBERED = "select unnest(?::varchar[]) as id, unnest(?::varchar[]) as name, unnest(range(len(?))) as place"
_STUDENTS = """
create or replace temp table seat as
select
    n as number, 's' || n as student_id, school.id as school_id, course.id as course_id, subgroup,
    words[1 + n % len(words)] as value, case when n % 10 <> 9 then 40.0 + n * 7 % 60 end as score
from range($students) as r(n)
inner join school on school.place = n % (select count(*) from school)
inner join course on course.place = (n // 2) % (select count(*) from course)
cross join given
"""
_ALSO_IN = """
insert into seat by name
select seat.* exclude (school_id), further.school_id
from seat inner join (select unnest(?::varchar[]) as student_id, unnest(?::varchar[]) as school_id) as further using (student_id)
"""
_DIMENSIONS = """
insert into analytics.marts.dim_district by name select
    $district_id as district_id, 'Made-up ' || $district_id as district_name, date '2026-10-01' as as_of_date,
    '2027' as school_year, $students as student_count, $roster as roster_delivery_id, $subgroups as subgroup_delivery_id,
    timestamp '2026-10-01 08:00' as roster_received_at, timestamp '2026-09-24 08:00' as subgroup_received_at,
    timestamp '2026-10-02 03:00' as published_at, '1.0.0' as contract_version;
insert into analytics.marts.dim_school by name select
    $district_id as district_id, id as school_id, name as school_name, count(distinct student_id) as student_count
from school left join seat on id = school_id group by all;
insert into analytics.marts.dim_course by name select
    $district_id as district_id, school.id as school_id, course.id as course_id, course.name as course_title,
    count(distinct student_id) as student_count
from school cross join course left join seat on school.id = school_id and course.id = course_id group by all;
insert into analytics.marts.dim_subgroup by name select
    $district_id as district_id, subgroup, value, case when subgroup = 'home_language' then null else value = 'yes'
        or subgroup in ('race_ethnicity', 'all_students') end as is_member,
    upper(subgroup[1]) || replace(subgroup[2:], '_', ' ') as subgroup_label,
    upper(value[1]) || replace(value[2:], '_', ' ') as value_label,
    if(list_contains($nsla, subgroup), 'nsla', 'standard') as sensitivity,
    $allows_nsla or not list_contains($nsla, subgroup) as is_on_student_pages,
    row_number() over (order by place, value) as display_order
from (select distinct subgroup, unnest(words) as value, place from given);
insert into analytics.marts.dim_student by name select distinct
    $district_id as district_id, student_id, $numbers || student_id as student_number, 'Given' || number as given_name,
    'Family' || number as family_name, '05' as grade_level, true as is_active
from seat;
insert into analytics.marts.fct_student_subgroup by name select
    $district_id as district_id, student_id, subgroup, value, value as raw_value, 'file' as source,
    $subgroups as delivery_id, timestamp '2026-09-24 08:00' as received_at
from (select distinct student_id, subgroup, value from seat);
insert into analytics.marts.fct_student_subgroup_history by name
with has as (
    select distinct student_id, number, subgroup, value, subgroup = 'english_learner' and number % 10 = 3 as has_changed from seat
), past as (
    select
        student_id, subgroup, value, if(has_changed, $changed, $begun)::timestamp as valid_from, null::timestamp as valid_to
    from has
    union all
    select student_id, subgroup, if(value = 'yes', 'no', 'yes'), $begun::timestamp, $changed::timestamp from has where has_changed
    union all
    select student_id, subgroup, value, valid_from, valid_to from (values
        ('gone', $begun::timestamp, $changed::timestamp), ('before', timestamp '2026-02-01 08:00', timestamp '2026-06-30 08:00')
    ) as those(student_id, valid_from, valid_to)
    cross join (values ('all_students', 'all'), ('english_learner', 'yes')) as had(subgroup, value)
)
select $district_id as district_id, *, $subgroups as delivery_id, valid_to is null as is_current from past;
insert into analytics.marts.fct_student_school by name
select distinct $district_id as district_id, student_id, school_id from seat;
insert into analytics.marts.fct_enrollment by name select distinct
    $district_id as district_id, student_id, school_id, course_id, school_id || ' ' || course_id as class_id,
    date '2026-08-20' as begin_date, case when number % 4 = 3 then date '2026-11-01' else date '2027-06-10' end as end_date
from seat;
insert into analytics.marts.fct_result by name select distinct
    $district_id as district_id, student_id, school_id, course_id, school_id || ' ' || course_id as class_id,
    'quiz of ' || course_id as line_item_id, 'Quiz' as line_item_title, date '2026-09-20' as due_date, score / 5 as score,
    score as score_pct, date '2026-09-21' as score_date
from seat where score is not null;
"""
_REPORT = """
insert into analytics.marts.rpt_{level}_subgroup by name
with scored as (
    select distinct {keys} student_id, subgroup, value, score from seat
), counted as (
    select
        {keys} subgroup, value, count(*) as student_count, count(score) as scored_students, sum(score) as score_sum,
        avg(score) as mean_score_pct
    from scored group by all
), everyone as (
    select {keys} count(*) as total_students, count(score) as all_scored, sum(score) as all_score_sum
    from scored where subgroup = 'all_students' group by all
)
select
    $district_id as district_id, '2027' as school_year, date '2026-10-01' as as_of_date,
    counted.* exclude (score_sum), total_students, student_count / total_students as student_share,
    case when all_scored > scored_students then mean_score_pct - (all_score_sum - score_sum) / (all_scored - scored_students) end
        as score_gap_pct
    {names}
from counted {join}
"""


_TREND = """
insert into analytics.marts.rpt_trend_subgroup by name
select
    $district_id as district_id, '{level}' as level, {keys} month,
    (year(month) + case when month(month) >= 8 then 1 else 0 end)::varchar as school_year,
    case when month(month) >= 8 then 'Fall semester' when month(month) < 6 then 'Spring semester' end as term, subgroup, value,
    counted.student_count - (counted.student_count // 3) * ago // $months as student_count,
    sum(student_count) over (partition by {keys} month, subgroup)::bigint as total_students,
    scored_students - (scored_students // 3) * ago // $months as scored_students,
    mean_score_pct - ago % 5 as mean_score_pct, score_gap_pct
from analytics.marts.rpt_{level}_subgroup as counted
cross join (select ago, (date '2026-10-01' - to_months(ago::integer))::date as month from range($months) as r(ago))
where district_id = $district_id and month(month) <> 5
"""
_CHANGES = """
insert into analytics.marts.rpt_subgroup_change by name
select $district_id as district_id, timestamp '2026-09-24 08:00' as effective_at, 'all_students' as subgroup, 'all' as to_value,
    $students as student_count
union all by name
select $district_id as district_id, timestamp '2026-10-01 08:00' as effective_at, * from (values
    ('english_learner', 'no', 'yes', 12), ('english_learner', 'yes', 'no', 3), ('race_ethnicity', 'white', 'asian', 1),
    ('all_students', null, 'all', 7), ('all_students', 'all', null, 2), ('english_learner', null, 'no', 7)
) as step(subgroup, from_value, to_value, student_count)
"""
_BANDS = """
insert into analytics.marts.rpt_{level}_subgroup_band by name
with scored as (
    select distinct {keys} student_id, subgroup, value, score from seat where score is not null
), counted as (
    select {keys} subgroup, value, band, band_order, band_floor, count(*) as scored_students,
        count(*) filter (score >= band_floor and score < band_end) as student_count
    from scored cross join (values ('below', 1, 0, 60), ('near', 2, 60, 75), ('met', 3, 75, 1000))
        as bands(band, band_order, band_floor, band_end)
    group by all
)
select
    $district_id as district_id, '2027' as school_year, date '2026-10-01' as as_of_date, *,
    student_count / scored_students as student_share
from counted
"""
_PAIRS = """
insert into analytics.marts.rpt_{level}_subgroup_pair by name
with had as (
    select distinct {keys} student_id, subgroup, value, score from seat
    where subgroup not in ('all_students', 'home_language')
)
select
    $district_id as district_id, '2027' as school_year, date '2026-10-01' as as_of_date, {keys} one.subgroup, one.value,
    other.subgroup as with_subgroup, other.value as with_value, count(*) as student_count,
    count(one.score) as scored_students, avg(one.score) as mean_score_pct
from had as one inner join had as other using ({keys} student_id)
where one.subgroup <> other.subgroup group by all
"""
_SCHOOL_NAME = ", (select name from school where id = school_id) as school_name"
_LEVELS = {
    "district": ("", ""),
    "school": ("school_id,", _SCHOOL_NAME),
    "course": ("school_id, course_id,", f"{_SCHOOL_NAME}, (select name from course where id = course_id) as course_title"),
}


def _fill(connection: duckdb.DuckDBPyConnection, district_id: str, made_up: MadeUp, deliveries: list[Delivery]) -> None:
    """Put one district's rows into the working file, in place of those that it has."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'analytics' and schema_name = 'marts'"
    )
    for (table,) in tables.fetchall():
        connection.execute(f"delete from analytics.marts.{table} where district_id = ?", [district_id])
    for part, named in (("school", made_up.schools), ("course", made_up.courses)):
        ids = list(named)
        connection.execute(f"create or replace temp table {part} as {_NUMBERED}", [ids, list(named.values()), ids])
    connection.execute("create or replace temp table given (place integer, subgroup varchar, words varchar[])")
    given = {"all_students": ("all",), **made_up.subgroups}
    connection.executemany("insert into given values (?, ?, ?)", [(place, *one) for place, one in enumerate(given.items())])
    connection.execute(_STUDENTS, {"students": made_up.students})
    connection.execute(_ALSO_IN, [list(made_up.also_in), list(made_up.also_in.values())])
    roster, subgroups = (delivery.delivery_id for delivery in deliveries)
    values = {"district_id": district_id, "students": made_up.students, "roster": roster, "subgroups": subgroups}
    values |= {
        "nsla": list(made_up.nsla),
        "allows_nsla": made_up.allows_nsla,
        "numbers": made_up.numbers,
        "begun": BEGUN,
        "changed": CHANGED,
    }
    for statement in _DIMENSIONS.split(";")[:-1]:
        connection.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})
    for level, (keys, names) in _LEVELS.items():
        join = f"inner join everyone using ({keys.rstrip(', ')})" if keys else "cross join everyone"
        connection.execute(_REPORT.format(level=level, keys=keys, join=join, names=names), {"district_id": district_id})
        connection.execute(_BANDS.format(level=level, keys=keys), {"district_id": district_id})
        if level != "course":
            connection.execute(_PAIRS.format(level=level, keys=keys), {"district_id": district_id})
        trend = {"district_id": district_id, "months": made_up.months}
        connection.execute(_TREND.format(level=level, keys=keys), trend)
    connection.execute(_CHANGES, {"district_id": district_id, "students": made_up.students})
    connection.execute("delete from control.build where district_id = ?", [district_id])
    connection.execute("insert into control.build (district_id, build_key) values (?, ?)", [district_id, roster])
