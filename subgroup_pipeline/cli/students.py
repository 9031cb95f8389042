"""`subgroups student …`: what is held of one student, and having it erased."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="What is held of one student, and having it erased.", no_args_is_help=True, rich_markup_mode=None)

Student = Annotated[str, typer.Argument(metavar="STUDENT_ID", help="The student's sourcedId.")]
OfDistrict = Annotated[str, typer.Option("--district", help="The district's key.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def show(
    student_id: Student,
    district: OfDistrict,
    by: Annotated[str, typer.Option("--by", help="Who asks; your login if not given.")] = "",
    as_json: Json = False,
) -> None:
    """Everything that is held of a student: where, since when, until when. It is audited that somebody asked.

    Example: subgroups student show s001 --district maple_valley --json
    """
    from subgroup_pipeline.desk.one_student import show_student

    with installation() as (settings, registry):
        shown = show_student(registry, settings, district, student_id, by=by or getpass.getuser())
    if as_json:
        print_json(shown)
        return
    rows = [[one.place, one.what, len(one.rows) or "", one.since, one.until] for one in shown.held]
    print_table(["place", "what", "rows", "since", "until"], rows)
    for one in shown.held:
        for row in one.rows:
            typer.echo(f"{one.what}: " + "; ".join(f"{name}={cell}" for name, cell in row.items() if cell is not None))
    if shown.is_erased:
        say("the student is on the district's erasure list: later uploads are read without the student")


@app.command()
def erase(
    student_id: Student,
    district: OfDistrict,
    by: Annotated[str, typer.Option("--by", help="Who erases.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, without the student's name.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    as_json: Json = False,
) -> None:
    """Erase a student from every place; later uploads that still name the student are read without. It cannot be taken back.

    Example: subgroups student erase s001 --district maple_valley --by "M. Diaz" --reason "parents' request of 3 May" --dry-run
    """
    from subgroup_pipeline.desk.one_student import erase as erase_one

    with installation() as (settings, registry):
        erased = erase_one(registry, settings, district, student_id, by=by, reason=reason, dry_run=dry_run)
    if as_json:
        print_json(erased)
        return
    what = "would be removed" if dry_run else "removed"
    print_table(["place", what], [[place, things] for place, things in erased.removed.items()])
    for line in erased.still_to_do:
        say(line)
