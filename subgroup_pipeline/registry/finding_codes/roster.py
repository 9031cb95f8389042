"""Codes of a roster's content: keys, references, words, dates, and how much changed."""

from subgroup_pipeline.registry.finding_codes.code import CHECK_SIS, FindingCode

CODES = (
    FindingCode("KEY001", "hold", "Rows have no key.", CHECK_SIS),
    FindingCode("KEY002", "hold", "The same key stands on more than one row.", CHECK_SIS),
    FindingCode("REF101", "warning", "Users belong to an organisation that is not in orgs.csv.", CHECK_SIS),
    FindingCode("REF102", "warning", "Classes name a course that is not in courses.csv.", CHECK_SIS),
    FindingCode("REF103", "error", "Classes name a school that is not a school in orgs.csv.", CHECK_SIS),
    FindingCode("REF104", "warning", "Classes name a term that is not in academicSessions.csv.", CHECK_SIS),
    FindingCode("REF105", "error", "Enrollments name a class that is not in classes.csv.", CHECK_SIS),
    FindingCode("REF106", "error", "Enrollments name a user who is not in users.csv.", CHECK_SIS),
    FindingCode("REF107", "warning", "Courses belong to an organisation that is not in orgs.csv.", CHECK_SIS),
    FindingCode("REF108", "warning", "Demographics are of a user who is not in users.csv.", CHECK_SIS),
    FindingCode("REF109", "warning", "Enrollments name another school than their class does; the class's school counts.", CHECK_SIS),
    FindingCode("VOC201", "warning", "A value is not one that OneRoster knows.", CHECK_SIS),
    FindingCode("DAT301", "error", "A date cannot be read.", "Write dates as YYYY-MM-DD."),
    FindingCode("DAT302", "error", "An end lies before its beginning; the rows were set aside.", CHECK_SIS),
    FindingCode("DUP401", "info", "A student is enrolled more than once in the same class; each student counts once.", "Nothing has to be done when the rows are of different terms."),
    FindingCode("STU601", "fatal", "The roster has no active student.", "Check that students are exported, with enabledUser true."),
    FindingCode("VOL301", "hold", "More students than usual are gone from the roster.", "If they really left, tell us and we let it through; otherwise export the whole roster again."),
)  # fmt: skip
