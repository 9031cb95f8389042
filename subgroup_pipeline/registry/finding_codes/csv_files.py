"""Codes of one CSV file: encoding, header, rows."""

from subgroup_pipeline.registry.finding_codes.code import EXPORT_AGAIN, FindingCode

CODES = (
    FindingCode("ENC001", "fatal", "The file is not UTF-8 text.", "Choose UTF-8 in the export (in Excel: 'CSV UTF-8')."),
    FindingCode("HDR001", "fatal", "A column that is needed is not in the header.", "Name the column in the first line as it was set up, or tell us its new name."),
    FindingCode("HDR002", "fatal", "Two columns have the same name.", "Rename or remove one of them."),
    FindingCode("HDR003", "info", "There is a column that was not set up; it was not read.", "Nothing, unless it is a subgroup you want in the reports: then tell us what its values mean."),
    FindingCode("HDR004", "warning", "An optional column is not in the header.", "Turn the column on in the export if you want it in the reports."),
    FindingCode("HDR005", "fatal", "The file is empty.", EXPORT_AGAIN),
    FindingCode("ROW001", "warning", "Rows have extra empty cells at the end; they were read.", "Remove the empty columns at the right."),
    FindingCode("ROW002", "error", "Rows have more or fewer cells than the header; they were set aside.", EXPORT_AGAIN),
    FindingCode("ROW003", "fatal", "Too many rows have more or fewer cells than the header.", EXPORT_AGAIN),
    FindingCode("ROW004", "fatal", "The file cannot be read as CSV.", "Look for a quotation mark that is not closed, then export the file again."),
    FindingCode("ROW005", "fatal", "The file has a header and no rows.", EXPORT_AGAIN),
)  # fmt: skip
