"""The values at the end of a day: midnight in the district's time zone, also in nights in which the clock is changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from subgroup_pipeline.publish.as_of import open_on_day
from subgroup_pipeline.publish.compaction import compact_working_file
from subgroup_pipeline.publish.district_reader import open_district
from tests.publish.publishing import publish_anew, working_file_kept, write
from tests.support.installation import Installation

pytestmark = pytest.mark.xdist_group("publish")

# Each row stands for a student of its own with one value, from and to these moments of UTC.
LAID_IN = """
delete from analytics.marts.fct_student_subgroup_history;
update analytics.marts.dim_district set timezone = if(district_id = 'beta', 'America/Havana', 'America/Chicago');
insert into analytics.marts.fct_student_subgroup_history by name
    select v.*, w.*, value as student_id from (values
        -- Chicago ends March 8, 2025 at 06:00 and March 9, the day on which clocks go forward at 2, at 05:00.
        ('alpha', 'before', timestamp '2025-03-09 05:59:59', null), ('alpha', 'after', '2025-03-09 06:00:00', null),
        ('alpha', 'short', '2025-03-10 04:59:59', null), ('alpha', 'next', '2025-03-10 05:00:00', null),
        -- Two builds of one day: the value of the first held for an hour.
        ('alpha', 'brief', '2025-03-09 10:00:00', '2025-03-09 11:00:00'), ('alpha', 'last', '2025-03-09 11:00:00', null),
        ('alpha', 'to midnight', '2025-03-09 11:00:00', '2025-03-10 05:00:00'),
        -- Havana has no midnight on March 9: the clock goes from 23:59:59 to 1, which is 05:00.
        ('beta', 'before', '2025-03-09 04:59:59', null), ('beta', 'after', '2025-03-09 05:00:00', null)
    ) as v (district_id, value, valid_from, valid_to),
    (values ('english_learner', 'd', false)) as w (subgroup, delivery_id, is_current)
"""
ON = {
    "2025-03-08": [("alpha", "before"), ("beta", "before")],
    "2025-03-09": [("alpha", v) for v in ("after", "before", "last", "short", "to midnight")]
    + [("beta", "after"), ("beta", "before")],
    "2025-03-10": [("alpha", v) for v in ("after", "before", "last", "next", "short")] + [("beta", "after"), ("beta", "before")],
    "2025-03-07": [],
}


@pytest.fixture(scope="module")
def snapshot(built: Installation) -> Iterator[Path]:
    with working_file_kept(built):
        write(built, LAID_IN)
        compact_working_file(built.settings)
        yield publish_anew(built)
    publish_anew(built)


@pytest.mark.parametrize("day", ON)
def test_a_day_ends_at_midnight_where_the_district_is(snapshot: Path, built: Installation, day: str) -> None:
    query = f"select district_id, value from {{}}student_subgroup_on('{day}') order by all"
    for schema in ("marts.", ""):
        assert built.ask(query.format(schema)) == ON[day]
    with duckdb.connect(str(snapshot / "analytics.duckdb"), read_only=True) as plain:
        plain.execute("set timezone = 'Asia/Tokyo'")
        assert plain.execute(query.replace(f"'{day}'", f"date '{day}'").format("")).fetchall() == ON[day]
    with open_district(built.settings, "alpha") as connection:
        assert connection.execute(query.format("marts.")).fetchall() == [row for row in ON[day] if row[0] == "alpha"]


def test_a_reader_of_a_day_sees_its_values_under_the_usual_name(snapshot: Path, built: Installation, tmp_path: Path) -> None:
    assert snapshot.is_dir()
    with open_on_day(built.settings, date(2025, 3, 8), tmp_path) as connection:
        for name in ("marts.fct_student_subgroup", "fct_student_subgroup"):
            rows = connection.execute(f"select district_id, value from {name} order by all").fetchall()
            assert rows == ON["2025-03-08"]
        assert connection.execute("select count(*) from student_subgroup_on('2025-03-09')").fetchone() == (7,)
        assert connection.execute("select sum(student_count) from rpt_district_subgroup where value = 'all'").fetchone() == (33,)
        assert connection.execute("select count(*) > 0 from quality.delivery").fetchone() == (True,)
        connection.execute(f"copy fct_student_subgroup to '{tmp_path}/rows.csv'")
        with pytest.raises(duckdb.Error):
            connection.execute(f"copy dim_student to '{tmp_path.parent}/rows.csv'")
