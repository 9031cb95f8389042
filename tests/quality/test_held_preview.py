"""What approving a held delivery would change, as the ledger has it: counted by hand, for both feeds and a first delivery."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from subgroup_pipeline.registry.delivery_record import Count, Preview, SchoolCount
from tests.night.roster_sources import YES_NO, settings
from tests.night.roster_sources import roster as roster_of_columns
from tests.quality.subgroup_world import World, roster, rows, text
from tests.quality.subgroup_world import settings as district_settings
from tests.support.installation import zip_of

FEW, STUDENTS = 60, 100
Groups = Mapping[tuple[str, str | None], tuple[int | None, int]]


def roster_with(learners: int) -> dict[str, str]:
    """A roster of 100 students; so many, the first ones, are English learners by a column of users.csv."""
    return roster_of_columns({"metadata.ell": {n: "Y" if n < learners else "N" for n in range(STUDENTS)}}, students=STUDENTS)


def _groups(preview: Preview) -> Groups:
    return {(one.subgroup, one.value): (one.before, one.now) for one in preview.groups}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A roster and a subgroup file that lost 40 of 100 students, a first roster, subgroups in a roster, and a good file."""
    world = World.at(tmp_path_factory.mktemp("preview") / "home")
    whole = zip_of(roster())
    for name in ("shrunk", "file", "fine"):
        world.apply(district_settings(name))
        world.deliver("roster", {"roster.zip": whole}, name)
        world.deliver("subgroups", {"s.csv": text(rows())}, name)
    world.apply(settings("inside", "[roster_metadata]", ell=YES_NO))
    world.deliver("roster", {"roster.zip": zip_of(roster_with(25))}, "inside")
    world.judge()
    world.apply(district_settings("first").replace("accept", "review"))
    changed = [["x" + row[0] if n < 10 else row[0], "n", *row[2:]] for n, row in enumerate(rows()[:FEW])]
    for name, feed, files in (
        ("first", "roster", {"roster.zip": whole}),
        ("shrunk", "roster", {"roster.zip": zip_of(roster(students=FEW))}),
        ("inside", "roster", {"roster.zip": zip_of(roster_with(75))}),
        ("file", "subgroups", {"s.csv": text(changed)}),
        ("fine", "subgroups", {"s.csv": text(rows()[:99])}),
    ):
        world.sent[name] = world.deliver("roster" if feed == "roster" else "subgroups", files, name)
    world.judge()
    return world


def _preview(world: World, name: str) -> Preview:
    delivery = world.delivery(world.sent[name])
    assert (delivery.state, delivery.record.preview is None) == ("held", False)
    assert delivery.record.preview is not None
    return delivery.record.preview


def test_a_roster_that_lost_students(world: World) -> None:
    preview = _preview(world, "shrunk")
    assert (preview.students, preview.new_students, preview.gone_students) == (Count(before=100, now=60), 0, 40)
    assert (preview.classes, preview.enrollments) == (Count(before=2, now=2), Count(before=100, now=60))
    assert preview.schools == (
        SchoolCount(school_id="school0", name="Elm School", before=50, now=30),
        SchoolCount(school_id="school1", name="Oak School", before=50, now=30),
    )
    assert (preview.student_ids, preview.matched) == (Count(before=100, now=100), Count(before=100, now=60))
    assert _groups(preview) == {
        ("english_learner", "no"): (75, 45),
        ("english_learner", "yes"): (25, 15),
        ("students_with_disabilities", "no"): (80, 48),
        ("students_with_disabilities", "yes"): (20, 12),
        ("home_language", None): (100, 60),
    }


def test_a_subgroup_file_that_lost_students(world: World) -> None:
    preview = _preview(world, "file")
    assert (preview.students, preview.schools, preview.classes) == (None, (), None)
    assert (preview.student_ids, preview.matched) == (Count(before=100, now=60), Count(before=100, now=50))
    assert _groups(preview) == {
        ("english_learner", "no"): (75, 50),
        ("english_learner", "not_reported"): (0, 50),
        ("english_learner", "yes"): (25, 0),
        ("students_with_disabilities", "no"): (80, 40),
        ("students_with_disabilities", "not_reported"): (0, 50),
        ("students_with_disabilities", "yes"): (20, 10),
        ("home_language", "not_reported"): (0, 50),
        ("home_language", None): (100, 50),
    }


def test_subgroups_inside_the_roster(world: World) -> None:
    preview = _preview(world, "inside")
    assert preview.students == Count(before=STUDENTS, now=STUDENTS)
    assert _groups(preview) == {("ell", "no"): (75, 25), ("ell", "yes"): (25, 75)}


def test_a_first_delivery_has_no_before(world: World) -> None:
    preview = _preview(world, "first")
    assert preview.replaces is None
    assert (preview.students, preview.classes, preview.enrollments) == (Count(now=100), Count(now=2), Count(now=100))
    assert [(school.name, school.before, school.now) for school in preview.schools] == [
        ("Elm School", None, 50),
        ("Oak School", None, 50),
    ]
    assert (preview.groups, preview.student_ids) == ((), None)


def test_the_preview_names_what_it_was_counted_against(world: World) -> None:
    replaced = world.delivery(str(_preview(world, "shrunk").replaces))
    assert (replaced.district_id, replaced.feed, replaced.verdict) == ("shrunk", "roster", "accepted")


def test_what_is_not_held_has_none(world: World) -> None:
    delivery = world.delivery(world.sent["fine"])
    assert (delivery.state, delivery.record.preview) == ("accepted", None)


def test_no_text_of_a_cell_is_in_the_ledger(world: World) -> None:
    """The home languages are free text, and so are the ids."""
    said = "".join(_preview(world, name).model_dump_json() for name in ("shrunk", "file", "inside", "first"))
    assert [word for word in ("Spanish", "Karen", "00001", "s001", "Given1") if word in said] == []


def test_a_night_without_holds_asks_nothing_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judged deliveries of such a night never reach the previews."""
    from subgroup_pipeline.quality import judge

    monkeypatch.setattr(judge, "preview_held", None)
    delivery_id = world.deliver("subgroups", {"s.csv": text(rows()[:98])}, "fine")
    world.judge()
    assert world.delivery(delivery_id).state == "accepted"
