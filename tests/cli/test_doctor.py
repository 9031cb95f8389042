"""The doctor: each complaint says what is wrong and the mend, and one check that fails hides no other."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from subgroup_pipeline.access.people import described, keep_person
from subgroup_pipeline.desk import doctor
from subgroup_pipeline.desk.doctor.complaint import Complaint
from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.districts.district_keys import authorize_keys
from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.portal.portal_key import portal_key
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import UploadedFile, advance
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.settings import load_settings
from tests.support import roster_server
from tests.support.home import apply


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))


def _saying(words: str) -> Complaint:
    (found,) = [said for said in doctor.examine() if words in said.what]
    return found


def test_a_misspelt_variable_is_named_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_NIGTHLY_CRON", "04:00")
    said = _saying("SUBGROUPS_NIGTHLY_CRON")
    assert (said.level, said.mend) == ("warning", "Did you mean SUBGROUPS_NIGHTLY_CRON?")


def test_a_pinned_rollback_is_said_with_its_end() -> None:
    settings = load_settings()
    settings.paths.make()
    settings.paths.pinned_snapshot.write_text("20260101T000000000000\n", encoding="ascii")
    said = _saying("20260101T000000000000")
    assert (said.level, said.mend) == ("warning", "`subgroups publish release` ends the rollback.")


def test_a_check_that_fails_is_a_complaint_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    settings.paths.make()
    settings.paths.pinned_snapshot.write_bytes(b"\xff\xfe not ascii")
    assert _saying("`pinned rollback`").level == "error"
    assert _saying("No district is registered.")


def test_a_first_delivery_that_waits_and_a_shared_key_are_said() -> None:
    registry = open_registry(load_settings())
    text = "district: {0}\nname: {0}\ntimezone: UTC\n"
    for name in ("ash", "birch"):
        apply(registry, text.format(name))
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    authorize_keys(registry, [("ash", key), ("birch", key)], actor="test")
    with registry.begin() as session:
        file = UploadedFile("roster.zip", "a", 1)
        waits, _ = register_delivery(session, "ash", "roster", sha256="a", content_sha256="a", proof=None, files=[file])
        store_findings(session, "guards", "ash", waits.delivery_id, [Finding("FST701")])
        advance(session, waits, "screened")
        advance(session, waits, "held")
        delivery_id = waits.delivery_id
    registry.close()
    assert f"delivery approve {delivery_id} --by" in _saying("The first delivery of ash (roster) waits").mend
    assert any("signs in as ash, birch" in said.what for said in doctor.examine())


def test_secrets_of_a_roster_server_that_are_missing_are_named_by_district() -> None:
    settings = load_settings()
    registry = open_registry(settings)
    oauth2 = "{type: oauth2, token_url: https://ash.example/token}"
    for name, auth in (("ash", oauth2), ("birch", "{type: bearer}"), ("cedar", "{type: bearer}")):
        apply(registry, roster_server.settings(name, f"https://{name}.example/ims/oneroster/v1p1", auth=auth))
    apply(registry, "district: dogwood\nname: Uploads\ntimezone: UTC\n")
    for name, secret in (("ash", "client_id"), ("cedar", "token"), ("birch", "client_id")):
        keep_secret(registry, settings, name, secret, "nobody-reads-this", actor="test")
    registry.close()
    ash, birch = (_saying(f"The roster of {name} cannot be fetched") for name in ("ash", "birch"))
    assert (ash.level, "client_secret of its server is missing" in ash.what) == ("warning", True)
    assert ash.mend.startswith("`subgroups district secret ash set client_secret` asks for it")
    assert "token of its server is missing" in birch.what
    said = " ".join(f"{one.what} {one.mend}" for one in doctor.examine())
    assert "cedar" not in said
    assert "nobody-reads-this" not in said
    assert _saying("no password, and cannot upload").what.startswith("dogwood has"), "who uploads nothing needs no way in"


def test_links_that_go_over_a_network_in_the_clear_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for url, is_said in (
        ("http://subgroups.example.com", True),
        ("https://subgroups.example.com", False),
        ("http://[::1]", False),
    ):
        monkeypatch.setenv("SUBGROUPS_PUBLIC_URL", url)
        assert any(said.level == "warning" and f"begin with {url}:" in said.what for said in doctor.examine()) == is_said


def test_a_portal_key_that_others_can_read_is_said() -> None:
    settings = load_settings()
    settings.paths.make()
    portal_key(settings.paths)
    key = settings.paths.keys / "portal_key"
    assert not any("portal_key" in said.what for said in doctor.examine())
    key.chmod(0o640)
    assert _saying(str(key)).mend.startswith(f"`chmod 600 {key}`")


def test_that_no_staff_can_sign_in_is_said() -> None:
    words = "Nobody of the staff can sign in to the portal."
    assert "subgroups user add" in _saying(words).mend
    registry = open_registry(load_settings())
    with registry.begin() as session:
        keep_person(session, described("staff@vendor.example", "vendor"), actor="test")
    registry.close()
    assert not any(said.what == words for said in doctor.examine())
