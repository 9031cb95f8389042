"""The sensor of checks that districts ask for: one question while nobody asks, one run when the files are complete."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.asked_check import PATIENCE
from subgroup_pipeline.orchestration.night_runs import night_config
from subgroup_pipeline.orchestration.triggers import build_asked_sensor
from subgroup_pipeline.registry.asked_checks import ask_check, note_started
from subgroup_pipeline.registry.schema import AskedCheck
from tests.support import small_district as small
from tests.support.place import Place
from tests.support.registry_statements import statements


@pytest.fixture
def two(place: Place) -> Place:
    for district in ("ash", "birch"):
        place.add(district)
    return place


@pytest.fixture
def sensor(two: Place) -> dg.SensorDefinition:
    @dg.job
    def night() -> None: ...

    return build_asked_sensor(night, two.settings)  # type: ignore[arg-type]


def _tick(sensor: dg.SensorDefinition, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    with dg.build_sensor_context(cursor=cursor) as context:
        said = sensor(context)
        assert isinstance(said, dg.SensorResult | dg.SkipReason)
        return said


def _put(place: Place, district: str, name: str, *, age: float) -> Path:
    """A file as an upload left it so many seconds ago."""
    path = place.settings.paths.sftp / district / "inbox" / "subgroups" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(small.subgroups())
    then = time.time() - age
    os.utime(path, (then, then))
    return path


def test_while_nobody_asks_one_indexed_question_is_put(two: Place, sensor: dg.SensorDefinition) -> None:
    with statements() as said:
        assert _tick(sensor).skip_message == "nobody asked"  # type: ignore[union-attr]
    questions = [
        (text, values) for text, values in said if re.search(r"from (asked_check|district|delivery)", text, re.IGNORECASE)
    ]
    assert len(questions) == 1
    with two.registry.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"explain query plan {questions[0][0]}", questions[0][1]).all()
    assert "ix_asked_check_started" in str(plan)


def test_a_run_starts_once_when_the_files_stand_unchanged(two: Place, sensor: dg.SensorDefinition) -> None:
    changing = _put(two, "ash", "s.csv", age=5)
    assert ask_check(two.registry, "ash", by="data@ash.example")
    assert not ask_check(two.registry, "ash", by="data@ash.example"), "a second click changes nothing"
    assert isinstance(_tick(sensor), dg.SkipReason)

    os.utime(changing, (time.time() - 61, time.time() - 61))
    said = _tick(sensor)
    assert isinstance(said, dg.SensorResult)
    (request,) = said.run_requests or []
    assert request.run_config == night_config(["ash"], wait=True)
    assert request.tags["trigger"] == "asked"
    assert isinstance(_tick(sensor, said.cursor), dg.SkipReason), "its run was started"

    ask_check(two.registry, "birch", by="data@birch.example")
    other = _tick(sensor, said.cursor)
    assert isinstance(other, dg.SensorResult)
    assert [one.run_config for one in other.run_requests or []] == [night_config(["birch"], wait=True)]

    note_started(two.registry, ["ash", "birch"], datetime.now(UTC))
    assert _tick(sensor, other.cursor).skip_message == "nobody asked"  # type: ignore[union-attr]


def test_a_file_that_never_ends_does_not_keep_a_check_waiting_for_ever(two: Place, sensor: dg.SensorDefinition) -> None:
    _put(two, "ash", "s.csv.filepart", age=3600)
    ask_check(two.registry, "ash", by="data@ash.example")
    assert isinstance(_tick(sensor), dg.SkipReason)
    with two.registry.begin() as session:
        session.execute(sa.update(AskedCheck).values(asked_at=datetime.now(UTC) - PATIENCE - timedelta(seconds=1)))
    assert isinstance(_tick(sensor), dg.SensorResult)


def test_who_asked_while_a_run_was_fetching_is_not_taken_for_served(two: Place) -> None:
    began = datetime.now(UTC)
    ask_check(two.registry, "ash", by="data@ash.example")
    note_started(two.registry, ["ash"], began)
    with two.registry.begin() as session:
        assert session.get_one(AskedCheck, "ash").started_at is None
