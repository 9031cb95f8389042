"""`subgroups demo`: made-up districts upload over real SFTP, one night runs through Dagster, and the result is shown."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from subgroup_pipeline.cli.output import installation, print_table, say
from subgroup_pipeline.errors import SubgroupsError

if TYPE_CHECKING:
    from subgroup_pipeline.demo.districts import SampleDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

HOME = ".subgroups-demo"

_EXAMPLES = (
    (
        "English learners, by district",
        (
            "select district_id, value, student_count, round(100 * student_share, 1) as percent "
            "from marts.rpt_district_subgroup where subgroup = 'english_learner' order by district_id, student_count desc"
        ),
    ),
    (
        "Schools with the largest share of students with disabilities",
        (
            "select district_id, school_name, student_count, total_students, round(100 * student_share, 1) as percent "
            "from marts.rpt_school_subgroup where subgroup = 'students_with_disabilities' and value = 'yes' "
            "order by student_share desc limit 5"
        ),
    ),
    (
        "What the districts should mend",
        (
            "select district_id, severity, code, file, line, count, message from quality.finding "
            "where severity <> 'info' order by district_id, code limit 12"
        ),
    ),
)


def run_demo() -> None:
    """Run it from scratch in its own home. Raises SubgroupsError when the night fails."""
    home = Path(HOME).absolute()
    shutil.rmtree(home, ignore_errors=True)
    os.environ["SUBGROUPS_HOME"] = str(home)
    os.environ["SUBGROUPS_SETTLE_SECONDS"] = "0"
    os.environ["SUBGROUPS_SFTP_PORT"] = str(_free_port())
    with installation() as (settings, registry):
        samples = _set_up(settings, registry)
        _night(settings, registry, samples)
        _show(settings)


def _set_up(settings: Settings, registry: Registry) -> list[SampleDistrict]:
    from subgroup_pipeline.demo.districts import make_sample_districts
    from subgroup_pipeline.districts.district_file import read_district_file
    from subgroup_pipeline.districts.registered import apply_settings

    samples = make_sample_districts(settings.paths.root / "made-up districts")
    for sample in samples:
        apply_settings(registry, *read_district_file(sample.yaml_path), actor="demo")
    return samples


def _night(settings: Settings, registry: Registry, samples: list[SampleDistrict]) -> None:
    from subgroup_pipeline.cli.run import run_now
    from subgroup_pipeline.cli.up import drop_server
    from subgroup_pipeline.dropserver.server import running

    with running(drop_server(settings, registry)) as server:
        say(f"1. three districts upload to {server.host} port {server.port} over SFTP")
        begun = time.monotonic()
        for sample in samples:
            sent = _upload(settings, registry, sample)
            say(f"   {sample.district_id:17} {len(sample.roster_files) + len(sample.subgroup_files)} files, {sent / 1e6:.1f} MB")
        say(f"   in {time.monotonic() - begun:.1f} s\n2. one night through Dagster")
        if run_now(settings, registry, []) != 0:
            raise SubgroupsError("the night of the demo failed; what is wrong stands above")


def _upload(settings: Settings, registry: Registry, sample: SampleDistrict) -> int:
    """Upload as the district's own SFTP client would, with a key made for it; gives bytes."""
    import asyncssh
    import paramiko

    from subgroup_pipeline.districts.district_keys import authorize_keys

    key = asyncssh.generate_private_key("ssh-ed25519")
    authorize_keys(registry, [(sample.district_id, key.export_public_key().decode())], actor="demo")
    private = settings.paths.keys / f"demo_{sample.district_id}"
    key.write_private_key(str(private))
    client = paramiko.SSHClient()
    client.load_host_keys(str(settings.paths.keys / "known_hosts"))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    sent = 0
    with client:
        client.connect(
            settings.sftp_host,
            settings.sftp_port,
            username=sample.district_id,
            key_filename=str(private),
            allow_agent=False,
            look_for_keys=False,
        )
        with client.open_sftp() as sftp:
            for feed, files in (("roster", sample.roster_files), ("subgroups", sample.subgroup_files)):
                for file in files:
                    sftp.put(str(file), f"inbox/{feed}/{file.name}", confirm=False)
                    sent += file.stat().st_size
    return sent


def _show(settings: Settings) -> None:
    from subgroup_pipeline.publish.reader import open_published

    say(f"3. the marts are in {settings.paths.published_database}")
    with open_published(settings) as connection:
        for title, query in _EXAMPLES:
            typer.echo(f'\n{title}\n  subgroups sql "{query}"')
            result = connection.execute(query)
            print_table([column[0] for column in result.description or []], result.fetchall())
    say(f"\nLook around: SUBGROUPS_HOME={HOME} .venv/bin/subgroups up --only dagster, or … sql, … delivery list, … district list")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
