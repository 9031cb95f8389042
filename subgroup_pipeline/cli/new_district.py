"""`subgroups district new`: a commented YAML to fill in, and which files the district has to export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import say

_TEMPLATE = """\
# Settings of one district. Fill in what stands between < and >, take out what you do not need, then:
#     subgroups district apply {id}.yml
# Every key is explained in docs/adding-a-district.md.

district: {id}                     # also its SFTP account
name: {name}
timezone: <America/Chicago>        # an IANA name
as_of: delivery                    # whose enrollments count: delivery | roster | a date as 2026-10-01
contacts: []                       # mail addresses of the district
# schedule: "02:00"                # when uploads are expected; a night without one is then said

# The roster: OneRoster 1.1 CSV into inbox/roster, as one zip, or as loose files together with manifest.csv.
# These files are needed, with these columns filled in (all columns of OneRoster stand in the first line):
{files}
# Subgroups: one row per student, one column per subgroup, into inbox/subgroups. Without this part: all students only.
subgroups:
  files: "*.csv"
  student_id_column: <student_id>  # the column with the student's ID ...
  matches: <users.sourcedId>       # ... and what it equals: users.sourcedId | users.identifier | users.username | userIds:<type>
  columns:                         # per header of the file: the subgroup's name, and what its cells mean
    <ell>:       {{subgroup: english_learner, values: {{Y: yes, N: no}}}}
    <sped>:      {{subgroup: students_with_disabilities, values: {{Y: yes, N: no}}, blank: no}}
    <home_lang>: {{subgroup: home_language, open: true}}                 # any text, as written

guards:
  first_delivery: review           # review: a person approves the first file of each feed | accept: it is published at once
"""


def new(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="Its key: lower case, digits and _; also its SFTP account.")],
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the file instead of writing ID.yml.")] = False,
) -> None:
    """Write a commented settings file to fill in, ID.yml, and say which files the district has to export.

    Example: subgroups district new maple_valley
    """
    from subgroup_pipeline.districts.district_file import DISTRICT_KEY, RESERVED_KEYS

    if not DISTRICT_KEY.fullmatch(district_id) or district_id in RESERVED_KEYS:
        taken = ", ".join(sorted(RESERVED_KEYS))
        raise typer.BadParameter(f"write 2 to 41 of a-z, 0-9 and _, not beginning with _, and none of {taken}", param_hint="ID")
    text = _TEMPLATE.format(id=district_id, name=district_id.replace("_", " ").title(), files=_needed_files())
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


def _needed_files() -> str:
    """A comment line a file that a roster must have, with the columns whose cells must be filled in."""
    from subgroup_pipeline.warehouse.oneroster import roster_tables

    lines = []
    for table in roster_tables().values():
        columns = ", ".join(column for column in table.columns if column in table.required)
        name = table.file_name if table.is_core else f"{table.file_name} (may be left out)"
        lines.append(f"#   {name}: {columns}\n")
    return "".join(lines)
