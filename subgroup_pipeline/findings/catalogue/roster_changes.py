"""Codes of a roster against the one before it, and as a whole: too much gone, changed, new, set aside, or another district's."""

from subgroup_pipeline.findings.catalogue.code import FindingCode

_IF_MEANT = "If this is right, tell us and we let it through. If not, export the whole roster again and upload it."
_NOT_IN_EXCEL = "Do not mend this by hand. Export the roster again and upload it as it is."
_SEE_OTHERS = "Correct the rows that the other points of this report name, in the student information system. Then export and upload the roster again."

CODES = (
    FindingCode(
        "VOL302", "hold", "More staff than usual are gone from the roster.", _IF_MEANT,
        "A cut-off export looks like this.", _NOT_IN_EXCEL, "wrong: 12 teachers instead of 80   right: 78 teachers",
    ),
    FindingCode(
        "VOL303", "hold", "More classes than usual are gone from the roster.", _IF_MEANT,
        "A cut-off export looks like this, and courses would vanish from the reports.", _NOT_IN_EXCEL,
        "wrong: 200 classes instead of 900   right: 890 classes",
    ),
    FindingCode(
        "VOL304", "hold", "More enrollments than usual are gone from the roster.", _IF_MEANT,
        "A cut-off export looks like this, and students would vanish from courses.", _NOT_IN_EXCEL,
        "wrong: 2,000 enrollments instead of 9,000   right: 8,900 enrollments",
    ),
    FindingCode(
        "VOL305", "hold", "A school lost more of its students than usual.", _IF_MEANT,
        "One school may have been left out of the export.", _NOT_IN_EXCEL,
        "wrong: a school with 40 students instead of 400   right: 396 students",
    ),
    FindingCode(
        "VOL306", "hold", "More records of the roster than usual have changed.", _IF_MEANT,
        "A column may have moved, or another year was exported.", _NOT_IN_EXCEL,
        "wrong: every student has a new school overnight   right: a few have",
    ),
    FindingCode(
        "VOL307", "hold", "The roster grew more than usual.", _IF_MEANT,
        "Another year's or another district's records may be in the export.", _NOT_IN_EXCEL,
        "wrong: 900 students instead of 400   right: 410 students",
    ),
    FindingCode(
        "VOL308", "hold", "Students have new IDs and the same names.",
        "Let the export keep the ID that each student has in the column sourcedId. If the IDs were changed on purpose, tell us.",
        "Every subgroup that is matched by the old ID would be lost.", _NOT_IN_EXCEL,
        "wrong: Ana Rivera was u17 and is 000017   right: Ana Rivera stays u17",
    ),
    FindingCode(
        "VOL309", "hold", "Many rows of a file had to be left out.", _SEE_OTHERS,
        "The reports would lack too many rows.", "Correct the rows that the other points of this report name, and save as CSV UTF-8.",
        "wrong: 600 of 9,000 rows are left out   right: none",
    ),
    FindingCode(
        "VOL310", "fatal", "Too many rows of a file had to be left out.", _SEE_OTHERS,
        "What is left is not your whole roster.", "Correct the rows that the other points of this report name, and save as CSV UTF-8.",
        "wrong: 3,000 of 9,000 rows are left out   right: none",
    ),
    FindingCode(
        "VOL311", "hold", "The roster removes records in a season in which your district's rosters should only add some.", _IF_MEANT,
        "While a new year is set up, exports lack what is not set up yet.", _NOT_IN_EXCEL,
        "wrong: students are missing in August   right: new ones are added",
    ),
    FindingCode(
        "VOL312", "hold", "The rosters of your district are paused at this time of the year.", "You do not have to do anything: we look at it, or the pause ends and the next roster is used.",
        "Between two school years an export shows neither of them.", "", "wrong: a roster in the summer pause   right: one after it",
    ),
    FindingCode(
        "OLD802", "hold", "This roster is older than the one in use: by dateLastModified no record is newer and some are older.",
        "Upload today's export. If this older one is really meant, tell us and we let it through.",
        "Newer changes would be undone.", _NOT_IN_EXCEL, "wrong: last week's export   right: today's export",
    ),
    FindingCode(
        "WRG801", "fatal", "This looks like another district's roster: its schools and offices are not yours.",
        "Check which export goes to which account, and upload your own roster.",
        "Students would be shown to the wrong district. It is written down for us to look into.", _NOT_IN_EXCEL,
        "wrong: another district's zip in your inbox   right: your own",
    ),
)  # fmt: skip
