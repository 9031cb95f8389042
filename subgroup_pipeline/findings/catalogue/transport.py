"""Codes of getting files: servers, sign-in, uploads that are late or cut off."""

from subgroup_pipeline.findings.catalogue.code import FindingCode

CODES = (
    FindingCode(
        "NET001", "error", "The SFTP server did not answer.", "Check that the server is up and that its address and firewall let us in.",
        why="We could not look for new files, so the reports show the last ones that came.",
        example="wrong: the server is off at night   right: the server answers when we call",
    ),
    FindingCode(
        "NET002", "error", "The SFTP server showed another host key than the one on record.", "Ask the server's owner whether the key was changed on purpose; if so, put the new key on record. Until then nothing is fetched.",
        why="A changed key can mean a new server. It can also mean that somebody is in the middle. We do not send or fetch until you say which.",
        example="wrong: the server was moved and nobody told us   right: send us the new key before the move",
    ),
    FindingCode(
        "NET003", "error", "The SFTP server refused our sign-in.", "Check the account and the key on record for this server.",
        why="We could not look for new files, so the reports show the last ones that came.",
        example="wrong: the account was closed, or its key removed   right: the account is open and has our key",
    ),
    FindingCode(
        "NET004", "error", "The files could not be fetched.", "You do not have to do anything if it works tomorrow. If not, look at the log of the server.",
        why="The way to the server broke. We take no half files, so we try again.",
        example="wrong: the line broke in the middle of a file   right: the file came through",
    ),
    FindingCode(
        "EOF001", "info", "The last line does not end with a line break; it was read.", "Nothing has to be done.",
        why="Sometimes this means that a file was cut off. Here the last row was whole.",
        example="wrong: the file ends right after 00999,Y   right: the file ends with a new line after 00999,Y",
    ),
    FindingCode(
        "ARC001",
        "fatal",
        "The file is no longer kept here, so it cannot be read again.",
        "Upload the file again.",
        why="Uploaded files are kept for a limited time. Without the file there is nothing to read.",
        in_excel="There is nothing to mend in the file.",
        example="wrong: a file of last spring is asked for again; right: today's export is uploaded",
    ),
    FindingCode(
        "ARC002",
        "fatal",
        "The copy of the file that is kept here is damaged, so it cannot be read again.",
        "Upload the file again.",
        why="The bytes on our disk are not those that you sent. Nothing of them is used; reports show the data from before.",
        in_excel="Nothing to mend in the file.",
        example="wrong: the kept copy has a changed byte   right: today's export is uploaded",
    ),
    FindingCode(
        "LAG901", "warning", "Nothing arrived for the last night.", "Check that the nightly export ran and could sign in.",
        why="The reports show older data until a new file comes.",
        example="wrong: the export is set for 02:00 but did not run   right: the export ran and the file is in the inbox",
    ),
    FindingCode(
        "LAG902", "error", "Nothing has arrived for several nights.", "Check that the nightly export runs and can sign in; the reports show older data until then.",
        why="The reports grow older each day. New students are missing in them.",
        example="wrong: no file since Monday   right: a new file each night",
    ),
    FindingCode(
        "PRT901", "error", "An upload has not been finished for an hour; nothing of it was used.", "Upload the file again, and wait until your program says that it is done.",
        why="A part of a file looks like a file whose other students have left.",
        in_excel="",
        example="wrong: users.csv.filepart, or a manifest.csv whose files never came. right: users.csv.",
    ),
    FindingCode(
        "PRT902", "fatal", "The file is not what the .sha256 file or _manifest.csv beside it says.", "Export and upload both again, the file first.",
        why="A part of the file is missing, or one of the two is of another day.",
        in_excel="Make the .sha256 file or _manifest.csv after the last change of the file.",
        example="wrong: _manifest.csv says subgroups.csv,500 and the file has 480 rows. right: both say 500.",
    ),
    FindingCode(
        "LAG903", "error", "Nothing has arrived for more than two days.",
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
