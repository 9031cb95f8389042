"""The web port: how it answers browsers that ask again over the same connection."""

from __future__ import annotations

import http.client
import time
from pathlib import Path

from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings
from tests.support.portal import portal_running

DELAYED_ACK = 0.040
"""Seconds for which Linux keeps back the confirmation of what it received (RFC 1122, 4.2.3.2)."""


def test_an_answer_does_not_wait_until_its_headers_are_confirmed(tmp_path: Path) -> None:
    registry = open_registry(load_settings(home=tmp_path))
    with portal_running(load_settings(home=tmp_path), registry) as portal:
        connection = http.client.HTTPConnection("127.0.0.1", portal.port, timeout=30)
        taken = []
        for _ in range(20):
            began = time.perf_counter()
            connection.request("GET", "/sign-in")
            assert connection.getresponse().read()
            taken.append(time.perf_counter() - began)
        connection.close()
    registry.close()
    assert min(taken[1:]) < DELAYED_ACK
