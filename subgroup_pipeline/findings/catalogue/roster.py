"""Codes of a roster's content: IDs, references between its files, words, dates, and how many students there are."""

from subgroup_pipeline.findings.catalogue.code import CHECK_SIS, FindingCode


def _or_export(missing: str, reference: str) -> str:
    """The two mends of a reference that leads nowhere."""
    return f"Export {missing}, too, or correct {reference} in the student information system. Then upload the roster again."


CODES = (
    FindingCode(
        "KEY001", "hold", "Rows have no ID.", "The export fills the column sourcedId. Ask whoever set up the export why it left it blank, and export again.",
        why="Other files refer to a row by its ID. Without it the row cannot be linked to anything.",
        in_excel="Do not make up IDs. Export the file again and upload it as it is.",
        example="wrong: ,active,Elm School   right: sch-12,active,Elm School",
    ),
    FindingCode(
        "KEY002", "hold", "The same ID stands on more than one row.", "Give each record one row and an ID of its own. If the export writes a record twice, ask whoever set it up to write it once.",
        why="Two rows with one ID are two truths. We would have to guess which one is right.",
        in_excel="Mark double values in the column sourcedId (Conditional Formatting). Delete rows that say the same. Where they differ, export again.",
        example="wrong: u-7 stands on lines 12 and 90   right: u-7 stands on line 12, u-8 on line 90",
    ),
    FindingCode(
        "REF101", "warning", "People belong to a school or office that is not in orgs.csv.", _or_export("the missing school", "the schools of these people"),
        why="We cannot show a person under a school that we do not know.",
        in_excel="Look up the ID from the column orgSourcedIds in orgs.csv. Correct it, or add the missing school there.",
        example="wrong: orgSourcedIds is sch-99, orgs.csv ends at sch-12   right: orgSourcedIds is sch-12",
    ),
    FindingCode(
        "REF102", "warning", "Classes name a course that is not in courses.csv.", _or_export("the missing course", "the course of these classes"),
        why="The students still count, but the course report shows this course without a title.",
        in_excel="Look up the ID from the column courseSourcedId in courses.csv. Correct it, or add the course there.",
        example="wrong: courseSourcedId is c-77, courses.csv has no c-77   right: courseSourcedId is c-7",
    ),
    FindingCode(
        "REF103", "error", "Classes name a school that is not a school in orgs.csv.", _or_export("the missing school", "the school of these classes"),
        why="Students count in the school of their class. With no known school they would be in none, so the class is left out.",
        in_excel="Look up the ID from the column schoolSourcedId in orgs.csv. It must be on a row whose type is school.",
        example="wrong: schoolSourcedId is the district's own ID   right: schoolSourcedId is sch-12",
    ),
    FindingCode(
        "REF104", "warning", "Classes name a term that is not in academicSessions.csv.", _or_export("the missing term", "the term of these classes"),
        why="The term tells us when the class runs. Without it we count the class as always open.",
        in_excel="Look up the ID from the column termSourcedIds in academicSessions.csv. Correct it, or add the term there.",
        example="wrong: termSourcedIds is fall-2024   right: termSourcedIds is fall-2026",
    ),
    FindingCode(
        "REF105", "error", "Enrollments name a class that is not in classes.csv.", _or_export("the missing class", "the class of these enrollments"),
        why="A student in an unknown class cannot be counted in a course, so the row is left out.",
        in_excel="Look up the ID from the column classSourcedId in classes.csv. Correct it, or add the class there.",
        example="wrong: classSourcedId is k-500, classes.csv has no k-500   right: classSourcedId is k-50",
    ),
    FindingCode(
        "REF106", "error", "Enrollments name a person who is not in users.csv.", _or_export("the missing person", "the person of these enrollments"),
        why="We do not know who this is, so the row is left out.",
        in_excel="Look up the ID from the column userSourcedId in users.csv. Correct it, or add the person there.",
        example="wrong: userSourcedId is u-900, users.csv has no u-900   right: userSourcedId is u-90",
    ),
    FindingCode(
        "REF107", "warning", "Courses belong to a school or office that is not in orgs.csv.", _or_export("the missing school", "the school of these courses"),
        why="We cannot tell which school gives the course. Its classes still count.",
        in_excel="Look up the ID from the column orgSourcedId in orgs.csv. Correct it, or add the missing school there.",
        example="wrong: orgSourcedId is sch-99   right: orgSourcedId is sch-12",
    ),
    FindingCode(
        "REF108", "warning", "Rows of demographics.csv are of a person who is not in users.csv.", _or_export("the missing person", "the ID of these rows"),
        why="The row belongs to nobody we know, so it changes nothing.",
        in_excel="Look up the ID from the column sourcedId in users.csv. Correct it, or delete the row.",
        example="wrong: sourcedId is u-900, users.csv has no u-900   right: sourcedId is u-90",
    ),
    FindingCode(
        "REF109", "warning", "Enrollments name another school than their class does; the school of the class counts.", CHECK_SIS,
        why="A student could be looked for in the wrong school. We go by the school of the class.",
        in_excel="Copy the school of the class from classes.csv into the column schoolSourcedId.",
        example="wrong: class k-1 is at sch-1, the row says sch-2   right: both say sch-1",
    ),
    FindingCode(
        "VOC201", "warning", "A word is not one of those that OneRoster knows for this column.", CHECK_SIS,
        why="A word that we do not know may be read as nothing at all.",
        in_excel="Replace the word by one of the known ones. Find and Replace does it in one go.",
        example="wrong: classType is lesson   right: classType is scheduled",
    ),
    FindingCode(
        "DAT301", "error", "A date cannot be read; the rows were left out.", "Let the export write dates as year-month-day, for example 2026-09-01.",
        why="We cannot tell on which days the row counts. 03/04 can be March or April.",
        in_excel="Select the column, choose Format Cells > Custom, type yyyy-mm-dd, and save as CSV UTF-8. Do not open the saved file again.",
        example="wrong: 9/1/26   right: 2026-09-01",
    ),
    FindingCode(
        "DAT302", "error", "An end lies before its beginning; the rows were left out.", CHECK_SIS,
        why="A time that ends before it begins has no days, so nobody would be counted.",
        in_excel="Swap the two dates, or correct the wrong year.",
        example="wrong: 2026-09-01 to 2026-06-12   right: 2026-09-01 to 2027-06-12",
    ),
    FindingCode(
        "DUP401", "info", "A person is in the same class more than once; each student counts once.", "You do not have to do anything when the rows are of different terms.",
        why="Nobody is counted twice. It can point to a class change that was not closed.",
        in_excel="Delete the second row if it says the same as the first.",
        example="twice: person u-7 in class k-1   once is enough: person u-7 in class k-1",
    ),
    FindingCode(
        "STU601", "fatal", "The roster has no active student.", "Check that the export includes students: student in the column role, true in enabledUser, and active or a blank in status.",
        why="With no students every report would be blank, so the last good data stays.",
        in_excel="Check the column that is named. An active student has student in role, true in enabledUser, and active or a blank in status.",
        example="wrong: enabledUser is false on every row   right: enabledUser is true for students of today",
    ),
    FindingCode(
        "VOL301", "hold", "More students than usual are gone from the roster.", "If they really left, tell us and we let it through. If not, export the whole roster again and upload it.",
        why="When many students are gone at once, the export is often cut short. Reports would shrink overnight.",
        in_excel="Do not mend this by hand. Export the roster again and upload it as it is.",
        example="wrong: one school was left out of the export   right: all schools are in it",
    ),
)  # fmt: skip
