"""Codes of what waits for a person, or could not be built."""

from subgroup_pipeline.registry.finding_codes.code import FindingCode

CODES = (
    FindingCode(
        "FST701", "hold", "This is the first delivery of its kind; a person of ours looks at it before it is used.", "Nothing has to be done because of this: we look at it and let you know. What else this report names can be mended meanwhile.",
        why="The first file shows if the setup is right. It is cheaper to look now than to mend reports later.",
        example="held: the first roster   then: a person lets it through, and the next ones flow by themselves",
    ),
    FindingCode(
        "CLN702", "hold", "Rows had to be set aside, and this district publishes clean deliveries only.", "Correct the rows above and upload again.",
        why="Your district chose to show only data without open problems. The last good data stays until then.",
        in_excel="Mend the rows named in this report, save as CSV UTF-8, and upload again.",
        example="wrong: 3 rows without a student ID   right: every row has a student ID",
    ),
    FindingCode(
        "OLD801", "hold", "The same file came before, and a newer one since.", "Upload today's export. If this older one is really meant, tell us and we let it through.",
        why="An older file would take back changes that came since.",
        example="wrong: Monday's file sent again on Friday   right: Friday's file",
    ),
    FindingCode(
        "BLD001", "hold", "The reports could not be built from this delivery.", "We look into it; the last good reports stay.",
        why="Something in the data does not add up in our reports. This is ours to find out.",
        example="held: tonight's file   shown: the reports of yesterday",
    ),
)  # fmt: skip
