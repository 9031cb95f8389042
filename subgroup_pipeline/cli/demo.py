"""`subgroups demo`: made-up districts upload over real SFTP, nights run through Dagster, and links let you look around."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from subgroup_pipeline.cli.output import installation, print_table, say
from subgroup_pipeline.errors import SubgroupsError
from subgroup_pipeline.settings import LOOPBACK

if TYPE_CHECKING:
    from subgroup_pipeline.demo.districts import SampleDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

HOME = ".subgroups-demo"
ENVIRONMENT = "environment"
_ACTOR = "demo"
_BROKEN = "cedar_falls_usd"

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
    environment = {"SUBGROUPS_HOME": str(home), "SUBGROUPS_SETTLE_SECONDS": "0"}
    for setting, usual in (("SFTP_PORT", 2022), ("WEB_PORT", 8080), ("DAGSTER_PORT", 3000)):
        environment[f"SUBGROUPS_{setting}"] = str(_free_port(usual))
    os.environ.update(environment)
    with installation() as (settings, registry):
        samples = _set_up(settings, registry)
        _nights(settings, registry, samples)
        _show(settings)
        # `make up` reads it, so that the links below lead to where the portal is; what people upload then has to settle.
        environment["SUBGROUPS_SETTLE_SECONDS"] = "5"
        (home / ENVIRONMENT).write_text("".join(f"{name}='{value}'\n" for name, value in environment.items()))
        _invite(settings, registry)


def _set_up(settings: Settings, registry: Registry) -> list[SampleDistrict]:
    from subgroup_pipeline.demo.districts import make_sample_districts
    from subgroup_pipeline.demo.past_nights import NIGHTS, lay_past_nights
    from subgroup_pipeline.demo.profiles import INVITED
    from subgroup_pipeline.districts.district_file import parse_district, read_district_file
    from subgroup_pipeline.districts.registered import apply_settings

    samples = make_sample_districts(settings.paths.root / "made-up districts")
    for sample in samples:
        apply_settings(registry, *read_district_file(sample.yaml_path), actor=_ACTOR)
    apply_settings(registry, parse_district(INVITED), INVITED, actor=_ACTOR)
    begun = time.monotonic()
    entered = sum(lay_past_nights(registry, settings, sample) for sample in samples)
    say(f"0. {NIGHTS} past nights are laid into archive and ledger: {entered} deliveries in {time.monotonic() - begun:.1f} s")
    return samples


def _nights(settings: Settings, registry: Registry, samples: list[SampleDistrict]) -> None:
    """One night of all, and another one in which a district's export is broken, so that something waits for a person."""
    from subgroup_pipeline.cli.run import run_now
    from subgroup_pipeline.cli.up import drop_server
    from subgroup_pipeline.demo.districts import make_broken_export
    from subgroup_pipeline.dropserver.server import running

    with running(drop_server(settings, registry)) as server:
        say(f"1. three districts upload to {server.host} port {server.port} over SFTP")
        begun = time.monotonic()
        for sample in samples:
            files = {"roster": sample.roster_files, "subgroups": sample.subgroup_files}
            sent = _upload(settings, registry, sample.district_id, files)
            say(f"   {sample.district_id:17} {sum(map(len, files.values()))} files, {sent / 1e6:.1f} MB")
        say(f"   in {time.monotonic() - begun:.1f} s\n2. one night through Dagster")
        _night(run_now(settings, registry, []))
        broken = next(sample for sample in samples if sample.district_id == _BROKEN)
        say(f"3. the next night {_BROKEN} sends a file in which all English learners are gone")
        _upload(settings, registry, _BROKEN, {"subgroups": [make_broken_export(broken)]})
        _night(run_now(settings, registry, [_BROKEN]))


def _night(status: int) -> None:
    if status != 0:
        raise SubgroupsError("a night of the demo failed; what is wrong stands above")


def _upload(settings: Settings, registry: Registry, district_id: str, files_of: dict[str, list[Path]]) -> int:
    """Upload as the district's own SFTP client would, with a key made for it; gives bytes."""
    import asyncssh
    import paramiko

    from subgroup_pipeline.districts.district_keys import authorize_keys

    key = asyncssh.generate_private_key("ssh-ed25519")
    authorize_keys(registry, [(district_id, key.export_public_key().decode())], actor=_ACTOR)
    private = settings.paths.keys / f"demo_{district_id}"
    key.write_private_key(str(private))
    client = paramiko.SSHClient()
    client.load_host_keys(str(settings.paths.keys / "known_hosts"))
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    sent = 0
    with client:
        client.connect(
            settings.sftp_host,
            settings.sftp_port,
            username=district_id,
            key_filename=str(private),
            allow_agent=False,
            look_for_keys=False,
        )
        with client.open_sftp() as sftp:
            for feed, files in files_of.items():
                for file in files:
                    sftp.put(str(file), f"inbox/{feed}/{file.name}", confirm=False)
                    sent += file.stat().st_size
    return sent


def _show(settings: Settings) -> None:
    from subgroup_pipeline.publish.reader import open_published

    say(f"4. the marts are in {settings.paths.published_database}")
    with open_published(settings) as connection:
        for title, query in _EXAMPLES:
            typer.echo(f'\n{title}\n  subgroups sql "{query}"')
            result = connection.execute(query)
            print_table([column[0] for column in result.description or []], result.fetchall())


def _invite(settings: Settings, registry: Registry) -> None:
    """Let people in: one of the staff, one of a district that is fine, and a district that sets itself up."""
    from subgroup_pipeline.access.people import described, keep_person
    from subgroup_pipeline.desk.invitations import invite
    from subgroup_pipeline.desk.sign_in_links import sign_in_link

    people = [described("staff@vendor.example", "vendor"), described("data@maple-valley.example", "district", "maple_valley")]
    with registry.begin() as session:
        for person in people:
            keep_person(session, person, actor=_ACTOR)
    staff, clerk = (sign_in_link(settings, registry, person.email, actor=_ACTOR).url for person in people)
    invited, _ = invite(registry, settings, "juniper_flats", by=_ACTOR)
    say(
        f"\nNow `make up` starts everything on this home: portal {settings.portal_url}, Dagster "
        f"http://{LOOPBACK}:{settings.dagster_port}. Each of these links works once:"
    )
    typer.echo(f"  staff; {_BROKEN} waits for your decision       {staff}")
    typer.echo(f"  maple_valley; everything is published                 {clerk}")
    typer.echo(f"  juniper_flats; invited, and not set up yet            {invited.url}")


def _free_port(usual: int) -> int:
    """The usual port where it is free, else any."""
    import socket

    from subgroup_pipeline.desk.ports import taken_by

    if not taken_by(LOOPBACK, usual):
        return usual
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
