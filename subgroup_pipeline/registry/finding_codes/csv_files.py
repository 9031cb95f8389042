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
    FindingCode(
        "ENC002", "warning", "The file is UTF-16 text; it was read.", "Choose UTF-8 in the export.",
        why="Other programs that read this file may show it as nonsense.",
        in_excel="Save as 'CSV UTF-8 (Comma delimited)', not as 'Unicode Text'.",
        example="wrong: Save as type 'Unicode Text'. right: Save as type 'CSV UTF-8'.",
    ),
    FindingCode(
        "ENC003", "warning", "The file is not UTF-8; it was read as Windows-1252. Look at the names on the lines given here.", "Choose UTF-8 in the export.",
        why="If the file was written in yet another encoding, letters with accents are now wrong ones.",
        in_excel="Save as 'CSV UTF-8 (Comma delimited)' instead of 'CSV'.",
        example="wrong: Zo\u00eb comes out as Zo\u00c3\u00ab. right: Zo\u00eb comes out as Zo\u00eb.",
    ),
    FindingCode(
        "ENC004", "warning", "Letters were lost before the file was uploaded.", "Correct these names where they are kept, and export as UTF-8.",
        why="A name that is already damaged cannot be put right here.",
        in_excel="Import the file with Data > From Text/CSV and choose UTF-8 as its origin; opening it with a double click damages letters.",
        example="wrong: Zo\u00c3\u00ab, or Zo\ufffd. right: Zo\u00eb.",
    ),
    FindingCode(
        "FIL001", "fatal", "The file has the name of a CSV file and is something else.", EXPORT_AGAIN,
        why="Nothing in it can be read as rows and columns.",
        in_excel="Open the workbook and save it as 'CSV UTF-8 (Comma delimited)'; a new ending of the name changes nothing inside.",
        example="wrong: roster.xlsx renamed to users.csv. right: users.csv, saved as CSV UTF-8.",
    ),
    FindingCode(
        "FIL002", "fatal", "The file is larger than 2 GB.", "Export only the columns and the school year that are needed.",
        why="No district's file is that large; something else was exported.",
        in_excel="",
        example="wrong: ten years of enrollments in one file. right: this school year.",
    ),
    FindingCode(
        "FIL003", "fatal", "Reading the file took more time or memory than any file of its size should need.", EXPORT_AGAIN,
        why="Reading was stopped so that the files of other districts could go on.",
        in_excel="Delete the empty rows below the last student (select them, then Delete), and save again.",
        example="wrong: a million empty rows below the last student. right: the last student stands on the last line.",
    ),
    FindingCode(
        "DLM001", "warning", "The cells are not separated by commas; the file was read.", "Choose comma as the separator in the export.",
        why="The separator was found by the column names; with other names that could go wrong.",
        in_excel="Save as 'CSV UTF-8 (Comma delimited)'. Excel writes semicolons where Windows is set to a comma as decimal sign.",
        example="wrong: student_id;ell. right: student_id,ell.",
    ),
    FindingCode(
        "CHR001", "error", "Rows hold characters that cannot be printed; they were set aside.", "Find these records in the student information system and type the damaged value anew.",
        why="Such characters are a sign of a damaged record, and hide in IDs so that two IDs look alike.",
        in_excel="Type the cell's value anew, or use =CLEAN().",
        example="wrong: an ID with a NUL in it. right: S1002.",
    ),
    FindingCode(
        "CHR002", "fatal", "The file holds too many characters that cannot be printed.", EXPORT_AGAIN,
        why="The file was damaged on its way or is no text; the rest of it cannot be trusted.",
        in_excel="Save as 'CSV UTF-8 (Comma delimited)'.",
        example="wrong: a file of which a part was filled with zeros by a full disk. right: the file as exported.",
    ),
    FindingCode(
        "HDR006", "warning", "Empty lines stand before the header; they were skipped.", "Let the export begin with the line of column names.",
        why="Programs that expect the column names on line 1 cannot read the file.",
        in_excel="Delete the empty rows above the column names.",
        example="wrong: line 1 empty, line 2 student_id,ell. right: line 1 student_id,ell.",
    ),
    FindingCode(
        "HDR007", "warning", "A column has no name; it was not read.", "Name the column or remove it.",
        why="Nobody can tell what a column without a name holds.",
        in_excel="Delete the columns to the right of the last name, also when they look empty.",
        example="wrong: student_id,ell,, right: student_id,ell.",
    ),
    FindingCode(
        "HDR008", "warning", "Columns are not spelled or ordered as OneRoster says; they were read by their names.", "Let the export write the column names exactly as OneRoster 1.1 spells them, in its order.",
        why="Stricter readers than this one refuse the file.",
        in_excel="Write the names as in the example.",
        example="wrong: SourcedID. right: sourcedId.",
    ),
    FindingCode(
        "HDR009", "fatal", "The header has more than 2,000 columns.", EXPORT_AGAIN,
        why="No roster or subgroup file is that wide; rows were probably written as columns.",
        in_excel="Check that students stand in rows, not in columns.",
        example="wrong: one column a student. right: one row a student.",
    ),
    FindingCode(
        "CAP001", "error", "Rows have a cell of more than 64 KB; they were set aside.", "Find the record in the student information system; a note or a picture was pasted into a field.",
        why="Such a cell holds something that is no name, ID or code.",
        in_excel="Look for the longest cell of the row and clear it.",
        example="wrong: a whole letter in the field middleName. right: Ann.",
    ),
    FindingCode(
        "CAP002", "fatal", "A line is longer than 1 MB, or the header has a cell of more than 64 KB.", EXPORT_AGAIN,
        why="Line breaks were lost, so that rows cannot be told apart.",
        in_excel="Save the file anew as 'CSV UTF-8 (Comma delimited)'.",
        example="wrong: all students on one line. right: one line a student.",
    ),
    FindingCode(
        "ROW006", "warning", "The file has a header and no rows.", "Leave the file out and mark it `absent` in manifest.csv.",
        why="It cannot be told from a file whose rows were lost.",
        in_excel="",
        example="wrong: demographics.csv with its header only. right: no demographics.csv, and file.demographics,absent.",
    ),
    FindingCode(
        "EOF002", "fatal", "The file ends in the middle of a row.", "Upload the file again; the transfer was probably interrupted.",
        why="Rows after the cut are missing, and their students would look as if they had left.",
        in_excel="",
        example="wrong: the last line is S1004,Y, with cells missing. right: every row has all its cells.",
    ),
)  # fmt: skip
