"""The table of counts that rules and audit work on, read from marts."""

from __future__ import annotations

from datetime import date

from subgroup_pipeline.disclosure.cells import Privacy, read_cells
from tests.disclosure.made_up_marts import AS_OF, District, made_up_marts

ELM = {"ell": {"yes": 12, "no": 30}}
OAK = {"ell": {"no": 25}}
ALL = {"ell": {"yes": 12, "no": 55}}
PAIRS = {("ell", "yes", "swd", "no"): 12, ("ell", "no", "swd", "no"): 55}
AUGUST = date(2026, 8, 1)


def test_every_count_of_the_chosen_districts_is_one_cell() -> None:
    places = {(): ALL, ("elm",): ELM, ("oak",): OAK, ("oak", "art"): OAK}
    district = District(places, months={AUGUST: {(): {"ell": {"yes": 11, "no": 56}}}}, pairs={(): PAIRS, ("elm",): PAIRS})
    with made_up_marts({"pine": district, "fir": District({(): ELM})}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        counted = connection.execute(
            "select level, month, with_subgroup, count(*), sum(student_count) from cell group by all order by all"
        ).fetchall()
        keys = connection.execute("select min(key), max(key), count(distinct key), count(*) from cell").fetchone()
        totals = connection.execute("select school_id, total_students from cell where subgroup = 'all_students' order by key")
        assert counted == [
            ("course", None, None, 2, 50),
            ("district", AUGUST, None, 3, 134),
            ("district", None, "swd", 2, 67),
            ("district", None, None, 3, 134),
            ("school", None, "swd", 2, 67),
            ("school", None, None, 5, 134),
        ]
        assert keys == (1, 17, 17, 17)
        assert totals.fetchall() == [("oak", 25), (None, 67), (None, 67), ("elm", 42), ("oak", 25)]


def test_the_newest_month_of_the_trend_is_left_out_only_while_it_says_what_the_reports_say() -> None:
    with made_up_marts({"pine": District({(): ALL, ("elm",): ELM})}) as connection:
        connection.execute(
            "update source.marts.rpt_trend_subgroup set student_count = 11 where level = 'school' and value = 'yes'"
        )
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        assert connection.execute("select count(*) from cell where month = ?", [AS_OF]).fetchone() == (6,)


def test_a_district_that_hides_empty_groups_has_a_cell_for_every_value_at_every_place() -> None:
    district = District({(): ALL, ("elm",): ELM, ("oak",): OAK}, pairs={(): PAIRS, ("oak",): {("ell", "no", "swd", "no"): 25}})
    with made_up_marts({"pine": district}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=False)])
        empty = connection.execute("select school_id, subgroup, value, with_value from cell where student_count = 0 order by key")
        assert empty.fetchall() == [
            ("elm", "ell", "no", "no"),
            ("elm", "ell", "yes", "no"),
            ("oak", "ell", "yes", None),
            ("oak", "ell", "yes", "no"),
        ]
