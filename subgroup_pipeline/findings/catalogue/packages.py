"""Codes of a set of files: the zip, manifest.csv, and which files are there."""

from subgroup_pipeline.findings.catalogue.code import EXPORT_AGAIN, FindingCode

CODES = (
    FindingCode(
        "ZIP001", "fatal", "This is not a zip file that can be opened.", "Upload the roster as a .zip of CSV files, or as loose CSV files with manifest.csv.",
        why="We cannot look inside, so nothing of this upload is used.",
        example="wrong: roster.rar renamed to roster.zip   right: roster.zip made by the export",
    ),
    FindingCode(
        "ZIP002", "fatal", "The zip is empty.", EXPORT_AGAIN,
        why="There is nothing to read, so the last good data stays.",
        example="wrong: a zip with no files   right: a zip with orgs.csv, users.csv and the others",
    ),
    FindingCode(
        "ZIP003", "fatal", "A file inside the zip is damaged or cut off.", "Upload the zip again; the transfer was probably interrupted.",
        why="Half a file looks like a file with fewer students. We do not take the risk.",
        example="wrong: the upload stopped at 60%   right: the upload reached 100% before you closed the window",
    ),
    FindingCode(
        "ZIP004", "fatal", "The zip holds something that a roster never holds.", "Zip only the OneRoster CSV files, each once, without other zips, links or passwords.",
        why="Links, passwords or other programs in a zip can do harm, so we do not open it.",
        example="wrong: roster.zip with backup.zip inside   right: roster.zip with CSV files only",
    ),
    FindingCode(
        "ZIP005", "fatal", "The zip is packed by a method that we do not support.", "Set your zip program to the method Deflate and zip again. In Windows: mark the files, right-click, 'Send to', 'Compressed (zipped) folder'.",
        why="We can unpack the usual method only (Deflate), so nothing of this upload is used.",
        example="wrong: the method bzip2 or LZMA in 7-Zip   right: the archive format zip with the method Deflate",
    ),
    FindingCode(
        "PKG001", "fatal", "A file that every roster needs is missing.", "Turn this file on in the OneRoster export, and upload the whole set again.",
        why="Without it we cannot tell who is in which class or school.",
        example="wrong: users.csv, orgs.csv   right: users.csv, orgs.csv, classes.csv, courses.csv, enrollments.csv, academicSessions.csv",
    ),
    FindingCode(
        "PKG002", "warning", "The roster has no manifest.csv; it was read as a full set.", "Turn on manifest.csv in the OneRoster export.",
        why="The manifest says which files belong to the set. Without it we cannot see that one got lost.",
        example="wrong: orgs.csv, users.csv   right: manifest.csv, orgs.csv, users.csv",
    ),
    FindingCode(
        "PKG003", "fatal", "manifest.csv announces a file that did not come.", "Upload the whole set again; a file got lost on the way.",
        why="A part of the roster is missing. With it, students or classes would be missing too.",
        example="wrong: manifest.csv says file.users,bulk but users.csv is not there   right: both are there",
    ),
    FindingCode(
        "PKG004", "warning", "manifest.csv gives manifest.version in a form the standard does not know; it was read as 1.0.", "Nothing has to be done. Opening manifest.csv in Excel turns 1.0 into 1.",
        why="Nothing is lost: we know what is meant.",
        in_excel="Do not open manifest.csv in Excel. If you have to, type '1.0 with the mark in front.",
        example="wrong: manifest.version,1   right: manifest.version,1.0",
    ),
    FindingCode(
        "PKG005", "info", "A file is not part of OneRoster 1.1 and was not read.", "Leave it out if it is not needed.",
        why="We read only files that we know. This one changes nothing.",
        example="wrong: notes.csv in the roster   right: only the files of the export",
    ),
    FindingCode(
        "PKG006", "fatal", "The roster does not say that it is OneRoster 1.1.", "Choose OneRoster 1.1 CSV in the export. If you made manifest.csv yourself, give it the line oneroster.version,1.1.",
        why="Other versions use other names for the same things. We would read them wrong.",
        in_excel="Type '1.1 with the mark in front, so that Excel leaves it as it is.",
        example="wrong: oneroster.version,1.2 or no such line   right: oneroster.version,1.1",
    ),
    FindingCode(
        "PKG007", "fatal", "This kind of file cannot be read here.", "Upload a roster as .zip or .csv, and a subgroup file as .csv.",
        why="We read CSV files, and zips of them for a roster. In other kinds we would have to guess.",
        in_excel="Choose Save As and pick 'CSV UTF-8 (Comma delimited)'. Upload that file.",
        example="wrong: subgroups.xlsx   right: subgroups.csv",
    ),
    FindingCode(
        "PKG008", "fatal", "A changes-only (delta) roster came before any full (bulk) set.", "Upload a full (bulk) export once; changes can follow.",
        why="Changes only make sense on top of a full list, and we have none yet.",
        example="wrong: first upload with file.users,delta   right: first upload with file.users,bulk",
    ),
    FindingCode(
        "PKG010", "warning", "An earlier changes-only (delta) roster was not accepted; this one waits for a decision about it.", "Tell us whether the earlier one is right, or upload a full (bulk) export.",
        why="Changes build on each other. If one is missing, the next would give a wrong list.",
        example="wrong: changes of Monday on hold, changes of Tuesday sent   right: one full (bulk) export on Tuesday",
    ),
    FindingCode(
        "PKG009", "warning", "manifest.csv and the files that came do not agree; the files were read.", "Export the roster again so that manifest.csv lists what is in it.",
        why="The list of files and the files differ. One of the two is out of date.",
        example="wrong: manifest.csv says file.demographics,absent but demographics.csv came   right: file.demographics,bulk",
    ),
    FindingCode(
        "PKG011", "fatal", "manifest.csv does not begin with the line propertyName,value.", "Export the roster again and leave manifest.csv as it is.",
        why="Without it nobody can tell which files are part of the set, and a missing file would go unseen.",
        in_excel="Line 1 is propertyName,value; every other line has two cells.",
        example="wrong: name,setting. right: propertyName,value.",
    ),
    FindingCode(
        "PKG012", "warning", "manifest.csv names a property twice, or one that OneRoster 1.1 does not know.", "Export the roster again and leave manifest.csv as it is.",
        why="Other readers refuse such a manifest, or take the other line.",
        in_excel="Keep one line per property, spelled as in the example.",
        example="wrong: file.user,bulk. right: file.users,bulk.",
    ),
    FindingCode(
        "PKG013", "fatal", "manifest.csv says something of a file that is not absent, bulk (full) or delta (changes only).", "Export the roster again and leave manifest.csv as it is.",
        why="A full set and a set of changes are read in different ways; a guess could remove students.",
        in_excel="Write bulk for a full file, delta for changes, absent for a file that is not part of the set.",
        example="wrong: file.users,full. right: file.users,bulk.",
    ),
    FindingCode(
        "PKG014", "warning", "Names of files are in other capitals than OneRoster's, or have blanks around them; the files were read.", "Nothing has to be done for us. Other readers may want the names as OneRoster writes them.",
        why="We know which files are meant. A program that looks for the exact name would not find them.",
        example="wrong: USERS.CSV   right: users.csv",
    ),
    FindingCode(
        "PKG015", "warning", "Lines of manifest.csv are not written as OneRoster writes them (capitals, blanks, lines before the first); they were read.", "Nothing has to be done for us. Export the roster again and leave manifest.csv as it is, if other readers refuse it.",
        why="We know what is meant. Other readers may take the set for empty.",
        in_excel="Spell the words as in the example, without blanks around them.",
        example="wrong: file.Users,Bulk   right: file.users,bulk",
    ),
    FindingCode(
        "PKG016", "warning", "A file that your reports do not use cannot be read; it was left out.", "Nothing has to be done. Mend the file, or turn it off in the export, before your reports are to use it.",
        why="None of your subgroups is read from this file, so the roster is used without it.",
        in_excel="Nothing to mend, as long as no report uses the file.",
        example="wrong: demographics.csv with the column userSourcedId of OneRoster 1.0   right: with the column sourcedId",
    ),
    FindingCode(
        "PKG017", "fatal", "manifest.csv is far too large to be a list of files.", "Export the roster again, or leave manifest.csv out.",
        why="A manifest has about twenty lines. We do not read one of more than 64 KB.",
        in_excel="Delete all empty lines below the last one with text.",
        example="wrong: a manifest.csv of 3 MB   right: one of 20 lines",
    ),
    FindingCode(
        "PKG018", "fatal", "This looks like your roster, and it lies where subgroup files belong.", "Upload the same file or files again, to the folder that is named here.",
        why="Each folder has its own kind of file. Nothing is wrong with the file itself, as far as we looked.",
        example="wrong: users.csv in inbox/subgroups   right: users.csv in inbox/roster",
    ),
    FindingCode(
        "PKG019", "fatal", "This looks like your subgroup file, and it lies where rosters belong.", "Upload the same file again, as a CSV and not in a zip, to the folder that is named here.",
        why="Each folder has its own kind of file. Nothing is wrong with the file itself, as far as we looked.",
        example="wrong: subgroups.csv in inbox/roster   right: subgroups.csv in inbox/subgroups",
    ),
    FindingCode(
        "PKG020", "warning", "A file beside the roster looks like your subgroup file; it was not read.", "Upload this file again to the folder of subgroup files (inbox/subgroups).",
        why="The roster was read. The subgroups in the reports are still those of the last subgroup file.",
        example="wrong: users.csv and subgroups.csv in inbox/roster   right: subgroups.csv in inbox/subgroups",
    ),
    FindingCode(
        "PKG021", "fatal", "Two files have the same name, but for capitals.", "Remove the one that is out of date, and upload the whole set again.",
        why="We cannot tell which of the two is today's.",
        example="wrong: Users.csv and users.csv   right: users.csv",
    ),
    FindingCode(
        "PKG022", "fatal", "Two runs ended while this upload was being read; it was not read to its end.", "Export again and upload the new file. If that ends the same way, call us: we can have it read once more.",
        why="One upload must not stop the reports of all. Power cuts can be the cause as well as the file.",
        in_excel="Delete empty rows and columns far below and beside your table.",
        example="wrong: a file with millions of empty lines   right: a file that ends with its last row",
    ),
)  # fmt: skip
