"""Landing over many deliveries: safe to repeat, to be killed anywhere, and never to one district's harm by another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any, Literal

import duckdb
import pytest

from subgroup_pipeline.landing import land, load, waves
from subgroup_pipeline.landing.screen import screen_delivery
from subgroup_pipeline.warehouse.rows import delete_deliveries, replace_ids
from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place
from tests.support.wrapped import killed, wrapped

ROSTER = small.roster()
SUBGROUPS = small.subgroups()
COUNTS = {"orgs": 3, "academic_sessions": 1, "courses": 2, "classes": 2, "users": 10, "enrollments": 10}


@pytest.fixture
def delivered(place: Place) -> tuple[Place, str, str]:
    """One district with a roster and a subgroup file, not landed yet."""
    place.add()
    return place, place.deliver("roster", {"roster.zip": zip_of(ROSTER)}), place.deliver("subgroups", {"s.csv": SUBGROUPS})


def test_both_feeds_are_landed_with_their_lineage(delivered: tuple[Place, str, str]) -> None:
    place, roster, subgroups = delivered
    landed = place.land()
    assert landed.pending == [roster, subgroups]
    assert place.raw_counts(roster) == COUNTS
    assert place.raw_counts(subgroups) == {"subgroup_row": 10}
    assert place.table("subgroup_row", "distinct district_id, delivery_id, file_name") == [("alpha", subgroups, "s.csv")]


def test_cells_are_the_text_that_was_uploaded(delivered: tuple[Place, str, str]) -> None:
    place, *_ = delivered
    place.land()
    assert place.table("subgroup_row", "student_id, cells")[:2] == [
        ("s000", {"ell": "Y", "sped": None}),
        ("s001", {"ell": "N", "sped": "n"}),
    ]
    assert place.table("users", "sourcedId, identifier, grades")[7] == ("s007", "00007", "05")


def test_landing_again_lands_nothing(delivered: tuple[Place, str, str]) -> None:
    place, roster, _ = delivered
    place.land()
    again = place.land()
    assert (again.pending, again.again, again.rows) == ([], [], {})
    assert place.raw_counts(roster) == COUNTS


def test_landing_with_nothing_to_do_is_fine(place: Place) -> None:
    assert place.land().pending == []


# Each place between two writes, once; a kill before a step is one after the step before it.
KILLS = [
    (screen_delivery, "after"),
    (delete_deliveries, "after"),
    (load.load_files, "after"),
    (land._enter, "after"),
    (replace_ids, "before"),
    (replace_ids, "after"),
    (land._note_versions, "before"),
    (land._note_versions, "after"),
]
at_any_step = pytest.mark.parametrize(("step", "when"), KILLS, ids=[f"{when} {step.__name__}" for step, when in KILLS])


@at_any_step
def test_a_kill_at_any_step_is_mended_by_the_next_run(
    delivered: tuple[Place, str, str], step: Callable[..., object], when: Literal["before", "after"]
) -> None:
    place, roster, subgroups = delivered
    with killed(step, when):
        place.land()
    place.land()
    assert place.raw_counts(roster) == COUNTS
    assert place.raw_counts(subgroups) == {"subgroup_row": 10}
    assert [place.delivery(d).state for d in (roster, subgroups)] == ["landed", "landed"]
    assert place.land().rows == {}


@at_any_step
def test_a_kill_never_loses_that_a_live_delivery_must_be_judged_again(
    delivered: tuple[Place, str, str], step: Callable[..., object], when: Literal["before", "after"]
) -> None:
    """The warehouse noted the new settings before it noted the judgement: a kill between the two kept the old verdict."""
    place, roster, subgroups = delivered
    place.land()
    for delivery in (roster, subgroups):
        place.set_state(delivery, "published")
    place.add(**{"blank: no": "blank: yes"})
    with killed(step, when):
        place.land()
    place.land()
    assert place.ask("select delivery_id from control.judge_again") == [(subgroups,)]
    assert place.raw_counts(subgroups) == {"subgroup_row": 10}


def test_a_live_subgroup_file_is_landed_again_under_new_settings(delivered: tuple[Place, str, str]) -> None:
    place, roster, subgroups = delivered
    place.land()
    for delivery in (roster, subgroups):
        place.set_state(delivery, "published")
    place.add(**{"    ell:  {": "    ELL:  {label: EL, "})
    landed = place.land()
    assert (landed.again, landed.pending) == ([subgroups], [])
    assert place.delivery(subgroups).state == "published"
    assert place.ask("select delivery_id from control.judge_again") == [(subgroups,)]


def test_a_column_that_was_mapped_since_is_landed_from_the_archive(place: Place) -> None:
    place.add(**{"    ell:  {subgroup: english_learner, values: {y: yes, n: no}}\n": ""})
    subgroups = place.deliver("subgroups", {"s.csv": SUBGROUPS})
    place.land()
    assert place.found(subgroups, "HDR003")[0][2] == "ell"
    place.set_state(subgroups, "accepted")
    place.add()
    place.land()
    assert place.table("subgroup_row", "student_id, cells")[0] == ("s000", {"ell": "Y", "sped": None})
    assert place.codes(subgroups) == set()


def test_a_live_file_that_new_settings_cannot_read_keeps_its_state_and_holds_its_district_back(
    delivered: tuple[Place, str, str],
) -> None:
    place, _, subgroups = delivered
    place.land()
    place.set_state(subgroups, "published")
    place.add(**{"    sped:": "    gone: {subgroup: gone, open: true}\n    sped:"})
    landed = place.land()
    assert (landed.unreadable, landed.again) == ([subgroups], [])
    assert place.delivery(subgroups).state == "published"
    assert place.codes(subgroups) == {"HDR001"}
    assert place.ask("select delivery_id from control.held_back") == [(subgroups,)]
    place.add()
    assert place.land().again == [subgroups]
    assert place.ask("select * from control.held_back") == []


def test_a_deleted_warehouse_is_landed_anew_from_the_archive(delivered: tuple[Place, str, str]) -> None:
    place, roster, subgroups = delivered
    place.land()
    before = [place.table(table, "* exclude (landed_at)") for table in ("users", "orgs", "enrollments", "subgroup_row")]
    place.set_state(roster, "published")
    shutil.rmtree(place.settings.paths.warehouse)
    place.settings.paths.warehouse.mkdir(mode=0o700)
    landed = place.land()
    assert (landed.again, landed.pending) == ([roster], [subgroups])
    assert [place.table(table, "* exclude (landed_at)") for table in ("users", "orgs", "enrollments", "subgroup_row")] == before


def test_scratch_is_empty_after_landing_and_after_a_failure(delivered: tuple[Place, str, str]) -> None:
    place, *_ = delivered
    with killed(load.load_files, "after"):
        place.land()
    assert list(place.settings.paths.scratch.iterdir()) == []
    place.land()
    assert list(place.settings.paths.scratch.iterdir()) == []


BROKEN = {
    "neither UTF-8 nor Windows-1252": (b"student_id,ell,sped\ns1,\x81,n\n", {"ENC001"}),
    "a quote that is not closed": (b'student_id,ell,sped\ns1,"y,n\n', {"ROW004"}),
    "a header that is not known": (b"a,b,c\n1,2,3\n", {"HDR012"}),
    "a header cell beyond all measure": (b"student_id,ell," + b"x" * 200_000 + b"\ns1,y,n\n", {"CAP002"}),
    "too many ragged rows": (b"student_id,ell,sped\n" + b"s1,y\n" * 50, {"ROW002", "ROW003"}),
    "nothing": (b"", {"HDR005"}),
    "an Excel workbook under the name of a CSV": (b"PK\x03\x04\x14\x00\x06\x00\x08\x00!\x00\xff\xfe" * 20, {"FIL001"}),
    "a web page": (b"<!DOCTYPE html><html><body>Sign in</body></html>\n", {"FIL001"}),
}


def test_broken_files_among_many_of_the_same_header_harm_none_of_them(place: Place) -> None:
    good = [place.deliver("subgroups", {"s.csv": small.subgroups(n + 3)}, place.add(f"d{n}")) for n in range(6)]
    bad = {
        fault: place.deliver("subgroups", {"s.csv": content}, place.add(f"d{number}x"))
        for number, (fault, (content, _)) in enumerate(BROKEN.items())
    }
    landed = place.land()
    assert (sorted(landed.rejected), sorted(landed.pending)) == (sorted(bad.values()), sorted(good))
    assert {fault: place.codes(delivery) - {"EOF001"} for fault, delivery in bad.items()} == {
        fault: codes for fault, (_, codes) in BROKEN.items()
    }
    rows = place.ask("select delivery_id, count(*) from raw.subgroup_row group by all order by all")
    assert rows == [(delivery, n + 3) for n, delivery in enumerate(good)]


def test_a_file_that_duckdb_cannot_read_is_found_by_loading_one_by_one(place: Place) -> None:
    good = [place.deliver("subgroups", {"s.csv": small.subgroups(n + 3)}, place.add(f"d{n}")) for n in range(4)]
    bad = place.deliver("subgroups", {"s.csv": SUBGROUPS}, place.add("d1x"))

    def unreadable(real: Callable[..., Any], args: tuple[Any, ...], _: Mapping[str, Any]) -> object:
        if "district_id='d1x'" in repr(args):
            raise duckdb.InvalidInputException("as DuckDB says")
        return real(*args)

    with wrapped(load._insert, unreadable):
        landed = place.land()
    assert (landed.rejected, sorted(landed.pending)) == ([bad], sorted(good))
    assert place.codes(bad) == {"ROW004"}
    assert [place.raw_counts(delivery)["subgroup_row"] for delivery in good] == [n + 3 for n in range(4)]


def test_a_file_whose_rows_do_not_add_up_is_not_used(delivered: tuple[Place, str, str]) -> None:
    place, roster, subgroups = delivered

    def losing(
        real: Callable[..., dict[tuple[str, str], int]], args: tuple[Any, ...], _: Mapping[str, Any]
    ) -> dict[tuple[str, str], int]:
        rows = real(*args)
        return rows | {(subgroups, "s.csv"): rows[subgroups, "s.csv"] - 1}

    with wrapped(load.load_files, losing):
        landed = place.land()
    assert (landed.pending, landed.rejected) == ([roster], [subgroups])
    assert place.raw_counts(subgroups) == {}


def test_one_broken_file_of_a_roster_lands_none_of_its_files(place: Place) -> None:
    place.add()
    roster = place.deliver("roster", {"roster.zip": zip_of(ROSTER | {"classes.csv": "sourcedId\nc1\n"})})
    assert place.land().rejected == [roster]
    assert place.raw_counts(roster) == {}
    assert place.delivery(roster).record.files["users.csv"].landed == 0


def test_hundreds_of_files_of_one_header_are_loaded_in_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "FILES_A_STATEMENT", 7)
    deliveries = [place.deliver("subgroups", {"s.csv": small.subgroups(n + 1)}, place.add(f"d{n:02}")) for n in range(30)]
    place.land()
    counts = place.ask("select delivery_id, count(*) from raw.subgroup_row group by all order by all")
    assert counts == [(delivery, n + 1) for n, delivery in enumerate(deliveries)]


@pytest.mark.parametrize("size", [1, 2 * sum(map(len, ROSTER.values()))])
def test_no_more_is_unpacked_at_a_time_than_a_wave_and_what_is_landed_is_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for number in range(4):
        place.add(f"d{number}")
        place.deliver("roster", {"roster.zip": zip_of(small.roster(number + 8))}, f"d{number}")
        place.deliver("subgroups", {"s.csv": small.subgroups(number + 8)}, f"d{number}")
    unpacked: list[int] = []

    def look(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        unpacked.append(sum(file.stat().st_size for file in place.settings.paths.scratch.rglob("*") if file.is_file()))
        return real(*args, **kwargs)

    monkeypatch.setattr(waves, "_WAVE", size)
    with wrapped(load.load_files, look):
        landed = place.land()
    assert (len(landed.pending), landed.rows["users"], landed.rows["subgroup_row"]) == (8, 38, 38)
    counts = place.ask("select district_id, count(*) from raw.users group by all order by all")
    assert counts == [(f"d{number}", number + 8) for number in range(4)]
    largest = sum(len(text) for text in small.roster(11).values()) + len(zip_of(small.roster(11)))  # and the zip itself, unsealed
    assert len(unpacked) > 2
    assert 0 < max(unpacked) <= max(size, largest)


def test_rows_go_to_the_district_that_uploaded_them(place: Place) -> None:
    for district, students in (("alpha", 3), ("beta", 5)):
        place.add(district)
        place.deliver("roster", small.roster(students), district)
        place.deliver("subgroups", {"s.csv": small.subgroups(students)}, district)
    place.land()
    for table in ("users", "subgroup_row"):
        assert place.ask(f"select district_id, count(*) from raw.{table} group by all order by all") == [
            ("alpha", 3),
            ("beta", 5),
        ]


def test_a_file_past_its_retention_that_is_asked_for_again_stops_nobody(place: Place) -> None:
    """A rejected delivery whose bytes were purged is judged again when the settings change."""
    place.add("old", ell="other")
    old = place.deliver("subgroups", {"s.csv": SUBGROUPS}, "old")
    assert place.land().rejected == [old]
    (archived,) = [file for file in place.settings.paths.archive.rglob("*") if file.is_file()]
    archived.unlink()
    place.add("old")
    place.add("beta")
    new = place.deliver("subgroups", {"s.csv": small.subgroups(3)}, "beta")
    again = place.land()
    assert (again.pending, again.rejected) == ([new], [old])
    assert place.codes(old) == {"ARC001"}
    assert place.land().rejected == []
