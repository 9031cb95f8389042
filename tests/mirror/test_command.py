"""`subgroups mirror` as an operator types it."""

from __future__ import annotations

import pytest

from tests.mirror.conftest import OF_ALDER, Mirror
from tests.support.command import Shell

pytestmark = pytest.mark.needs_postgres


def test_sync_grant_and_status(own_mirror: Mirror) -> None:
    url = own_mirror.settings.mirror_url.get_secret_value()
    shell = Shell(own_mirror.settings.home.parent, {"SUBGROUPS_MIRROR_URL": url})
    mirrored = shell.subgroups("mirror", "sync", "--json").data
    assert (mirrored["changed_districts"], mirrored["removed_districts"]) == (2, 0)
    role = own_mirror.role()
    granted = shell.subgroups("mirror", "grant", role, "--district", "alder")
    assert (granted.status, granted.out, granted.err.strip()) == (0, "", f"{role} sees alder")
    assert own_mirror.districts_of(role) == {"alder": OF_ALDER.students}
    status = shell.subgroups("mirror", "status", "--json")
    assert status.status == 0
    assert (status.data["snapshot"], status.data["districts"]) == (mirrored["snapshot"], 2)
    assert status.data["grants"] == [{"role": role, "district_id": "alder", "trouble": None}]
    assert own_mirror.server.password not in status.out + status.err


def test_whose_rows_must_be_said(own_mirror: Mirror) -> None:
    shell = Shell(own_mirror.settings.home.parent)
    shell.subgroups("mirror", "grant", "anybody").refuses("--every-district", status=2)
