"""The sensor: one run for everything that has settled, never twice for the same files, and a loud tick when a key changed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import asyncssh
import dagster as dg
import pytest

from subgroup_pipeline.intake.sources.sftp_server import HostKeyError
from subgroup_pipeline.orchestration.build import build_defs
from subgroup_pipeline.orchestration.night_runs import night_config
from subgroup_pipeline.orchestration.triggers import build_sensor
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in

DISTRICTS = ("ash", "birch", "cedar")


@pytest.fixture
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installation_in(tmp_path_factory.mktemp("sensor") / "home", settle_seconds="60") as installation:
        for district in (*DISTRICTS, "never"):
            installation.apply(small.settings(district))
        yield installation


@pytest.fixture
def sensor(waiting: Installation) -> dg.SensorDefinition:
    @dg.job
    def night() -> None: ...

    return build_sensor(night, waiting.settings)  # type: ignore[arg-type]


def _tick(sensor: dg.SensorDefinition, cursor: str | None = None) -> dg.SensorResult | dg.SkipReason:
    with dg.instance_for_test() as instance, dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        said = sensor(context)
        assert isinstance(said, dg.SensorResult | dg.SkipReason)
        return said


def _upload(installation: Installation, district: str, name: str = "subgroups.csv", *, age: float = 120) -> None:
    installation.drop(district, "subgroups", {name: small.subgroups()})
    then = time.time() - age
    os.utime(installation.settings.paths.sftp / district / "inbox" / "subgroups" / name, (then, then))


def test_the_life_of_the_sensor(waiting: Installation, sensor: dg.SensorDefinition) -> None:
    """Nothing, still being written, three districts, the same again, one more file."""
    nothing = _tick(sensor)
    assert isinstance(nothing, dg.SkipReason)

    _upload(waiting, "ash", age=5)
    writing = _tick(sensor)
    assert isinstance(writing, dg.SkipReason)

    for district in DISTRICTS:
        _upload(waiting, district)
    _upload(waiting, "never", "late.csv.filepart")
    settled = _tick(sensor)
    assert isinstance(settled, dg.SensorResult)
    (request,) = settled.run_requests or []
    assert request.run_config == night_config(DISTRICTS, wait=True)
    assert request.run_key

    again = _tick(sensor, settled.cursor)
    assert isinstance(again, dg.SkipReason)
    assert "3 districts" in (again.skip_message or "")

    _upload(waiting, "birch", "second.csv")
    more = _tick(sensor, settled.cursor)
    assert isinstance(more, dg.SensorResult)
    (second,) = more.run_requests or []
    assert second.run_key != request.run_key
    assert more.cursor != settled.cursor


def test_a_settled_file_in_check_starts_a_run(waiting: Installation, sensor: dg.SensorDefinition) -> None:
    folder = waiting.settings.paths.sftp / "cedar" / "check"
    folder.mkdir(mode=0o700, parents=True)
    (folder / "s.csv").write_text(small.subgroups())
    assert isinstance(_tick(sensor), dg.SkipReason)
    then = time.time() - 120
    os.utime(folder / "s.csv", (then, then))
    said = _tick(sensor)
    assert isinstance(said, dg.SensorResult)
    (request,) = said.run_requests or []
    assert request.run_config == night_config(["cedar"], wait=True)
    assert isinstance(_tick(sensor, said.cursor), dg.SkipReason)


def test_what_a_run_is_asked_for_is_what_the_job_takes(sensor: dg.SensorDefinition, waiting: Installation) -> None:
    _upload(waiting, "ash")
    said = _tick(sensor)
    assert isinstance(said, dg.SensorResult)
    (request,) = said.run_requests or []
    job = build_defs(waiting.settings).resolve_job_def("night")
    assert dg.validate_run_config(job, request.run_config)["resources"]["districts"]["config"] == {"only": ["ash"]}


def test_files_that_wait_for_others_do_not_start_a_run_each_minute(waiting: Installation, sensor: dg.SensorDefinition) -> None:
    """Only what a run could take should start one: a loose roster whose manifest announces more files is not ready."""
    files = small.roster()
    del files["users.csv"]
    waiting.drop("ash", "roster", files)
    inbox = waiting.settings.paths.sftp / "ash" / "inbox" / "roster"
    then = time.time() - 120
    for path in inbox.iterdir():
        os.utime(path, (then, then))
    first = _tick(sensor)
    cursor = first.cursor if isinstance(first, dg.SensorResult) else None
    assert isinstance(_tick(sensor, cursor), dg.SkipReason)


def test_a_changed_host_key_fails_the_tick(waiting: Installation, sensor: dg.SensorDefinition) -> None:
    _upload(waiting, "ash")
    known = waiting.settings.paths.keys / "known_hosts"
    names = {line.split()[0] for line in known.read_text().splitlines() if line.strip()}
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()
    known.write_text("".join(f"{name} {other[0]} {other[1]}\n" for name in sorted(names)))
    with pytest.raises(HostKeyError, match="host key"):
        _tick(sensor)


def test_a_server_that_does_not_answer_is_no_reason_to_fail(waiting: Installation, sensor: dg.SensorDefinition) -> None:
    waiting._stack.close()
    assert isinstance(_tick(sensor), dg.SkipReason)
