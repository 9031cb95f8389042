"""What is hidden, by examples whose answer is worked out by hand beside each of them."""

from __future__ import annotations

from subgroup_pipeline.disclosure.cells import Privacy, read_cells
from subgroup_pipeline.disclosure.suppression import hide_further, suppress
from tests.disclosure.made_up_marts import District, Place, made_up_marts

Name = tuple[Place, str]
"""A place and a value; the values of these examples differ from subgroup to subgroup."""


def hidden(district: District, *, minimum: int = 10, shows_zero: bool = True) -> dict[Name, str]:
    """The reason of each hidden cell by place and value (a pair is `value x value`)."""
    with made_up_marts({"pine": district}) as connection:
        read_cells(connection, [Privacy("pine", minimum, shows_zero)])
        suppress(connection)
        rows = connection.execute(
            "select school_id, course_id, value || coalesce(' x ' || with_value, ''), reason from cell where hidden order by key"
        ).fetchall()
    return {(tuple(part for part in row[:2] if part is not None), row[2]): row[3] for row in rows}


def test_a_group_of_one_to_nine_is_hidden_and_the_smallest_other_with_it() -> None:
    # 100 - 60 - 4 would give 36; with 4 alone hidden, 100 - 36 - 60 gives it back.
    district = District({(): {"language": {"spanish": 60, "somali": 4, "english": 36}}})
    assert hidden(district) == {((), "somali"): "primary", ((), "english"): "row"}


def test_two_small_groups_that_are_small_together_need_a_third() -> None:
    # 2 + 3 are five people: 100 - 55 - 40 says so.
    district = District({(): {"language": {"spanish": 55, "somali": 2, "thai": 3, "english": 40}}})
    assert hidden(district) == {((), "somali"): "primary", ((), "thai"): "primary", ((), "english"): "row"}


def test_everyone_but_a_few_is_hidden_and_everyone_is_not() -> None:
    # 100 - 97 says 3; all of 100 says nothing of a small group. Who has no value of a subgroup is nobody.
    district = District({(): {"flag": {"yes": 97, "no": 3}, "title": {"schoolwide": 100}}})
    assert hidden(district) == {((), "yes"): "complement_of_total", ((), "no"): "primary"}


def test_a_minimum_is_the_smallest_group_that_is_shown() -> None:
    assert hidden(District({(): {"flag": {"yes": 10, "no": 90}}})) == {}
    assert len(hidden(District({(): {"flag": {"yes": 10, "no": 90}}}), minimum=11)) == 2


def test_a_small_school_is_hidden_whole_and_the_next_smallest_keeps_its_number_with_it() -> None:
    # 200 - 120 - 74 gives 6: the total of oak (74) is hidden too, and with it one value, or 44 + 30 would give the total.
    places = {
        (): {"flag": {"yes": 90, "no": 110}},
        ("ash",): {"flag": {"yes": 6}},
        ("elm",): {"flag": {"yes": 54, "no": 66}},
        ("oak",): {"flag": {"yes": 30, "no": 44}},
    }
    found = hidden(District(places))
    assert found[("ash",), "all"] == found[("ash",), "yes"] == "small_entity"
    assert found[("oak",), "all"] == "column"
    # Of yes, ash is hidden: 90 - 54 - 30 would give 6. In oak the hidden total makes that one cell enough.
    assert found[("oak",), "yes"] == "column"
    assert len(found) == 4


def test_what_one_school_alone_hides_falls_to_the_district_less_the_others() -> None:
    # In elm, 5 and 45 are hidden. 95 - 60 - 30 would give 5, and 305 - 140 - 120 would give 45: a second school hides both.
    places = {
        (): {"flag": {"yes": 95, "no": 305}},
        ("ash",): {"flag": {"yes": 60, "no": 140}},
        ("elm",): {"flag": {"yes": 5, "no": 45}},
        ("oak",): {"flag": {"yes": 30, "no": 120}},
    }
    found = hidden(District(places))
    assert found == {
        (("elm",), "yes"): "primary",
        (("elm",), "no"): "complement_of_total",
        (("oak",), "yes"): "column",
        (("oak",), "no"): "column",
    }


def test_a_course_that_lacks_a_few_of_the_school_is_hidden() -> None:
    # The school less the course says that 3 with a plan do not take it; 20 without one is too many to point at.
    places = {
        (): {"plan": {"yes": 400, "no": 600}},
        ("elm",): {"plan": {"yes": 200, "no": 300}},
        ("oak",): {"plan": {"yes": 200, "no": 300}},
        ("elm", "art"): {"plan": {"yes": 197, "no": 280}},
        ("elm", "band"): {"plan": {"yes": 150, "no": 100}},
    }
    assert hidden(District(places)) == {(("elm", "art"), "yes"): "containment", (("elm", "art"), "no"): "row"}


def test_a_pair_is_hidden_with_what_gives_it_back_by_both_of_its_sums() -> None:
    # 4 of the 50 learners have a plan. 50 - 46, and 60 - 56, give it back; then 950 - 894 and 940 - 894 give those back.
    values = {"learner": {"ly": 50, "ln": 950}, "plan": {"py": 60, "pn": 940}}
    pairs = {
        ("learner", "ly", "plan", "py"): 4,
        ("learner", "ly", "plan", "pn"): 46,
        ("learner", "ln", "plan", "py"): 56,
        ("learner", "ln", "plan", "pn"): 894,
    }
    found = hidden(District({(): values}, pairs={(): pairs}))
    assert found == {
        ((), "ly x py"): "primary",
        ((), "ly x pn"): "pair",
        ((), "ln x py"): "pair",
        ((), "ln x pn"): "pair",
    }


def test_empty_groups_are_hidden_where_a_district_says_so_and_everyone_with_them() -> None:
    places = {
        (): {"flag": {"yes": 40, "no": 160}},
        ("elm",): {"flag": {"no": 100}},
        ("oak",): {"flag": {"yes": 40, "no": 60}},
    }
    # All of elm are `no`, so hiding that nobody is `yes` hides that too; then 160 - 60 would give it, and 40 - 40 the nobody.
    found = hidden(District(places), shows_zero=False)
    assert found[("elm",), "yes"] == "zero"
    assert set(found) >= {(("elm",), "no"), (("oak",), "yes"), (("oak",), "no")}
    assert hidden(District(places)) == {}


def test_hiding_once_more_changes_nothing_and_a_further_cell_takes_others_with_it() -> None:
    district = District({(): {"language": {"spanish": 60, "somali": 4, "english": 36}, "flag": {"yes": 30, "no": 70}}})
    with made_up_marts({"pine": district}) as connection:
        read_cells(connection, [Privacy("pine", 10, shows_zero=True)])
        suppress(connection)
        once = connection.execute("from cell order by key").fetchall()
        suppress(connection)
        hide_further(connection, [])
        assert connection.execute("from cell order by key").fetchall() == once
        (key,) = connection.execute("select key from cell where value = 'yes'").fetchall()[0]
        hide_further(connection, [(key, "audit")])
        more = connection.execute("select value, reason from cell where subgroup = 'flag' order by value").fetchall()
        assert more == [("no", "row"), ("yes", "audit")]
