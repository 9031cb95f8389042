"""`subgroups report`: the error report of a delivery, as the district gets it."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, say


class Form(StrEnum):
    """What a report can be printed as."""

    HTML = "html"
    XLSX = "xlsx"
    CSV = "csv"
    JSON = "json"


def report(
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, or the beginning of it.")],
    form: Annotated[Form, typer.Option("--format", help="html, xlsx, csv or json.")] = Form.HTML,
    output: Annotated[Path | None, typer.Option(help="A file to write it to; without it the report goes to stdout.")] = None,
) -> None:
    """Print the error report of a delivery: what became of it, what to fix, and every row by line. It holds record IDs, no names.

    Example: subgroups report 20261001T0300 --format html --output report.html
    """
    from subgroup_pipeline.districts.registered import registered_districts
    from subgroup_pipeline.registry.ledger import find_by_beginning
    from subgroup_pipeline.reports.assemble import build_reports
    from subgroup_pipeline.reports.forms import FORMS

    with installation() as (settings, registry):
        with registry.begin() as session:
            delivery = find_by_beginning(session, delivery_id)
        districts = {one.district_id: one for one in registered_districts(registry, [delivery.district_id])}
        (built,) = build_reports(registry, settings, districts, [delivery])
        content = FORMS[form.value](built)
    if output is None:
        if form is Form.XLSX and sys.stdout.isatty():
            say("error: a workbook is no text. Name a file for it: --output report.xlsx")
            raise typer.Exit(1)
        typer.echo(content, nl=False)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        say(f"error: {output} cannot be written: {error.strerror}")
        raise typer.Exit(1) from error
    say(f"written to {output}")
