"""A file whose ids are another district's: rejected, audited, and nobody is told whose it is."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from subgroup_pipeline.registry.schema import AuditEvent
from tests.quality.subgroup_world import World, roster, rows, settings, text

ROSTERS = {"aspen": "a{:04}", "birch": "b{:04}", "cedar": "{:05}", "dogwood": "d{:04}", "elder": "e{:04}", "fir": "f{:04}"}
FILES = {
    "aspen": text(rows(key="b{:04}")),  # wholly birch's
    "birch": text([*rows(60, "b{:04}"), *rows(40, "a{:04}")]),  # more than half is its own
    "cedar": text(rows(key="{}")),  # its own, without zeros
    "dogwood": text([*rows(10, "d{:04}"), *rows(79, "a{:04}"), *rows(11, "nobody{}")]),  # 79 of 100 are aspen's
    "elder": text([*rows(10, "e{:04}"), *rows(90, "a{:04}")]),
    "fir": text(rows(5, "a{:04}")),  # too few to tell
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World.at(tmp_path_factory.mktemp("wrong"))
    for district, key in ROSTERS.items():
        made.apply(settings(district))
        made.deliver("roster", roster(key), district)
        made.sent[district] = made.deliver("subgroups", {"subgroups.csv": FILES[district]}, district)
    made.apply(settings("gum", matches="users.username"))  # has birch's identifiers too, but matches by user name
    made.deliver("roster", roster("b{:04}"), "gum")
    made.judge()
    return made


@pytest.mark.parametrize(
    ("district", "state", "codes"),
    [
        ("aspen", "rejected", {"SUB503", "SUB518"}),
        ("birch", "held", {"SUB503", "SUB508", "SUB507"}),
        ("cedar", "rejected", {"SUB503", "SUB514"}),
        ("dogwood", "held", {"SUB503", "SUB508", "SUB507"}),
        ("elder", "rejected", {"SUB503", "SUB518"}),
        ("fir", "held", {"SUB503", "SUB508", "SUB520"}),
    ],
)
def test_a_file_is_refused_when_it_is_not_ours_and_is_anothers(world: World, district: str, state: str, codes: set[str]) -> None:
    delivery = world.delivery(world.sent[district])
    assert ({f.code for f in delivery.findings}, delivery.state) == (codes, state)


def test_the_audit_log_says_whose_file_it_is(world: World) -> None:
    with world.registry.begin() as session:
        events = session.scalars(sa.select(AuditEvent).filter_by(kind="security.wrong_district")).all()
    assert {event.district_id: event.detail for event in events} == {
        "aspen": {"student_ids": 100, "matched": 0, "matched_elsewhere": {"birch": 100}},
        "elder": {"student_ids": 100, "matched": 10, "matched_elsewhere": {"aspen": 90}},
    }
    assert [event.delivery_id for event in events] == [world.sent["aspen"], world.sent["elder"]]


def test_the_district_is_not_told_whose_file_it_is(world: World) -> None:
    for district, delivery_id in world.sent.items():
        for finding in world.delivery(delivery_id).findings:
            said = f"{finding.message} {finding.how_to_fix}"
            assert [other for other in ROSTERS if other != district and other in said] == []


def test_the_finding_has_count_column_and_limit(world: World) -> None:
    finding = world.findings(world.sent["elder"])["SUB518"]
    assert (finding.file, finding.column, finding.count) == ("subgroups.csv", "student_id", 90)
    assert "10 of 100 are; at least 50% (our default) should be." in finding.message
