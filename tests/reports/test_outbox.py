"""Reports that are put into an outbox without a night: a server that does not answer, a kill, a server of the district's own."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.registry.ledger import UploadedFile
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.reports.outbox import Delivered, deliver_reports
from tests.support import small_district as small
from tests.support.installation import Installation
from tests.support.outbox import outbox_of


def _deliver(installation: Installation) -> Delivered:
    return deliver_reports(installation.registry, installation.settings, registered_districts(installation.registry))


@pytest.fixture
def rejected(installation: Installation) -> tuple[Installation, str]:
    """A district with a delivery that was refused, and no report yet."""
    district = installation.apply(small.settings("alpha"))
    installation.sftp(district).close()
    upload = UploadedFile("roster.zip", "0" * 64, 7)
    with installation.registry.begin() as session:
        register_delivery(
            session, district, "roster", sha256="0" * 64, content_sha256="0" * 64, proof=None, files=[upload],
            findings=[Finding("ZIP001", file="roster.zip")], is_rejected=True,
        )  # fmt: skip
    return installation, district


def test_a_server_that_does_not_answer_delays_the_reports_by_a_night(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    key = installation.settings.paths.keys / "pipeline"
    key.rename(key.with_suffix(".away"))
    down = _deliver(installation)
    assert (down.reports, set(down.faults), down.districts) == (1, {district}, set())
    assert outbox_of(installation, district) == {}
    key.with_suffix(".away").rename(key)
    up = _deliver(installation)
    assert (up.reports, up.faults, up.districts) == (1, {}, {district})
    assert "Not used." in outbox_of(installation, district)["latest/roster.html"].decode()


def test_a_kill_between_writing_and_noting_writes_the_same_again(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    _deliver(installation)
    files = outbox_of(installation, district)
    (installation.settings.paths.reports / district / "delivered.json").unlink()
    (installation.settings.paths.sftp / district / "outbox" / "latest" / "roster.html.part").write_text("half a page")
    assert _deliver(installation).reports == 1
    assert outbox_of(installation, district) == files
    assert _deliver(installation).reports == 0


def test_a_district_with_a_server_of_its_own_gets_none_on_ours(rejected: tuple[Installation, str]) -> None:
    installation, district = rejected
    own = "server: {host: sftp.invalid, username: us, host_key: ssh-ed25519 AAAA, private_key: alpha}\n"
    installation.apply(small.settings("alpha") + own)
    delivered = _deliver(installation)
    assert (delivered.reports, delivered.districts, delivered.faults) == (1, set(), {})
    assert outbox_of(installation, district) == {}
    (delivery,) = installation.deliveries(district)
    page = installation.settings.paths.reports / district / f"{delivery['delivery_id']}.html"
    assert "This is not a zip file that can be opened." in page.read_text()
    assert _deliver(installation).reports == 0
