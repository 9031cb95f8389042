"""Checks of what `subgroups up` runs."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.doctor.complaint import Complaint, complaint

if TYPE_CHECKING:
    from subgroup_pipeline.settings import Settings


def sftp_server(settings: Settings) -> list[Complaint]:
    """Whether a server answers on the port of ours."""
    try:
        with socket.create_connection((settings.sftp_host, settings.sftp_port), timeout=2):
            return []
    except OSError:
        what = f"No SFTP server answers on {settings.sftp_host} port {settings.sftp_port}."
        return [complaint("warning", what, "`subgroups up` starts it; districts cannot upload and nothing can be fetched.")]
