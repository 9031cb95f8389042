"""Checks of what `subgroups up` runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor.complaint import Complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


def sftp_server(settings: Settings) -> list[Complaint]:
    """Whether our server answers on its port: one that proves to have our host key."""
    from subgroup_pipeline.desk.ports import taken_by
    from subgroup_pipeline.dropserver.probe import pinned_keys, who_answers

    host, port = settings.sftp_host, settings.sftp_port
    answer = asyncio.run(who_answers(host, port, pinned_keys(settings.paths.keys / "known_hosts")))
    if answer == "we":
        return []
    if answer == "nobody":
        what = f"No SFTP server answers on {host} port {port}."
        return [Complaint("warning", what, "`subgroups up` starts it; districts cannot upload and nothing can be fetched.")]
    what = f"Another server than ours answers on {host} port {port}. {taken_by(host, port)}".rstrip()
    mend = "Stop it, or set SUBGROUPS_SFTP_PORT; districts that connect there are told that the host key has changed."
    return [Complaint("error", what, mend)]
