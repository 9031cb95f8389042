"""What a district finds in its outbox."""

from __future__ import annotations

import stat

from tests.support.installation import Installation


def outbox_of(installation: Installation, district: str) -> dict[str, bytes]:
    """Every file that the district's client finds, by its path."""
    sftp = installation.sftp(district)
    found: dict[str, bytes] = {}
    folders = [""]
    while folders:
        folder = folders.pop()
        for entry in sftp.listdir_attr(f"outbox/{folder}"):
            path = f"{folder}{entry.filename}"
            if stat.S_ISDIR(entry.st_mode or 0):
                folders.append(f"{path}/")
            else:
                found[path] = sftp.open(f"outbox/{path}").read()
    return found
