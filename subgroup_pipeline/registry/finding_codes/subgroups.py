"""Codes of a subgroup file's content against the roster and the settings."""

from subgroup_pipeline.registry.finding_codes.code import FindingCode

CODES = (
    FindingCode("SUB501", "error", "Rows have no student ID.", "Fill in the student ID."),
    FindingCode("SUB502", "error", "A student has several rows that differ; none of them was used.", "Keep one row a student."),
    FindingCode("SUB503", "error", "A student ID is not in the roster.", "Check that the ID is written as in the roster, with its leading zeros, and that the student is enrolled."),
    FindingCode("SUB504", "error", "A student ID belongs to two students of the roster.", "Correct the ID of one of them in the student information system."),
    FindingCode("SUB505", "error", "A student ID belongs to somebody who is not an active student.", "Remove the row, or make the student active in the student information system."),
    FindingCode("SUB506", "warning", "A value was not set up; it is reported as not reported.", "Correct the value, or tell us what it means."),
    FindingCode("SUB507", "warning", "Active students of the roster are not in the subgroup file; they are reported as not reported.", "Add the missing students, also those with no subgroup."),
    FindingCode("SUB508", "hold", "Too few student IDs of the file are in the roster.", "Check that the student ID column is the one that was agreed on, exported as text."),
    FindingCode("SUB509", "info", "No roster has been accepted yet; the subgroup file waits for it.", "Upload the roster."),

    # Subgroups inside the roster (metadata columns and demographics.csv).
    FindingCode(
        "SUB530", "hold", "A subgroup column that is read from the roster is not in it.",
        "Share the column with us again in the roster export (in ClassLink: DataGuard), or tell us its new name.",
        why="Every student would be reported as not reported in this subgroup.",
        in_excel="Add the column, with the name that was agreed on, to users.csv or demographics.csv.",
        example="wrong: users.csv ends with metadata.sped; right: it ends with metadata.ell, metadata.sped",
    ),
    FindingCode(
        "SUB531", "hold", "A subgroup column of the roster is empty for everybody; in the last good roster it was filled.",
        "Look whether the column is still shared and filled in the roster export (in ClassLink: DataGuard). If it is meant to be "
        "empty now, tell us and we let it through.",
        why="Every student would lose their value in this subgroup overnight.",
        in_excel="Fill the column again, or upload the file as it was exported.",
        example="wrong: metadata.ell is blank in all rows; right: metadata.ell is Y or N",
    ),
    FindingCode(
        "SUB532", "warning", "An optional subgroup column is not in the roster.",
        "Share the column in the roster export if you want it in the reports.",
        why="All students are reported as not reported in this subgroup.",
        in_excel="Add the column to users.csv or demographics.csv if you want it in the reports.",
        example="wrong: users.csv has no metadata.gifted; right: it has metadata.gifted",
    ),
)  # fmt: skip
