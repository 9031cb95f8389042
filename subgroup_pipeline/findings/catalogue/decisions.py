"""Codes of what waits for a person, or could not be built."""

from subgroup_pipeline.findings.catalogue.code import FindingCode

CODES = (
    FindingCode(
        "FST701", "hold", "This is the first upload of its kind from your district; a person looks at it before it is used.",
        "You do not have to do anything because of this: we look at it, and your next report says what came of it. What else this report names can be mended meanwhile.",
        why="The first file shows if the setup is right. It is cheaper to look now than to mend reports later.",
        example="on hold: the first roster   then: a person lets it through, and the next ones flow by themselves",
    ),
    FindingCode(
        "CLN702", "hold", "Rows had to be left out, and your district publishes only uploads in which no row is left out.",
        "Correct the rows that the other points of this report name, and upload the file again.",
        why="Your district chose to show only data without open problems. The last good data stays until then.",
        in_excel="Mend the rows that this report names, save as CSV UTF-8, and upload the file again.",
        example="wrong: 3 rows without a student ID   right: every row has a student ID",
    ),
    FindingCode(
        "OLD801", "hold", "The same file came before, and a newer one since.",
        "Upload today's export. If this older one is really meant, tell us and we let it through.",
        why="An older file would take back changes that came since.",
        example="wrong: Monday's file sent again on Friday   right: Friday's file",
    ),
    FindingCode(
        "BLD001", "hold", "The reports could not be built from this upload.",
        "You do not have to do anything: we look into it. The last good reports stay.",
        why="Something in the data does not add up in our reports. This is ours to find out.",
        example="on hold: tonight's file   shown: the reports of yesterday",
    ),
)  # fmt: skip
