"""Codes of a set of files: the zip, manifest.csv, and which files are there."""

from subgroup_pipeline.registry.finding_codes.code import EXPORT_AGAIN, FindingCode

CODES = (
    FindingCode("ZIP001", "fatal", "This is not a zip file that can be opened.", "Upload the roster as a .zip of CSV files, or as loose CSV files with manifest.csv."),
    FindingCode("ZIP002", "fatal", "The zip is empty.", EXPORT_AGAIN),
    FindingCode("ZIP003", "fatal", "A file inside the zip is damaged or cut off.", "Upload the zip again; the transfer was probably interrupted."),
    FindingCode("ZIP004", "fatal", "The zip holds something that a roster never holds.", "Zip only the OneRoster CSV files, each once, without folders, links or passwords."),
    FindingCode("PKG001", "fatal", "A file that every roster needs is missing.", "Turn this file on in the OneRoster export, and upload the whole set again."),
    FindingCode("PKG002", "warning", "The roster has no manifest.csv; it was read as a full set.", "Turn on manifest.csv in the OneRoster export."),
    FindingCode("PKG003", "fatal", "manifest.csv announces a file that did not come.", "Upload the whole set again; a file got lost on the way."),
    FindingCode("PKG004", "warning", "manifest.csv gives a version in a form the standard does not know; it was read as 1.0.", "Nothing has to be done. Opening manifest.csv in Excel turns 1.0 into 1."),
    FindingCode("PKG005", "info", "A file is not part of OneRoster 1.1 and was not read.", "Leave it out if it is not needed."),
    FindingCode("PKG006", "fatal", "The roster is not OneRoster 1.1.", "Choose OneRoster 1.1 CSV in the export."),
    FindingCode("PKG007", "fatal", "This kind of file cannot be read here.", "Upload a roster as .zip or .csv, and a subgroup file as .csv."),
    FindingCode("PKG008", "fatal", "A changes-only (delta) roster came before any full (bulk) set.", "Upload a full (bulk) export once; changes can follow."),
    FindingCode("PKG010", "warning", "An earlier changes-only (delta) roster was not accepted; this one waits for a decision about it.", "Decide about the earlier one, or upload a full (bulk) export."),
    FindingCode("PKG009", "warning", "manifest.csv and the files that came do not agree; the files were read.", "Export the roster again so that manifest.csv lists what is in it."),
    FindingCode(
        "PKG011", "fatal", "manifest.csv does not begin with the line propertyName,value.", "Export the roster again and leave manifest.csv as it is.",
        why="Without it nobody can tell which files are part of the set, and a missing file would go unseen.",
        in_excel="Line 1 is propertyName,value; every other line has two cells.",
        example="wrong: name,setting. right: propertyName,value.",
    ),
    FindingCode(
        "PKG012", "warning", "manifest.csv names a property twice, or one that OneRoster 1.1 does not know.", "Export the roster again and leave manifest.csv as it is.",
        why="Other readers refuse such a manifest, or take the other line.",
        in_excel="Keep one line a property, spelled as in the example.",
        example="wrong: file.user,bulk. right: file.users,bulk.",
    ),
    FindingCode(
        "PKG013", "fatal", "manifest.csv says something of a file that is not absent, bulk or delta.", "Export the roster again and leave manifest.csv as it is.",
        why="A full set and a set of changes are read in different ways; a guess could remove students.",
        in_excel="Write bulk for a full file, delta for changes, absent for a file that is not part of the set.",
        example="wrong: file.users,full. right: file.users,bulk.",
    ),
)  # fmt: skip
