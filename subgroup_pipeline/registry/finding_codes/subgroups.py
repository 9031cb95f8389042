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
)  # fmt: skip
