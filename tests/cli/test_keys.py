"""`district authorize` and `district keys`: many keys in one call, and what a change says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from typer.testing import CliRunner

from subgroup_pipeline.access.passwords import set_password
from subgroup_pipeline.cli.main import app
from subgroup_pipeline.cli.output import installation
from tests.support import small_district as small


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("keys").mkdir()
    for name in ("ash", "birch"):
        Path(f"{name}.yml").write_text(small.settings(name))
        Path(f"keys/{name}.pub").write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_public_key())
    _run("district", "apply", "ash.yml", "birch.yml")


def _run(*arguments: str, status: int = 0) -> str:
    """Gives what was said on stderr."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == status, (done.output, done.exception)
    return done.stderr


def _data(*arguments: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    return json.loads(CliRunner().invoke(app, [*arguments, "--json"]).stdout)


def test_a_folder_of_keys_is_one_call() -> None:
    _run("district", "authorize", "--from-folder", "keys")
    listed = _data("district", "keys", "list")
    assert [(key["district_id"], key["paused_at"], key["also_of"]) for key in listed] == [("ash", None, []), ("birch", None, [])]
    assert listed[0]["added_at"].endswith("Z")


def test_several_keys_of_one_district_are_one_call() -> None:
    _run("district", "authorize", "ash", "--public-key", "keys/ash.pub", "--public-key", "keys/birch.pub")
    assert len(_data("district", "keys", "list", "ash")) == 2


def test_one_key_for_two_districts_is_warned_of() -> None:
    _run("district", "authorize", "ash", "--public-key", "keys/ash.pub")
    said = _run("district", "authorize", "birch", "--public-key", "keys/ash.pub")
    assert "warning" in said
    assert "also signs in as ash" in said


def test_pausing_and_revoking_the_last_key_say_that_nobody_can_upload() -> None:
    (key,) = _data("district", "authorize", "ash", "--public-key", "keys/ash.pub")
    for change, word in (("pause", "paused"), ("resume", "resumed"), ("revoke", "revoked")):
        said = _run("district", "keys", change, "ash", key["fingerprint"][:16])
        assert f"{key['fingerprint']} of ash is {word}" in said
        assert ("cannot upload" in said) == (change != "resume")
    assert _data("district", "keys", "list") == []


def test_rotating_revokes_the_others() -> None:
    _run("district", "authorize", "ash", "--public-key", "keys/ash.pub")
    (new,) = _data("district", "keys", "rotate", "ash", "--public-key", "keys/birch.pub")
    assert [key["fingerprint"] for key in _data("district", "keys", "list", "ash")] == [new["fingerprint"]]


def test_a_folder_and_a_district_are_wrong_use() -> None:
    _run("district", "authorize", "ash", "--from-folder", "keys", status=2)
    _run("district", "authorize", "ash", status=2)
    _run("district", "authorize", "--from-folder", ".", status=2)


def test_a_password_beside_the_keys_is_said_and_taken_away() -> None:
    with installation() as (_, registry), registry.begin() as session:
        set_password(session, "ash", "seven red barns burn", by="clerk@example.com")
    assert "ash may also sign in with a password" in _run("district", "keys", "list")
    assert "birch" not in _run("district", "keys", "list", "birch").partition("password")[0]
    shown = _data("district", "show", "ash")
    assert (shown["password_set_by"], shown["password_set_at"][-1]) == ("clerk@example.com", "Z")
    assert [(one["district_id"], one["has_password"]) for one in _data("district", "list")] == [("ash", True), ("birch", False)]
    said = _run("doctor")
    assert "birch has no SSH key in force and no password" in said
    assert "ash" not in said.partition("birch has no SSH key")[0].splitlines()[-1:]
    (key,) = _data("district", "authorize", "ash", "--public-key", "keys/ash.pub")
    assert "cannot upload" not in _run("district", "keys", "revoke", "ash", key["fingerprint"])
    assert "is revoked" in _run("district", "keys", "revoke-password", "ash")
    assert "has no password" in _run("district", "keys", "revoke-password", "ash")
    assert _data("district", "show", "ash")["password_set_at"] is None
