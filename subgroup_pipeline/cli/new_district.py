"""`subgroups district new`: a commented YAML to fill in, and which files the district has to export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import say


def new(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="Its key: lower case, digits and _; also its SFTP account.")],
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the file instead of writing ID.yml.")] = False,
) -> None:
    """Write a commented settings file to fill in, ID.yml, and say which files the district has to export.

    Example: subgroups district new maple_valley
    """
    from subgroup_pipeline.desk.new_district import settings_template
    from subgroup_pipeline.errors import SettingsError

    try:
        text = settings_template(district_id)
    except SettingsError as error:
        raise typer.BadParameter(str(error), param_hint="ID") from error
    if stdout:
        typer.echo(text, nl=False)
        return
    target = Path(f"{district_id}.yml")
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise typer.BadParameter(f"{target} exists and is left as it is; --stdout prints the file", param_hint="ID") from error
    say(f"{target} is written. Fill in what stands between < and >; it also says which roster files are needed.")
    say(f"Then: subgroups district apply {target}")
