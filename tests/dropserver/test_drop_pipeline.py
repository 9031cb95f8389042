"""What the pipeline's own account may do on the server, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from tests.dropserver.world import Client, World, open_world

CSV = b"student_id,ell\r\n0001,y\r\n"


def test_the_pipeline_takes_from_inboxes_and_gives_to_outboxes(world: World) -> None:
    with world.sftp("alpha") as alpha, world.sftp("beta"):
        with alpha.open("inbox/roster/x.csv", "w") as file:
            file.write(CSV)
        alpha.open("check/y.csv", "w").close()
        (world.root / "Not A District").mkdir()
        with world.sftp("_pipeline") as pipeline:
            assert pipeline.listdir("/") == ["alpha", "beta"]
            assert pipeline.open("/alpha/inbox/roster/x.csv").read() == CSV
            pipeline.remove("/alpha/inbox/roster/x.csv")
            pipeline.remove("alpha/check/y.csv")
            with pipeline.open("/alpha/outbox/report.part", "w") as file:
                file.write(b"report")
            pipeline.posix_rename("/alpha/outbox/report.part", "/alpha/outbox/report.html")
            assert alpha.listdir("inbox/roster") == []
            assert alpha.open("outbox/report.html").read() == b"report"
            assert pipeline.open("/alpha/outbox/report.html").read() == b"report"
            # What is older than a report is kept leaves the outbox; the district itself changes nothing in it.
            for change in (lambda: alpha.remove("outbox/report.html"), lambda: alpha.open("outbox/report.html", "w")):
                with pytest.raises(PermissionError):
                    change()
            pipeline.remove("/alpha/outbox/report.html")
            assert alpha.listdir("outbox") == []


def test_the_pipeline_keeps_an_outbox_in_folders(world: World) -> None:
    with world.sftp("alpha") as alpha, world.sftp("_pipeline") as pipeline:
        pipeline.mkdir("/alpha/outbox/2026-10-01")
        with pipeline.open("/alpha/outbox/2026-10-01/roster.html", "w") as file:
            file.write(b"report")
        assert alpha.listdir("outbox") == ["2026-10-01"]
        assert alpha.open("outbox/2026-10-01/roster.html").read() == b"report"
        with pytest.raises(PermissionError):
            alpha.mkdir("outbox/x")
        with pytest.raises(PermissionError):
            alpha.rmdir("outbox/2026-10-01")
        with pytest.raises(OSError, match=r"(?i)not empty|failure"):
            pipeline.rmdir("/alpha/outbox/2026-10-01")
        pipeline.remove("/alpha/outbox/2026-10-01/roster.html")
        pipeline.rmdir("/alpha/outbox/2026-10-01")
        assert alpha.listdir("outbox") == []


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("open", ("/alpha/inbox/roster/new.csv", "w")),
        ("open", ("/alpha/check/new.csv", "w")),
        ("open", ("/alpha/new.csv", "w")),
        ("open", ("/new.csv", "w")),
        ("open", ("/gamma/outbox/new.csv", "w")),
        ("open", ("/../keys/pipeline", "r")),
        ("open", ("../secret.txt", "r")),
        ("open", ("/_pipeline/outbox/x", "w")),
        ("remove", ("/alpha/outbox",)),
        ("remove", ("/alpha/inbox/roster",)),
        ("rename", ("/alpha/outbox/report.html", "/beta/outbox/report.html")),
        ("rename", ("/alpha/inbox/roster/x.csv", "/alpha/outbox/x.csv")),
        ("rename", ("/alpha/inbox/roster/x.csv", "/alpha/inbox/roster/y.csv")),
        ("posix_rename", ("/alpha/outbox/report.html", "/alpha/inbox/roster/x.csv")),
        ("mkdir", ("/gamma",)),
        ("mkdir", ("/alpha/inbox/roster/sub",)),
        ("rmdir", ("/alpha/check",)),
        ("rmdir", ("/alpha/outbox",)),
        ("symlink", ("/alpha/inbox/roster/x.csv", "/alpha/outbox/x.csv")),
        ("listdir", ("/gamma",)),
        ("listdir", ("/_pipeline",)),
    ],
)  # fmt: skip
def test_the_pipeline_does_nothing_else(
    pipeline_world: tuple[World, paramiko.SFTPClient], operation: str, arguments: tuple[str, ...]
) -> None:
    _, pipeline = pipeline_world
    with pytest.raises(OSError):  # noqa: PT011
        getattr(pipeline, operation)(*arguments)
    assert pipeline.open("/alpha/outbox/report.html").read() == b"report"
    assert pipeline.open("/alpha/inbox/roster/x.csv").read() == CSV


@pytest.fixture(scope="module")
def pipeline_world(
    tmp_path_factory: pytest.TempPathFactory, keys_dir: Path, clients: dict[str, Client]
) -> Iterator[tuple[World, paramiko.SFTPClient]]:
    with open_world(tmp_path_factory.mktemp("home"), keys_dir, clients) as world:
        (world.home / "secret.txt").write_bytes(CSV)
        with world.sftp("alpha") as alpha, world.sftp("beta"), world.sftp("_pipeline") as pipeline:
            with alpha.open("inbox/roster/x.csv", "w") as file:
                file.write(CSV)
            with pipeline.open("/alpha/outbox/report.html", "w") as file:
                file.write(b"report")
            yield world, pipeline


def test_the_pipeline_pins_the_server_by_known_hosts(world: World) -> None:
    ring = world.server.keyring
    assert ring is not None
    client = paramiko.SSHClient()
    client.load_host_keys(str(ring.known_hosts))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    try:
        client.connect(
            "127.0.0.1",
            world.server.port,
            "_pipeline",
            key_filename=str(ring.pipeline_key),
            allow_agent=False,
            look_for_keys=False,
        )
        assert client.open_sftp().listdir("/") == []
    finally:
        client.close()
