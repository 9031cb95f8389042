"""`subgroups district propose`: settings for a new district, from a sample of its files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import print_json, say

Sample = Annotated[Path, typer.Argument(metavar="FILE", help="A sample of the subgroup file.", exists=True, dir_okay=False)]


def propose(
    file: Sample,
    roster: Annotated[
        Path | None, typer.Option(help="The roster: a zip, or a directory of OneRoster CSV files.", exists=True)
    ] = None,
    district: Annotated[str, typer.Option(help="The district's key; default: from the roster's name of the district.")] = "",
    name: Annotated[str, typer.Option(help="The district's name; default: from the roster.")] = "",
    timezone: Annotated[str, typer.Option(help="Its time zone, for example America/Chicago.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found, the questions and the YAML as JSON.")] = False,
) -> None:
    """Print a settings file proposed from a sample: columns, values, and the roster field that the IDs equal.

    What is not certain stands there as a QUESTION and is left out. Nothing is registered, and nothing of the files is kept.

    Example: subgroups district propose subgroups.csv --roster roster.zip > maple_valley.yml
    """
    from subgroup_pipeline.desk.proposal.proposal import Identity
    from subgroup_pipeline.desk.proposal.proposal import propose as made_from
    from subgroup_pipeline.errors import SettingsError
    from subgroup_pipeline.settings import load_settings, private_umask

    private_umask()
    try:
        proposal = made_from(load_settings(), file, roster, Identity(district, name, timezone))
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error
    if as_json:
        print_json(proposal)
        return
    typer.echo(proposal.yaml, nl=False)
    asked = len(proposal.questions)
    say(f"{asked} question{'s' if asked != 1 else ''}: look for QUESTION in the text." if asked else "Nothing is in question.")
