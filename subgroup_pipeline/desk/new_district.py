"""A settings file for a new district, to be filled in: commented, with the files and columns that a roster must have."""

from __future__ import annotations

from subgroup_pipeline.districts.district_file import DISTRICT_KEY, RESERVED_KEYS
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.warehouse.oneroster import roster_tables

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


def settings_template(district_id: str) -> str:
    """The text of the file. Raises SettingsError for a key that no district can have."""
    if not DISTRICT_KEY.fullmatch(district_id) or district_id in RESERVED_KEYS:
        taken = ", ".join(sorted(RESERVED_KEYS))
        raise SettingsError(f"write 2 to 41 of a-z, 0-9 and _, not beginning with _, and none of {taken}")
    return _TEMPLATE.format(id=district_id, name=district_id.replace("_", " ").title(), files=_needed_files())


def _needed_files() -> str:
    """A comment line a file that a roster must have, with the columns whose cells must be filled in."""
    lines = []
    for table in roster_tables().values():
        columns = ", ".join(column for column in table.columns if column in table.required)
        name = table.file_name if table.is_core else f"{table.file_name} (may be left out)"
        lines.append(f"#   {name}: {columns}\n")
    return "".join(lines)
