"""lineItems.csv and results.csv in landing: they may be missing or broken, and the roster comes in all the same."""

from __future__ import annotations

import pytest

from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.landing.small_packages import landed
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

ROSTER = small.graded_roster()


def test_a_gradebook_is_landed_without_what_teachers_wrote(place: Place) -> None:
    header, first, *more = ROSTER["results.csv"].splitlines()
    files = ROSTER | {"results.csv": "\n".join([header, f"{first}did not eat lunch", *more]) + "\n"}
    delivery = landed(place, files)
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", set())
    counts = place.raw_counts(delivery)
    assert (counts["line_items"], counts["results"]) == (4, 15)
    assert "lunch" not in str(place.table("results"))
    assert place.table("results", "sourcedId, lineItemSourcedId, studentSourcedId, scoreStatus, score, scoreDate")[0] == (
        "essay-0", "essay0", "s000", "fully graded", "2", "2026-09-09",
    )  # fmt: skip


BROKEN = {
    "no CSV": "%PDF-1.7",
    "empty": "",
    "without score": ROSTER["results.csv"].replace("score,", "points,"),
    "rows of another width": "\n".join([ROSTER["results.csv"].splitlines()[0], *["r,,,quiz0,s001"] * 20]),
    "cut off": ROSTER["results.csv"][:-40],
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("name", ["lineItems.csv", "results.csv"])
def test_a_gradebook_file_that_cannot_be_read_is_left_out_and_the_roster_is_landed(place: Place, name: str, how: str) -> None:
    delivery = landed(place, ROSTER | {name: BROKEN[how]})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"GRD602"})
    ((file, _, _, message),) = place.found(delivery, "GRD602")
    assert file == name
    assert message.startswith("A file of the gradebook cannot be read; it was left out, and the roster was read without it. ")
    assert place.raw_counts(delivery).keys() == {
        "orgs", "academic_sessions", "courses", "classes", "users", "enrollments", "line_items", "results",
    } - {name.replace("lineItems", "line_items").removesuffix(".csv")}  # fmt: skip


def test_a_gradebook_file_that_is_announced_and_not_there_is_said_and_no_more(place: Place) -> None:
    files = {name: text for name, text in ROSTER.items() if name not in ("lineItems.csv", "results.csv")}
    delivery = landed(place, files)
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"GRD601"})
    assert place.found(delivery, "GRD601")[0][3].endswith("Missing: lineItems.csv, results.csv.")


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("lineItems.csv", "title"),
        ("lineItems.csv", "gradingPeriodSourcedId"),
        ("lineItems.csv", "dueDate"),
        ("results.csv", "scoreDate"),
    ],
)
def test_a_column_that_no_score_needs_may_be_missing(place: Place, name: str, column: str) -> None:
    rows = [line.split(",") for line in ROSTER[name].splitlines()]
    at = rows[0].index(column)
    text = "\n".join(",".join([*row[:at], *row[at + 1 :]]) for row in rows) + "\n"
    delivery = landed(place, ROSTER | {name: text})
    assert (place.delivery(delivery).state, place.codes(delivery)) == ("landed", {"HDR004"})


def _changes(**files: list[str]) -> dict[str, str]:
    """A set of changes with these rows by kind of file."""
    manifest = small.manifest({})
    texts = {}
    for kind, rows in files.items():
        manifest = manifest.replace(f"file.{kind},absent", f"file.{kind},delta")
        texts[f"{kind}.csv"] = "\n".join([ROSTER[f"{kind}.csv"].splitlines()[0], *rows]) + "\n"
    return {"manifest.csv": manifest} | texts


def _next_roster(place: Place, files: dict[str, str]) -> str:
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.judge()
    assert place.delivery(delivery).verdict is not None
    return delivery


def _said(place: Place, delivery: str) -> set[str]:
    """Codes of a delivery, without the small district's classes without teachers."""
    return place.codes(delivery) - {"ENR106"}


@pytest.mark.slow
def test_changes_compose_and_a_full_set_without_a_gradebook_leaves_none(place: Place) -> None:
    place.add()
    first = _next_roster(place, ROSTER)
    assert _said(place, first) == set()
    time = "2026-09-10T06:00:00.000Z"
    changed = _next_roster(
        place,
        _changes(results=[
            f"quiz-1,active,{time},quiz1,s001,fully graded,20,2026-09-10,",
            f"essay-0,tobedeleted,{time},essay0,s000,fully graded,2,2026-09-10,",
            f"essay-1,active,{time},essay1,s001,fully graded,3,2026-09-10,",
        ]),
    )  # fmt: skip
    assert (place.delivery(changed).verdict, _said(place, changed)) == ("accepted", set())
    of_changes = f"from raw.results where delivery_id = '{changed}'"
    assert place.ask(f"select count(*), count(*) filter (file_name = 'results.csv') {of_changes}") == [(16, 3)]
    assert place.ask(f"select score {of_changes} and sourcedId = 'quiz-1'") == [("20",)]
    assert place.raw_counts(changed)["line_items"] == 4

    broken = _next_roster(place, _changes(results=["x,y"] * 9))
    assert (place.delivery(broken).verdict, _said(place, broken)) == ("accepted_with_rows_set_aside", {"GRD602"})
    assert place.raw_counts(broken)["results"] == 16

    full = _next_roster(place, small.roster())
    assert (place.delivery(full).verdict, _said(place, full)) == ("accepted", {"GRD603"})
    assert {"line_items", "results"}.isdisjoint(place.raw_counts(full))


def test_the_usual_volume_of_a_roster_does_not_ask_the_gradebook(place: Place) -> None:
    """Results grow all year, so more of them are no sign that a file is not whole."""
    place.add()
    _next_roster(place, ROSTER)
    grown = place.deliver("roster", {"roster.zip": zip_of(small.graded_roster() | {
        "results.csv": ROSTER["results.csv"] + "".join(f"extra-{n},,,essay1,s001,exempt,,,\n" for n in range(90)),
    })})  # fmt: skip
    place.land()
    assert place.delivery(grown).proof == "volume"


def test_landing_again_gives_the_same_rows(place: Place) -> None:
    delivery = landed(place, ROSTER)
    before = place.table("results", "sourcedId, score"), place.table("line_items", "sourcedId, resultValueMax")
    with open_warehouse(place.settings) as connection:
        connection.execute("delete from control.landed_delivery")
    place.land()
    assert (place.table("results", "sourcedId, score"), place.table("line_items", "sourcedId, resultValueMax")) == before
    assert place.delivery(delivery).state == "landed"
