"""Each finding about a subgroup file as a whole: code, verdict, count, line, column and numbers in its words, from real bytes."""

from __future__ import annotations

import pytest

from subgroup_pipeline.findings.catalogue import catalogue
from subgroup_pipeline.landing.failing_rows import kept_failing_rows
from subgroup_pipeline.registry.delivery_record import ChangedStudents
from tests.quality.subgroup_cases import CASES, CLEAN, with_cell, with_users
from tests.quality.subgroup_world import HEADER, World, roster, rows, settings, text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World.at(tmp_path_factory.mktemp("subgroups"))
    for name, case in CASES.items():
        made.apply(settings(name, case.guards))
        made.deliver("roster", case.roster, name)
        if case.after:
            made.deliver("subgroups", {"subgroups.csv": case.after}, name)
    made.judge()
    made.sent = {name: made.deliver("subgroups", {"subgroups.csv": case.file}, name) for name, case in CASES.items()}
    made.judge()
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_file_has_its_findings_and_no_others(world: World, name: str) -> None:
    case = CASES[name]
    delivery = world.delivery(world.sent[name])
    assert [(f.code, f.line, f.column, f.count) for f in delivery.findings] == case.found
    assert delivery.state == case.state
    assert {f.file for f in delivery.findings} <= {"subgroups.csv"}
    words = " ".join(finding.message for finding in delivery.findings)
    assert [said for said in case.says if said not in words] == []


def test_a_file_that_is_mended_as_the_finding_says_is_taken(world: World) -> None:
    mends = {
        "decimals_without_zeros": CLEAN,
        "other_field": CLEAN,
        "few_changed": CLEAN,
        "blank_words": with_cell(3, "", range(20)),
    }
    sent = {name: world.deliver("subgroups", {"mended.csv": file}, name) for name, file in mends.items()}
    world.judge()
    for delivery_id in sent.values():
        assert (world.delivery(delivery_id).state, world.findings(delivery_id).keys() & {"SUB503", "SUB549"}) == (
            "accepted",
            set(),
        )


@pytest.mark.parametrize(
    ("district", "users", "codes", "column", "says"),
    [
        ("held", roster(), {"FST701"}, None, "The roster came and waits for a person to look at it."),
        (
            "no_role",
            with_users(lambda line: line.replace(",student,", ",pupil,")),
            {"STU601", "VOC203"},
            "role",
            "was rejected",
        ),
        ("left", with_users(lambda line: line.replace(",,,", ",tobedeleted,,", 1)), {"STU601"}, "status", "was rejected"),
    ],
)
def test_a_file_says_what_its_roster_waits_for_and_a_refused_roster_waits_for_nobody(
    world: World, district: str, users: dict[str, str], codes: set[str], column: str | None, says: str
) -> None:
    world.apply(settings(district).replace("first_delivery: accept", "first_delivery: review"))
    sent = world.deliver("roster", users, district)
    waiting = world.deliver("subgroups", {"subgroups.csv": CLEAN}, district)
    world.judge()
    found = world.findings(sent)
    assert codes <= found.keys()
    assert ("FST701" in found) == (column is None)
    assert [one.column for code, one in found.items() if code == "STU601"] == ([column] if column else [])
    assert says in world.findings(waiting)["SUB509"].message


def test_students_who_are_not_in_the_file_are_named_by_their_ids(world: World) -> None:
    delivery = world.delivery(world.sent["excel_wreck"])
    kept = [row for row in kept_failing_rows(world.settings.paths, delivery) if row.code == "SUB507"]
    assert [(row.file, row.line, row.record, row.row_key) for row in kept] == [
        ("subgroups.csv", None, None, key) for key in ("00000", "00001", "00002")
    ]


def test_the_ledger_counts_students_that_are_new_changed_and_gone(world: World) -> None:
    """Columns in another order are no change; equal rows count once."""
    columns = [0, 3, 2, 1]
    reordered = [[row[n] for n in columns] for row in [["00200", "n", "n", "Karen"], *rows()[2:], rows()[-1]]]
    reordered[1][3] = "y"
    world.apply(settings("counted"))
    world.deliver("roster", roster(), "counted")
    first = world.deliver("subgroups", {"1.csv": CLEAN}, "counted")
    world.judge()
    header = ",".join(HEADER.split(",")[n] for n in columns)
    second = world.deliver("subgroups", {"2.csv": text(reordered, header)}, "counted")
    world.judge()
    assert world.delivery(first).record.changes is None
    assert world.delivery(second).record.changes == ChangedStudents(new=1, changed=1, removed=2)


def test_no_finding_says_what_stands_in_a_cell(world: World) -> None:
    texts = {"Maybe", "Karen", "Spanish", "SPA", "note", "#N/A", "#REF!", "00003", "x1"}
    for name in CASES:
        for finding in world.delivery(world.sent[name]).findings:
            assert [text for text in texts if text in finding.message] == [], finding.code


def test_every_code_about_a_file_as_a_whole_is_planted() -> None:
    planted = {code for case in CASES.values() for code, *_ in case.found}
    # test_codes, test_subgroup_owner, tests of the night
    elsewhere = {"SUB504", "SUB509", "SUB518", "SUB530", "SUB531", "SUB532"}
    assert {code for code in catalogue() if code.startswith("SUB")} - planted == elsewhere
