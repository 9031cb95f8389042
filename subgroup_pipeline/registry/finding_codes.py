"""The catalogue of findings: the one table of codes, their severity, what they mean and how a clerk mends them.

A code never changes its meaning. Severity decides the verdict (`quality.verdict`) and the colour in Dagster:
`fatal` rejects the delivery, `hold` keeps it for a person, `error` sets rows aside, `warning` and `info` keep everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["fatal", "hold", "error", "warning", "info"]


@dataclass(frozen=True)
class FindingCode:
    """What a code means; `message` is filled with the finding's own words where it has any."""

    code: str
    severity: Severity
    message: str
    how_to_fix: str


_EXPORT_AGAIN = "Export the file again from the student information system and upload it without opening it in Excel."
_CHECK_SIS = "Correct these records in the student information system; tonight's export will carry the correction."

_CATALOGUE = (
    FindingCode("NET001", "error", "The SFTP server did not answer.", "Check that the server is up and that its address and firewall let us in."),
    FindingCode("NET002", "error", "The SFTP server showed another host key than the one on record.", "Ask the server's owner whether the key was changed on purpose; if so, put the new key on record. Until then nothing is fetched."),
    FindingCode("NET003", "error", "The SFTP server refused our sign-in.", "Check the account and the key on record for this server."),
    FindingCode("NET004", "error", "The files could not be fetched.", "Nothing to do if it works tomorrow; otherwise look at the server's log."),
    FindingCode("ZIP001", "fatal", "This is not a zip file that can be opened.", "Upload the roster as a .zip of CSV files, or as loose CSV files with manifest.csv."),
    FindingCode("ZIP002", "fatal", "The zip is empty.", _EXPORT_AGAIN),
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
    FindingCode("ENC001", "fatal", "The file is not UTF-8 text.", "Choose UTF-8 in the export (in Excel: 'CSV UTF-8')."),
    FindingCode("HDR001", "fatal", "A column that is needed is not in the header.", "Name the column in the first line as it was set up, or tell us its new name."),
    FindingCode("HDR002", "fatal", "Two columns have the same name.", "Rename or remove one of them."),
    FindingCode("HDR003", "info", "There is a column that was not set up; it was not read.", "Nothing, unless it is a subgroup you want in the reports: then tell us what its values mean."),
    FindingCode("HDR004", "warning", "An optional column is not in the header.", "Turn the column on in the export if you want it in the reports."),
    FindingCode("HDR005", "fatal", "The file is empty.", _EXPORT_AGAIN),
    FindingCode("ROW001", "warning", "Rows have extra empty cells at the end; they were read.", "Remove the empty columns at the right."),
    FindingCode("ROW002", "error", "Rows have more or fewer cells than the header; they were set aside.", _EXPORT_AGAIN),
    FindingCode("ROW003", "fatal", "Too many rows have more or fewer cells than the header.", _EXPORT_AGAIN),
    FindingCode("ROW004", "fatal", "The file cannot be read as CSV.", "Look for a quotation mark that is not closed, then export the file again."),
    FindingCode("ROW005", "fatal", "The file has a header and no rows.", _EXPORT_AGAIN),
    FindingCode("EOF001", "info", "The last line does not end with a line break; it was read.", "Nothing has to be done."),
    FindingCode("KEY001", "hold", "Rows have no key.", _CHECK_SIS),
    FindingCode("KEY002", "hold", "The same key stands on more than one row.", _CHECK_SIS),
    FindingCode("REF101", "warning", "Users belong to an organisation that is not in orgs.csv.", _CHECK_SIS),
    FindingCode("REF102", "warning", "Classes name a course that is not in courses.csv.", _CHECK_SIS),
    FindingCode("REF103", "error", "Classes name a school that is not a school in orgs.csv.", _CHECK_SIS),
    FindingCode("REF104", "warning", "Classes name a term that is not in academicSessions.csv.", _CHECK_SIS),
    FindingCode("REF105", "error", "Enrollments name a class that is not in classes.csv.", _CHECK_SIS),
    FindingCode("REF106", "error", "Enrollments name a user who is not in users.csv.", _CHECK_SIS),
    FindingCode("REF107", "warning", "Courses belong to an organisation that is not in orgs.csv.", _CHECK_SIS),
    FindingCode("REF108", "warning", "Demographics are of a user who is not in users.csv.", _CHECK_SIS),
    FindingCode("REF109", "warning", "Enrollments name another school than their class does; the class's school counts.", _CHECK_SIS),
    FindingCode("VOC201", "warning", "A value is not one that OneRoster knows.", _CHECK_SIS),
    FindingCode("DAT301", "error", "A date cannot be read.", "Write dates as YYYY-MM-DD."),
    FindingCode("DAT302", "warning", "An end lies before its beginning.", _CHECK_SIS),
    FindingCode("DUP401", "info", "A student is enrolled more than once in the same class; each student counts once.", "Nothing has to be done when the rows are of different terms."),
    FindingCode("SUB501", "error", "Rows have no student ID.", "Fill in the student ID."),
    FindingCode("SUB502", "error", "A student has several rows that differ; none of them was used.", "Keep one row a student."),
    FindingCode("SUB503", "error", "A student ID is not in the roster.", "Check that the ID is written as in the roster, with its leading zeros, and that the student is enrolled."),
    FindingCode("SUB504", "error", "A student ID belongs to two students of the roster.", "Correct the ID of one of them in the student information system."),
    FindingCode("SUB505", "error", "A student ID belongs to somebody who is not an active student.", "Remove the row, or make the student active in the student information system."),
    FindingCode("SUB506", "warning", "A value was not set up; it is reported as not reported.", "Correct the value, or tell us what it means."),
    FindingCode("SUB507", "warning", "Active students of the roster are not in the subgroup file; they are reported as not reported.", "Add the missing students, also those with no subgroup."),
    FindingCode("SUB508", "hold", "Too few student IDs of the file are in the roster.", "Check that the student ID column is the one that was agreed on, exported as text."),
    FindingCode("SUB509", "info", "No roster has been accepted yet; the subgroup file waits for it.", "Upload the roster."),
    FindingCode("STU601", "fatal", "The roster has no active student.", "Check that students are exported, with enabledUser true."),
    FindingCode("VOL301", "hold", "More students than usual are gone from the roster.", "If they really left, tell us and we let it through; otherwise export the whole roster again."),
    FindingCode("FST701", "hold", "This is the first delivery; a person looks at it before it is used.", "Nothing has to be done: we look at it and let you know."),
    FindingCode("CLN702", "hold", "Rows had to be set aside, and this district publishes clean deliveries only.", "Correct the rows above and upload again."),
    FindingCode("OLD801", "hold", "The same file came before, and a newer one since.", "Upload today's export. If this older one is really meant, tell us and we let it through."),
    FindingCode("LAG901", "warning", "Nothing arrived for the last night.", "Check that the nightly export ran and could sign in."),
    FindingCode("LAG902", "error", "Nothing has arrived for several nights.", "Check that the nightly export runs and can sign in; the reports show older data until then."),
    FindingCode("BLD001", "hold", "The reports could not be built from this delivery.", "We look into it; the last good reports stay."),
)  # fmt: skip

CATALOGUE: dict[str, FindingCode] = {entry.code: entry for entry in _CATALOGUE}


def severity_of(code: str) -> Severity:
    """The severity of a code. Raises KeyError for a code that is not in the catalogue."""
    return CATALOGUE[code].severity
