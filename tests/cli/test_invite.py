"""`district invite`: what it prints, and whom it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subgroup_pipeline.cli.main import app
from tests.support import small_district as small


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SUBGROUPS_PUBLIC_URL", "https://subgroups.example.com/")
    monkeypatch.setenv("SUBGROUPS_PUBLIC_SFTP_HOST", "sftp.example.com")
    monkeypatch.chdir(tmp_path)
    Path("ash.yml").write_text(small.settings("ash"))
    assert _run("district", "apply", "ash.yml").exit_code == 0


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_the_link_begins_with_the_public_address() -> None:
    done = _run("district", "invite", "ash", "--hours", "24", "--json")
    made = json.loads(done.stdout)
    assert list(made) == ["district_id", "url", "expires_at", "username", "host", "port"]
    assert made["url"].startswith("https://subgroups.example.com/setup/")
    assert len(made["url"].rpartition("/")[2]) == 43
    assert (made["username"], made["host"], made["port"]) == ("ash", "sftp.example.com", 2022)
    assert made["expires_at"].endswith("Z")
    assert _run("district", "invite", "ash").stdout.startswith("https://subgroups.example.com/setup/")


def test_it_says_whether_mail_goes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("fir.yml").write_text(small.settings("fir") + "contacts: [data@fir.example]\n")
    assert _run("district", "apply", "fir.yml").exit_code == 0
    assert "the settings name no contacts" in _run("district", "invite", "ash").stderr
    assert "mail to data@fir.example is kept and not sent" in _run("district", "invite", "fir").stderr
    monkeypatch.setenv("SUBGROUPS_SMTP_URL", "smtp://127.0.0.1:25")
    assert "goes by mail to data@fir.example" in _run("district", "invite", "fir").stderr


def test_nobody_else_is_invited() -> None:
    server = "server: {host: sftp.elm.example, username: us, private_key: elm, host_key: ssh-ed25519 AAAA}\n"
    Path("elm.yml").write_text(small.settings("elm") + server)
    assert _run("district", "apply", "elm.yml").exit_code == 0
    assert "we fetch its files from sftp.elm.example" in str(_run("district", "invite", "elm").exception)
    assert "no district is called oak" in str(_run("district", "invite", "oak").exception)
    assert _run("district", "invite", "ash", "--hours", "169").exit_code == 2
