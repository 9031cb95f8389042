"""`subgroups check`: what would happen to a file, without delivering it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.deliveries import print_contents
from subgroup_pipeline.cli.output import installation, print_json, say

if TYPE_CHECKING:
    from rich.status import Status

    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.registry.ledger import Feed
    from subgroup_pipeline.rehearsal.rehearse import Rehearsal


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A zip, a CSV, or a directory of OneRoster CSVs.", exists=True)],
    district: Annotated[str, typer.Option(help="Whose file it is.")],
    feed: Annotated[str | None, typer.Option(help="roster or subgroups; default: guessed from the name.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, as `delivery show` does.")] = False,
) -> None:
    """Say what would happen to a file, without delivering it. Exit 1 when it would be held or rejected.

    Example: subgroups check subgroups.csv --district maple_valley
    """
    from subgroup_pipeline.intake.sources.listing import inbox_directory
    from subgroup_pipeline.intake.sources.offered import LocalFiles
    from subgroup_pipeline.rehearsal.rehearse import NotTakenError, rehearse

    with installation() as (settings, registry):
        whose = _district(registry, district)
        paths = sorted(p for p in file.iterdir() if p.suffix.casefold() == ".csv") if file.is_dir() else [file]
        of_feed = _feed(paths, whose, feed, is_directory=file.is_dir())
        offered = LocalFiles(inbox_directory(whose.settings, of_feed), paths)
        try:
            with _spinner():
                rehearsal = rehearse(registry, settings, whose, of_feed, offered)
        except NotTakenError as error:
            raise typer.BadParameter(str(error), param_hint="FILE") from error
    if as_json:
        print_json(rehearsal.described())
    else:
        _print(rehearsal)
    raise typer.Exit(0 if rehearsal.would_be_used else 1)


def _district(registry: Registry, district_id: str) -> RegisteredDistrict:
    """The district; an unknown one is a wrong use here, since status 1 speaks of the file."""
    from subgroup_pipeline.districts.registered import registered_district
    from subgroup_pipeline.errors import UnknownDistrictError

    try:
        return registered_district(registry, district_id)
    except UnknownDistrictError as error:
        raise typer.BadParameter(str(error), param_hint="--district") from error


def _feed(paths: list[Path], district: RegisteredDistrict, asked: str | None, *, is_directory: bool) -> Feed:
    from subgroup_pipeline.rehearsal.rehearse import guess_feed

    if not paths:
        raise typer.BadParameter("the directory holds no .csv file", param_hint="FILE")
    if asked not in (None, "roster", "subgroups"):
        raise typer.BadParameter("choose one of roster, subgroups", param_hint="--feed")
    if asked == "subgroups" and not district.settings.has_subgroup_file:
        said = f"{district.district_id} has no subgroup file in its settings"
        raise typer.BadParameter(said, param_hint="--feed")
    if asked == "subgroups" and is_directory:
        raise typer.BadParameter("a subgroup file is one file, not a directory", param_hint="FILE")
    if asked is None and is_directory:
        return "roster"
    return guess_feed([path.name for path in paths], district) if asked is None else asked  # type: ignore[return-value]


def _print(rehearsal: Rehearsal) -> None:
    from subgroup_pipeline.desk.deliveries import as_shown
    from subgroup_pipeline.rehearsal.rehearse import NOT_CHECKED

    typer.echo(f"{rehearsal.district_id}, {rehearsal.feed}: {rehearsal.outcome}")
    print_contents(as_shown(rehearsal.delivery))
    for words in NOT_CHECKED:
        say(f"not checked: {words}")


def _spinner() -> Status:
    from rich.console import Console

    return Console(stderr=True).status("checking: the night's own rules, in a home that is thrown away")
