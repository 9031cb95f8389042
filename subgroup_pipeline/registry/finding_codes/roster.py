"""Codes of a roster's content: keys, references, words, dates, and how much changed."""

from subgroup_pipeline.registry.finding_codes.code import CHECK_SIS, FindingCode

CODES = (
    FindingCode(
        "KEY001", "hold", "Rows have no key.", CHECK_SIS,
        why="A row without its ID cannot be linked to anything, and we cannot tell you which row it is by name.",
        in_excel="Filter the ID column for blanks. Ask the system's owner for the IDs. Do not make up new ones.",
        example="wrong: ,active,Elm School   right: sch-12,active,Elm School",
    ),
    FindingCode(
        "KEY002", "hold", "The same key stands on more than one row.", CHECK_SIS,
        why="Two rows with one ID are two truths. We would have to guess which one is right.",
        in_excel="Mark double values in the ID column (Conditional Formatting). Keep one row for each ID.",
        example="wrong: u-7 stands on lines 12 and 90   right: u-7 stands on line 12, u-8 on line 90",
    ),
    FindingCode(
        "REF101", "warning", "Users belong to an organisation that is not in orgs.csv.", CHECK_SIS,
        why="We cannot show a user under a school that we do not know.",
        in_excel="Look up the orgSourcedIds cell in orgs.csv. Correct it, or add the missing school there.",
        example="wrong: orgSourcedIds is sch-99, orgs.csv ends at sch-12   right: orgSourcedIds is sch-12",
    ),
    FindingCode(
        "REF102", "warning", "Classes name a course that is not in courses.csv.", CHECK_SIS,
        why="The class cannot be counted under a course, so its students are missing in the course report.",
        in_excel="Look up the courseSourcedId cell in courses.csv. Correct it, or add the course there.",
        example="wrong: courseSourcedId is c-77, courses.csv has no c-77   right: courseSourcedId is c-7",
    ),
    FindingCode(
        "REF103", "error", "Classes name a school that is not a school in orgs.csv.", CHECK_SIS,
        why="Students count in the school of their class. With no known school they would be in none, so the class is set aside.",
        in_excel="Look up the schoolSourcedId cell in orgs.csv. It must be a row whose type is school.",
        example="wrong: schoolSourcedId is the district's own ID   right: schoolSourcedId is sch-12",
    ),
    FindingCode(
        "REF104", "warning", "Classes name a term that is not in academicSessions.csv.", CHECK_SIS,
        why="The term tells us when the class runs. Without it we count the class as always open.",
        in_excel="Look up the termSourcedIds cell in academicSessions.csv. Correct it, or add the term there.",
        example="wrong: termSourcedIds is fall-2024   right: termSourcedIds is fall-2026",
    ),
    FindingCode(
        "REF105", "error", "Enrollments name a class that is not in classes.csv.", CHECK_SIS,
        why="A student in an unknown class cannot be counted in a course, so the row is set aside.",
        in_excel="Look up the classSourcedId cell in classes.csv. Correct it, or add the class there.",
        example="wrong: classSourcedId is k-500, classes.csv has no k-500   right: classSourcedId is k-50",
    ),
    FindingCode(
        "REF106", "error", "Enrollments name a user who is not in users.csv.", CHECK_SIS,
        why="We do not know who this is, so the row is set aside.",
        in_excel="Look up the userSourcedId cell in users.csv. Correct it, or add the person there.",
        example="wrong: userSourcedId is u-900, users.csv has no u-900   right: userSourcedId is u-90",
    ),
    FindingCode(
        "REF107", "warning", "Courses belong to an organisation that is not in orgs.csv.", CHECK_SIS,
        why="We cannot tell which school gives the course. Its classes still count.",
        in_excel="Look up the orgSourcedId cell in orgs.csv. Correct it, or add the missing school there.",
        example="wrong: orgSourcedId is sch-99   right: orgSourcedId is sch-12",
    ),
    FindingCode(
        "REF108", "warning", "Demographics are of a user who is not in users.csv.", CHECK_SIS,
        why="The row belongs to nobody we know, so it changes nothing.",
        in_excel="Look up the sourcedId cell in users.csv. Correct it, or delete the row.",
        example="wrong: sourcedId is u-900, users.csv has no u-900   right: sourcedId is u-90",
    ),
    FindingCode(
        "REF109", "warning", "Enrollments name another school than their class does; the class's school counts.", CHECK_SIS,
        why="A student could be looked for in the wrong school. We go by the school of the class.",
        in_excel="Copy the school of the class from classes.csv into schoolSourcedId.",
        example="wrong: class k-1 is at sch-1, the row says sch-2   right: both say sch-1",
    ),
    FindingCode(
        "VOC201", "warning", "A value is not one that OneRoster knows.", CHECK_SIS,
        why="A word that we do not know may be read as nothing at all.",
        in_excel="Replace the word by one of the known ones. Find and Replace does it in one go.",
        example="wrong: role is Pupil   right: role is student",
    ),
    FindingCode(
        "DAT301", "error", "A date cannot be read.", "Write dates as YYYY-MM-DD.",
        why="We cannot tell on which days the row counts. 03/04 can be March or April.",
        in_excel="Format the column as Text, then type the dates as year-month-day.",
        example="wrong: 9/1/26   right: 2026-09-01",
    ),
    FindingCode(
        "DAT302", "error", "An end lies before its beginning; the rows were set aside.", CHECK_SIS,
        why="A time that ends before it begins has no days, so nobody would be counted.",
        in_excel="Swap the two dates, or correct the wrong year.",
        example="wrong: 2026-09-01 to 2026-06-12   right: 2026-09-01 to 2027-06-12",
    ),
    FindingCode(
        "DUP401", "info", "A student is enrolled more than once in the same class; each student counts once.", "Nothing has to be done when the rows are of different terms.",
        why="Nothing is counted twice. It can point to a class change that was not closed.",
        in_excel="Delete the second row if it says the same as the first.",
        example="twice: student u-7 in class k-1   once is enough: student u-7 in class k-1",
    ),
    FindingCode(
        "STU601", "fatal", "The roster has no active student.", "Check that students are exported, with role student, enabledUser true, and a status that is blank or active.",
        why="With no students every report would be blank, so the last good data stays.",
        in_excel="Check the column that is named. Students need role 'student', enabledUser 'true' and status blank or 'active'.",
        example="wrong: enabledUser is false on every row   right: enabledUser is true for students of today",
    ),
    FindingCode(
        "VOL301", "hold", "More students than usual are gone from the roster.", "If they really left, tell us and we let it through; otherwise export the whole roster again.",
        why="When many students are gone at once, the export is often cut short. Reports would shrink overnight.",
        example="wrong: one school was left out of the export   right: all schools are in it",
    ),
)  # fmt: skip
