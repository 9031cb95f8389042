"""Codes of one CSV file: encoding, header, rows."""

from subgroup_pipeline.registry.finding_codes.code import EXPORT_AGAIN, FindingCode

CODES = (
    FindingCode(
        "ENC001", "fatal", "The file is not UTF-8 text.", "Choose UTF-8 in the export (in Excel: 'CSV UTF-8').",
        why="Letters like é or ñ would turn into signs nobody can read, and IDs could change with them.",
        in_excel="Open the file, choose Save As, and pick the type 'CSV UTF-8 (Comma delimited)'.",
        example="wrong: PeÃ±a Elementary   right: Peña Elementary",
    ),
    FindingCode(
        "HDR001", "fatal", "A column that is needed is not in the header.", "Name the column in the first line as it was set up, or tell us its new name.",
        why="We find each column by its name. Without the name we would have to guess which column is which.",
        in_excel="Type the missing name into the first row, above the right column. Save as CSV UTF-8.",
        example="wrong: id,ell,sped   right: student_id,ell,sped",
    ),
    FindingCode(
        "HDR002", "fatal", "Two columns have the same name.", "Rename or remove one of them.",
        why="We could not tell which of the two columns is meant.",
        in_excel="Delete one of the two columns, or give one of them a new name in the first row.",
        example="wrong: student_id,ell,ELL   right: student_id,ell,sped",
    ),
    FindingCode(
        "HDR003", "info", "There is a column that was not set up; it was not read.", "Nothing, unless it is a subgroup you want in the reports: then tell us what its values mean.",
        why="We never guess what a new column means, so it is in no report.",
        in_excel="Delete the column if nobody needs it. Nothing breaks if it stays.",
        example="set up: student_id,ell   came: student_id,ell,foster_care",
    ),
    FindingCode(
        "HDR004", "warning", "An optional column is not in the header.", "Turn the column on in the export if you want it in the reports.",
        why="Students are shown as 'not reported' in this group while the column is missing.",
        in_excel="Add the column with its name in the first row, and fill it in.",
        example="wrong: student_id,ell   right: student_id,ell,migrant",
    ),
    FindingCode(
        "HDR005", "fatal", "The file is empty.", EXPORT_AGAIN,
        why="There is nothing to read, so the last good data stays.",
        in_excel="Check that you saved the sheet that holds the data, not an empty one.",
        example="wrong: a file of 0 bytes   right: a first line with names, then one line for each row",
    ),
    FindingCode(
        "ROW001", "warning", "Rows have extra empty cells at the end; they were read.", "Remove the empty columns at the right.",
        why="The extra cells are blank, so nothing is lost. Some day there might be a value in one of them.",
        in_excel="Select the empty columns to the right of your data and delete them. Then save again.",
        example="wrong: 00123,Y,N,,   right: 00123,Y,N",
    ),
    FindingCode(
        "ROW002", "error", "Rows have more or fewer cells than the header; they were set aside.", EXPORT_AGAIN,
        why="In such a row we cannot tell which value belongs to which column. A comma inside a name is the most common cause.",
        in_excel="Go to the line and move the cells so that each stands under its name. Save as CSV.",
        example="wrong: 00123,Smith, Ann,Y   right: 00123,\"Smith, Ann\",Y",
    ),
    FindingCode(
        "ROW003", "fatal", "Too many rows have more or fewer cells than the header.", EXPORT_AGAIN,
        why="So many rows are out of shape that the rest of the file cannot be trusted.",
        in_excel="Do not mend row by row. Ask for a new export and upload it as it is.",
        example="wrong: 300 of 1000 rows have 4 cells under 3 names   right: every row has 3 cells under 3 names",
    ),
    FindingCode(
        "ROW004", "fatal", "The file cannot be read as CSV.", "Look for a quotation mark that is not closed, then export the file again.",
        why="An open quotation mark swallows the rows after it. They would be lost without a word.",
        in_excel="Go to the line and look for a single \" in a cell. Delete it, then save as CSV.",
        example="wrong: 00123,\"Elm School,Y   right: 00123,\"Elm School\",Y",
    ),
    FindingCode(
        "ROW005", "fatal", "The file has a header and no rows.", EXPORT_AGAIN,
        why="A file with no rows would say that nobody is there.",
        in_excel="Check that no filter hides the rows, and that you saved the right sheet.",
        example="wrong: only the line student_id,ell   right: that line, then 00123,Y and so on",
    ),
)  # fmt: skip
