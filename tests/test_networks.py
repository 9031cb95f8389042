"""Which addresses we connect to when somebody else named the host."""

from __future__ import annotations

import pytest

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.networks import may_connect, read_networks
from subgroup_pipeline.settings import load_settings

INSIDE = [
    "10.0.0.1", "172.16.9.9", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.1.1", "0.1.2.3", "224.0.0.1", "::1",
    "fe80::1%eth0", "fd00::1", "::ffff:10.1.1.1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_inside_is_not_connected_to_however_it_is_written(address: str) -> None:
    assert not may_connect(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_what_is_public_is(address: str) -> None:
    assert may_connect(address)


def test_an_operator_allows_networks() -> None:
    allowed = read_networks(load_settings(roster_networks="10.20.0.0/16, fd00::/8").roster_networks)
    assert may_connect("10.20.1.1", allowed)
    assert may_connect("::ffff:10.20.1.1", allowed)
    assert may_connect("fd00::1", allowed)
    assert not may_connect("10.21.1.1", allowed)
    with pytest.raises(SettingsError, match=r"SUBGROUPS_ROSTER_NETWORKS.*write networks with commas"):
        load_settings(roster_networks="10.20.0.0/8")
