"""The entry of `subgroups`: the commands and their help. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from subgroup_pipeline import __version__
from subgroup_pipeline.cli import deliveries, districts, mail, maintenance, mirror, releases, reports, students, users
from subgroup_pipeline.cli.audit import audit
from subgroup_pipeline.cli.check import check
from subgroup_pipeline.cli.export import export
from subgroup_pipeline.cli.output import errors_in_words, installation, print_json, print_table, say
from subgroup_pipeline.cli.sql import sql
from subgroup_pipeline.cli.status import status
from subgroup_pipeline.cli.upkeep import upkeep

app = typer.Typer(
    help="From a school district's nightly roster and subgroup files to reports that people trust.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(districts.app, name="district")
app.add_typer(deliveries.app, name="delivery")
app.add_typer(mail.app, name="mail")
app.add_typer(mirror.app, name="mirror")
app.add_typer(maintenance.publish_app, name="publish")
app.add_typer(releases.app, name="release")
app.add_typer(users.app, name="user")
app.add_typer(students.app, name="student")
for command in (
    audit,
    check,
    export,
    reports.report,
    sql,
    status,
    upkeep,
    maintenance.rebuild,
    maintenance.verify,
    maintenance.backup,
    maintenance.restore,
):
    app.command()(command)


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def demo() -> None:
    """Made-up districts upload over real SFTP, a night runs through Dagster; what came of it, and links to look around.

    Example: subgroups demo     (its own home, .subgroups-demo, and free ports)
    """
    from subgroup_pipeline.cli.demo import run_demo

    run_demo()


@app.command()
def up(only: Annotated[str | None, typer.Option(help="Only this part: sftp, portal or dagster.")] = None) -> None:
    """Run the SFTP server, the portal and Dagster (UI and daemon) in this terminal; Ctrl-C stops all.

    Example: subgroups up --only sftp
    """
    from subgroup_pipeline.cli.up import PARTS, run_up

    if only is not None and only not in PARTS:
        raise typer.BadParameter(f"choose one of {', '.join(PARTS)}", param_hint="--only")
    with installation() as (settings, registry):
        run_up(settings, registry, only)


@app.command()
def run(
    district: Annotated[list[str] | None, typer.Option(help="Only this district; may be given again.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for another run to end, and for uploads to settle.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON.")] = False,
) -> None:
    """Fetch, land, check, build and publish now: the Dagster job that the schedule runs.

    Exit 0: the night ran, whatever the verdicts. Example: subgroups run --district maple_valley
    """
    say("a night begins")  # before the libraries, whose import takes seconds
    from subgroup_pipeline.cli.run import run_now

    with installation() as (settings, registry):
        raise typer.Exit(run_now(settings, registry, district or [], wait=wait, as_json=as_json))


@app.command()
def doctor(
    settings_only: Annotated[bool, typer.Option("--settings", help="List every setting, its value and meaning.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is wrong with this installation, in words, with the mend. Exit 1 when something is.

    Example: subgroups doctor --settings
    """
    from subgroup_pipeline.desk.doctor import examine, list_settings

    if settings_only:
        found = list_settings()
        if as_json:
            print_json(found)
        else:
            print_table(["setting", "value", "meaning"], [[row.setting, row.value, row.meaning] for row in found])
        return
    complaints = examine()
    if as_json:
        print_json(complaints)
    else:
        for complaint in complaints:
            say(f"{complaint.level}: {complaint.what} {complaint.mend}".rstrip())
        if not complaints:
            typer.echo("nothing is wrong")
    raise typer.Exit(1 if any(complaint.level == "error" for complaint in complaints) else 0)


def main() -> None:
    """Run the command line."""
    with errors_in_words():
        app()
