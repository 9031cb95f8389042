"""`subgroups sql`: one statement on what is published, read-only, as a table, JSON, CSV or Parquet."""

from __future__ import annotations

import shutil
import sys
from contextlib import nullcontext, redirect_stdout
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.output import print_json, print_table, say

if TYPE_CHECKING:
    import duckdb

_TIMES = "%Y-%m-%dT%H:%M:%S.%fZ"


class RowForm(StrEnum):
    """What rows can be printed as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def sql(
    query: Annotated[str, typer.Argument(help="One SQL statement, in DuckDB's dialect.")] = "",
    as_of: Annotated[datetime | None, typer.Option(help="A day at whose end values are read.", formats=["%Y-%m-%d"])] = None,
    form: Annotated[RowForm | None, typer.Option("--format", help="Default: by the ending of --output, else a table.")] = None,
    output: Annotated[Path | None, typer.Option(help="A file to write it to; without it the rows go to stdout.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: an array of objects.")] = False,
) -> None:
    """Ask what is published, read-only. `show tables` lists the tables; docs/data-dictionary.md says what they hold.

    With --as-of, `fct_student_subgroup` holds the values at the end of that day in each district's time zone; every other table
    is as it is now. Without a query that table is printed.

    Example: subgroups sql "from rpt_district_subgroup where subgroup = 'english_learner'" --output learners.csv
    """
    import duckdb

    from subgroup_pipeline.publish.as_of import open_on_day
    from subgroup_pipeline.publish.reader import open_published
    from subgroup_pipeline.settings import load_settings, private_umask

    if as_json and form not in (None, RowForm.JSON):
        raise typer.BadParameter(f"--json and --format {form} say two things", param_hint="--format")
    form = RowForm.JSON if as_json else form or _form_of(output)
    if form is RowForm.PARQUET and output is None and sys.stdout.isatty():
        raise typer.BadParameter("parquet is no text; give --output rows.parquet, or pipe it", param_hint="--format")
    if not query and as_of is None:
        raise typer.BadParameter("there is no statement; give one, or a day with --as-of", param_hint="QUERY")
    query = query or "from fct_student_subgroup order by all"
    private_umask()
    # Neither registry nor log is opened: who may only read what is published can ask it.
    with TemporaryDirectory() as folder:
        scratch, settings = Path(folder), load_settings()
        opened = open_published(settings, scratch) if as_of is None else open_on_day(settings, as_of.date(), scratch)
        try:
            with opened as connection:
                _print(_rows(connection, query), form, output, scratch / "rows")
        except duckdb.Error as error:
            say(f"error: {str(error).strip()}")
            raise typer.Exit(1) from error
    if output is not None:
        say(f"written to {output}")


def _form_of(output: Path | None) -> RowForm:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return RowForm(ending) if ending in list(RowForm) else RowForm.TABLE


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.DuckDBPyRelation:
    """The rows of the one statement that the query is; none for a statement that gives none."""
    statements = connection.extract_statements(query)
    if len(statements) != 1:
        what = f"these are {len(statements)} statements" if statements else "this is no statement"
        raise typer.BadParameter(f"{what}; give one", param_hint="QUERY")
    return connection.sql(statements[0]) or connection.sql("select null as nothing where false")


def _print(rows: duckdb.DuckDBPyRelation, form: RowForm, output: Path | None, scratch: Path) -> None:
    """Print rows in a form; DuckDB writes CSV and Parquet into a file that it may write, which is passed on from there."""
    if form in (RowForm.CSV, RowForm.PARQUET):
        if form is RowForm.CSV:
            rows.write_csv(str(scratch), header=True, timestamp_format=_TIMES)
        else:
            rows.write_parquet(str(scratch))
        with scratch.open("rb") as made, output.open("wb") if output else nullcontext(sys.stdout.buffer) as target:
            shutil.copyfileobj(made, target)
        return
    with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as text, redirect_stdout(text):
        if form is RowForm.JSON:
            print_json([dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()])
        else:
            print_table(rows.columns, rows.fetchall())
