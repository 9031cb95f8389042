"""Codes of what waits for a person, or could not be built."""

from subgroup_pipeline.registry.finding_codes.code import FindingCode

CODES = (
    FindingCode("FST701", "hold", "This is the first delivery; a person looks at it before it is used.", "Nothing has to be done: we look at it and let you know."),
    FindingCode("CLN702", "hold", "Rows had to be set aside, and this district publishes clean deliveries only.", "Correct the rows above and upload again."),
    FindingCode("OLD801", "hold", "The same file came before, and a newer one since.", "Upload today's export. If this older one is really meant, tell us and we let it through."),
    FindingCode("BLD001", "hold", "The reports could not be built from this delivery.", "We look into it; the last good reports stay."),
)  # fmt: skip
