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
    from subgroup_pipeline.desk import deliveries

    with installation() as (settings, registry):
        content = deliveries.report(registry, settings, delivery_id, form.value)
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
