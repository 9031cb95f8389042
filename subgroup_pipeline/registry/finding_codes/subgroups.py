"""Codes of a subgroup file's content against the roster and the settings."""

from subgroup_pipeline.registry.finding_codes.code import FindingCode

CODES = (
    FindingCode(
        "SUB501", "error", "Rows have no student ID.", "Fill in the student ID.",
        why="We cannot tell whose row it is, so it is set aside.",
        in_excel="Filter the ID column for blanks and fill in the IDs. Delete rows that are left over.",
        example="wrong: ,Y,N   right: 00123,Y,N",
    ),
    FindingCode(
        "SUB502", "error", "A student has several rows that differ; none of them was used.", "Keep one row a student.",
        why="One row says yes and another says no. We do not guess which one is right.",
        in_excel="Mark double values in the ID column (Conditional Formatting). Keep the row that is right.",
        example="wrong: 00123,Y and 00123,N   right: 00123,Y",
    ),
    FindingCode(
        "SUB503", "error", "A student ID is not in the roster.", "Check that the ID is written as in the roster, with its leading zeros, and that the student is enrolled.",
        why="We cannot tell who this is, so the row is in no report. Lost zeros at the front are the most common cause.",
        in_excel="Do not open the export in Excel: it drops zeros at the front. If you must, import it with the ID column set to Text.",
        example="wrong: 123   right: 00123",
    ),
    FindingCode(
        "SUB504", "error", "A student ID belongs to two students of the roster.", "Correct the ID of one of them in the student information system.",
        why="The row fits two students. We do not guess which of them is meant.",
        example="wrong: two students have the ID 00123   right: one has 00123, the other 00124",
    ),
    FindingCode(
        "SUB505", "error", "A student ID belongs to somebody who is not an active student.", "Remove the row, or make the student active in the student information system.",
        why="Only active students are counted, so this row is in no report.",
        in_excel="Delete the row if the student has left.",
        example="wrong: 00123 left in June and is still in the file   right: 00123 is not in the file",
    ),
    FindingCode(
        "SUB506", "warning", "A value was not set up; it is reported as not reported.", "Correct the value, or tell us what it means.",
        why="We never guess what a value means. The student is shown as 'not reported' in this group.",
        in_excel="Replace the value by one that was agreed on. Find and Replace does it in one go.",
        example="wrong: Yess   right: Y",
    ),
    FindingCode(
        "SUB507", "warning", "Active students of the roster are not in the subgroup file; they are reported as not reported.", "Add the missing students, also those with no subgroup.",
        why="We do not take silence for a 'no'. These students are shown as 'not reported' in every group.",
        in_excel="Add a row for each missing student, with N where nothing applies.",
        example="wrong: only students with a Y are in the file   right: every student is in it, with Y or N",
    ),
    FindingCode(
        "SUB508", "hold", "Too few student IDs of the file are in the roster.", "Check that the student ID column is the one that was agreed on, exported as text.",
        why="If few IDs fit, it is likely the wrong column, or zeros at the front were lost. Most students would be 'not reported'.",
        in_excel="Do not open the export in Excel: it drops zeros at the front. If you must, import it with the ID column set to Text.",
        example="wrong: student_id is 4711 (a lunch number)   right: student_id is 00123 (the local ID)",
    ),
    FindingCode(
        "SUB509", "info", "No roster has been accepted yet; the subgroup file waits for it.", "Upload the roster.",
        why="Without a roster we do not know who the students are.",
        example="wrong: subgroups.csv alone   right: the roster first, then subgroups.csv",
    ),
)  # fmt: skip
