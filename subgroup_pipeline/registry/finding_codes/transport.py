"""Codes of getting files: servers, sign-in, uploads that are late or cut off."""

from subgroup_pipeline.registry.finding_codes.code import FindingCode

CODES = (
    FindingCode("NET001", "error", "The SFTP server did not answer.", "Check that the server is up and that its address and firewall let us in."),
    FindingCode("NET002", "error", "The SFTP server showed another host key than the one on record.", "Ask the server's owner whether the key was changed on purpose; if so, put the new key on record. Until then nothing is fetched."),
    FindingCode("NET003", "error", "The SFTP server refused our sign-in.", "Check the account and the key on record for this server."),
    FindingCode("NET004", "error", "The files could not be fetched.", "Nothing to do if it works tomorrow; otherwise look at the server's log."),
    FindingCode("EOF001", "info", "The last line does not end with a line break; it was read.", "Nothing has to be done."),
    FindingCode("LAG901", "warning", "Nothing arrived for the last night.", "Check that the nightly export ran and could sign in."),
    FindingCode("LAG902", "error", "Nothing has arrived for several nights.", "Check that the nightly export runs and can sign in; the reports show older data until then."),
    FindingCode(
        "LAG903", "error", "Nothing has arrived for more than two days; somebody of ours was told.",
        "Look at the nightly export and its sign-in today, or call us.",
        why="The reports show older data, and every day makes them less true.",
        example="wrong: the last upload on Monday, today is Thursday  right: an upload every night",
    ),
    FindingCode(
        "LAG904", "warning", "The subgroup file is older than the roster.",
        "Upload a new subgroup file with the next roster.",
        why="Students who came since are reported as not reported, and changes of the others are not seen.",
        example="wrong: tonight's roster with last month's subgroup file  right: both exported the same night",
    ),
)  # fmt: skip
