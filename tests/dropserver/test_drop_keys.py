"""Host keys and the pipeline's key: made once, private, safe to race, pinned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncssh
import paramiko
import pytest

from subgroup_pipeline.districts.public_keys import read_public_key
from subgroup_pipeline.dropserver.accounts import is_account, is_district_account, key_is_among
from subgroup_pipeline.dropserver.host_keys import ensure_keys, known_hosts_lines, write_known_hosts
from subgroup_pipeline.errors import SettingsError


def test_keys_are_kept_and_private(keys_dir: Path) -> None:
    first = ensure_keys(keys_dir)
    assert ensure_keys(keys_dir) == first
    for path in (*first.host_keys, first.pipeline_key):
        assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in first.host_keys] == ["ssh_host_ed25519_key", "ssh_host_rsa_key"]
    assert paramiko.RSAKey.from_private_key_file(str(first.host_keys[1])).get_bits() == 3072
    assert set(first.fingerprints) == {"ssh-ed25519", "ssh-rsa"}
    assert all(shown.startswith("SHA256:") for shown in first.fingerprints.values())
    assert (keys_dir / "pipeline.pub").read_text().strip() == first.pipeline_public_key
    assert not list(keys_dir.glob(".*")), "drafts were left behind"


def test_a_key_that_others_could_read_is_closed_again(keys_dir: Path) -> None:
    ring = ensure_keys(keys_dir)
    ring.pipeline_key.chmod(0o644)
    ensure_keys(keys_dir)
    assert ring.pipeline_key.stat().st_mode & 0o777 == 0o600


def test_processes_that_race_get_the_same_keys(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from subgroup_pipeline.dropserver.host_keys import ensure_keys;"
        "print(ensure_keys(Path(sys.argv[1])).fingerprints)"
    )
    racers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "keys")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = {racer.communicate(timeout=60)[0] for racer in racers}
    assert [racer.returncode for racer in racers] == [0, 0, 0]
    assert told == {f"{ensure_keys(tmp_path / 'keys').fingerprints}\n"}


def test_a_damaged_key_is_named_with_the_mend(tmp_path: Path, keys_dir: Path) -> None:
    for path in keys_dir.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "ssh_host_rsa_key").write_text("not a key")
    with pytest.raises(SettingsError, match=r"ssh_host_rsa_key is not a private key.*Restore it"):
        ensure_keys(tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="SUBGROUPS_HOME"):
        ensure_keys(tmp_path / "file" / "keys")


def test_known_hosts_follow_the_address(keys_dir: Path) -> None:
    ring = ensure_keys(keys_dir)
    before = ring.known_hosts.read_text() if ring.known_hosts.exists() else None
    try:
        write_known_hosts(ring, "127.0.0.1", 2022)
        write_known_hosts(ring, "127.0.0.1", 3022)
        pinned = paramiko.HostKeys(str(ring.known_hosts))
        assert set(pinned.lookup("[127.0.0.1]:3022") or {}) == {"ssh-ed25519", "ssh-rsa"}
        assert pinned.lookup("[127.0.0.1]:2022") is None
    finally:
        if before is not None:
            ring.known_hosts.write_text(before)
    assert known_hosts_lines(ring, "drop.example", 22)[0].startswith("drop.example ssh-ed25519 ")
    everywhere = {line.split()[0] for line in known_hosts_lines(ring, "0.0.0.0", 2022)}  # noqa: S104 - no socket is bound
    assert {"[0.0.0.0]:2022", "[127.0.0.1]:2022", "[localhost]:2022"} <= everywhere


@pytest.mark.parametrize("name", ["a1", "grand_bend", "9lives", "a" * 41])
def test_district_names(name: str) -> None:
    assert is_district_account(name)
    assert is_account(name)


@pytest.mark.parametrize("name", ["", "a", "_x", "A1", "a-b", "a.b", "../a", "a/b", "a\n", "a" * 42, "\u00e4b", "_pipelines"])
def test_names_that_nobody_has(name: str) -> None:
    assert not is_account(name)


def test_the_service_account_is_no_district() -> None:
    assert is_account("_pipeline")
    assert not is_district_account("_pipeline")


@pytest.mark.parametrize(
    ("algorithm", "options", "words"),
    [("ssh-rsa", {"key_size": 1024}, "of 1024 bits is not accepted"), ("ssh-dss", {}, "ssh-dss"), ("ssh-ed448", {}, "ssh-ed448")],
)
def test_weak_keys_are_refused_in_words(algorithm: str, options: dict[str, Any], words: str) -> None:
    try:
        key = asyncssh.generate_private_key(algorithm, **options)
    except (asyncssh.KeyGenerationError, ValueError) as error:
        pytest.skip(f"this system makes no {algorithm} key: {error}")
    line = key.export_public_key("openssh").decode()
    with pytest.raises(SettingsError, match=words):
        read_public_key(line)
    assert not key_is_among(key, [line])


@pytest.mark.parametrize("line", ["", "hello", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", "ssh-rsa", "\0"])
def test_what_is_no_key_is_refused_in_words(line: str) -> None:
    with pytest.raises(SettingsError, match=r"ssh-keygen"):
        read_public_key(line)
