"""Refusals are words on stderr with the mend in them, status 1 (the work failed) or 2 (used wrongly), never a traceback."""

from __future__ import annotations

from pathlib import Path

import asyncssh
import pytest

from tests.support import small_district as small
from tests.support.command import USED_WRONGLY, Shell

SETTINGS = {"HOME", "DATABASE_URL", "SFTP_HOST", "SFTP_PORT", "DAGSTER_PORT", "NIGHTLY_CRON", "TIMEZONE", "MEMORY_LIMIT",
            "SETTLE_SECONDS"}  # fmt: skip


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A home with one district and no uploads."""
    shell = Shell(tmp_path_factory.mktemp("words"))
    assert shell.subgroups("district", "apply", shell.write("alpha.yaml", small.settings("alpha"))).status == 0
    return shell


def test_a_fresh_home_lists_nothing_as_json(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    for command in (("district", "list"), ("delivery", "list")):
        said = shell.subgroups(*command, "--json")
        assert (said.status, said.data) == (0, [])


def test_a_fresh_home_is_private(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    shell.subgroups("district", "list")
    assert [str(path) for path in [shell.home, *shell.home.rglob("*")] if path.stat().st_mode & 0o077] == []


def test_applying_says_the_version_and_no_change(shell: Shell) -> None:
    again = shell.subgroups("district", "apply", "alpha.yaml", "--json")
    assert (again.status, again.data) == (0, [{"district_id": "alpha", "version": 1, "changed": False}])


def test_a_refused_file_is_named_with_its_line_and_nothing_is_applied(shell: Shell) -> None:
    good = shell.write("beta.yaml", small.settings("beta"))
    bad = shell.write("gamma.yaml", small.settings("gamma").replace("timezone: America/Chicago", "timezone: Chicago"))
    shell.subgroups("district", "apply", good, bad).refuses("gamma.yaml:3", "timezone", "America/Chicago")
    assert "beta" not in [row["district_id"] for row in shell.subgroups("district", "list", "--json").data]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("district: x1\nname: X\ntimezone: UTC\nas_off: delivery\n", (":4", "as_off", "as_of")),
        ("district: Marts\nname: X\ntimezone: UTC\n", (":1", "district")),
        ("district: [\n", (":2", "YAML")),
        ("", (":1", "district")),
        ("district: x1\nname: X\ntimezone: UTC\nguards: {match_rate: 95}\n", (":4", "match_rate")),
    ],
    ids=["unknown key", "bad name", "not YAML", "empty", "out of range"],
)
def test_faults_of_a_district_file(shell: Shell, text: str, words: tuple[str, ...]) -> None:
    shell.subgroups("district", "apply", shell.write("bad.yaml", text)).refuses("bad.yaml", *words)


def test_a_file_that_is_not_there(shell: Shell) -> None:
    shell.subgroups("district", "apply", "nowhere.yaml").refuses("nowhere.yaml")


@pytest.mark.parametrize("kind", ["nonsense", "empty", "private"])
def test_authorizing_what_is_no_public_key(shell: Shell, kind: str) -> None:
    """A private key too: it must never be sent around, so nobody is told that it works."""
    private = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    key = shell.write("key.pub", {"nonsense": "ssh-ed25519 nonsense\n", "empty": "", "private": private}[kind])
    shell.subgroups("district", "apply", shell.write("keyed.yaml", small.settings("keyed")))
    shell.subgroups("district", "authorize", "keyed", "--public-key", key).refuses("ssh-keygen", "public key")


def test_authorizing_a_file_that_is_not_there(shell: Shell) -> None:
    shell.subgroups("district", "authorize", "alpha", "--public-key", "nowhere.pub").refuses("nowhere.pub", status=USED_WRONGLY)


def test_a_district_that_is_not_registered(shell: Shell) -> None:
    key = shell.write("good.pub", asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode())
    for command in (("district", "show", "nobody"), ("district", "authorize", "nobody", "--public-key", key),
                    ("run", "--district", "nobody"), ("delivery", "list", "--district", "nobody")):  # fmt: skip
        shell.subgroups(*command).refuses("nobody", "subgroups district list")


def test_a_delivery_that_is_not_there(shell: Shell) -> None:
    shell.subgroups("delivery", "show", "2026").refuses("2026", "subgroups delivery list")


@pytest.mark.parametrize("arguments", [("district", "apply"), ("nonsense",), ("up", "--only", "nonsense"), ("sql",),
                                       ("run", "--nonsense"), ("delivery", "show")], ids=" ".join)  # fmt: skip
def test_wrong_use_ends_with_two(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell.subgroups(*arguments).refuses(status=USED_WRONGLY)


def test_asking_before_anything_is_published(shell: Shell) -> None:
    shell.subgroups("sql", "select 1").refuses("nothing is published", "subgroups run")


@pytest.mark.slow
def test_a_run_without_a_server_says_how_to_start_it(shell: Shell) -> None:
    said = shell.subgroups("run", "--district", "alpha", "--json")
    assert (said.status, said.data) == (1, [])
    assert "Traceback" not in said.err
    assert "alpha: NET00" in said.err
    assert "subgroups up" in said.err


def test_a_run_without_districts_says_what_to_do(tmp_path: Path) -> None:
    Shell(tmp_path).subgroups("run").refuses("subgroups district apply")


def test_a_home_that_cannot_be_made(shell: Shell) -> None:
    home = str(shell.directory / shell.write("a_file", "") / "home")
    for command in (("district", "list"), ("doctor",)):
        shell.subgroups(*command, SUBGROUPS_HOME=home).refuses("cannot create", "SUBGROUPS_HOME")


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("SUBGROUPS_SETTLE_SECONDS", "soon", ("district", "list")),
        ("SUBGROUPS_TIMEZONE", "Chicago", ("district", "list")),
        ("SUBGROUPS_SFTP_PORT", "99999", ("district", "list")),
        ("SUBGROUPS_NIGHTLY_CRON", "0 3 31 2 *", ("doctor",)),
        ("SUBGROUPS_DATABASE_URL", "nonsense", ("district", "list")),
        ("SUBGROUPS_DATABASE_URL", "sqlite:////nowhere/at/all.sqlite", ("district", "list")),
        ("SUBGROUPS_MEMORY_LIMIT", "plenty", ("doctor",)),
    ],
    ids=lambda part: part if isinstance(part, str) else " ".join(part),
)
def test_a_bad_setting_is_named(shell: Shell, name: str, value: str, command: tuple[str, ...]) -> None:
    shell.subgroups(*command, **{name: value}).refuses(name)


def test_the_doctor_of_a_fresh_home(tmp_path: Path) -> None:
    said = Shell(tmp_path).subgroups("doctor")
    assert (said.status, said.out) == (0, "")
    for words in ("subgroups district apply", "subgroups up", "subgroups run"):
        assert words in said.err
    complaints = Shell(tmp_path).subgroups("doctor", "--json").data
    assert all({"level", "what", "mend"} <= set(complaint) for complaint in complaints)


def test_the_doctor_names_a_district_without_a_key(shell: Shell) -> None:
    said = shell.subgroups("doctor")
    assert "subgroups district authorize alpha" in said.err


def test_the_doctor_lists_every_setting(shell: Shell) -> None:
    said = shell.subgroups("doctor", "--settings", "--json")
    names = {row["setting"] for row in said.data}
    assert names >= {f"SUBGROUPS_{name}" for name in SETTINGS}
    assert all(row["meaning"] for row in said.data)
    assert {row["value"] for row in said.data if row["setting"] == "SUBGROUPS_SFTP_PORT"} == {shell.port}
    table = shell.subgroups("doctor", "--settings")
    assert all(name in table.out for name in names)


def test_two_files_for_one_district(shell: Shell) -> None:
    twice = shell.write("again.yaml", small.settings("alpha"))
    shell.subgroups("district", "apply", "alpha.yaml", twice).refuses("alpha", "one file per district")


def test_show_gives_the_settings_back(shell: Shell) -> None:
    shown = shell.subgroups("district", "show", "alpha", "--json").data
    assert (shown["district_id"], shown["settings_version"], shown["keys"]) == ("alpha", 1, [])
    assert shown["settings"]["subgroups"]["columns"]["ell"]["values"] == {"y": "yes", "n": "no"}
    assert shell.subgroups("district", "show", "alpha").out.strip() == small.settings("alpha").strip()


def test_a_report_of_no_delivery_is_refused_in_words(shell: Shell) -> None:
    shell.subgroups("report", "2099").refuses("no delivery begins with `2099`", "subgroups delivery list")
    shell.subgroups("report", "2099", "--format", "pdf").refuses("html", status=USED_WRONGLY)
