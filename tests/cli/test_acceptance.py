"""From an empty directory to published marts with OpenSSH's own clients, as the issue tells it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from tests.support import small_district as small
from tests.support.command import SUBGROUPS, USED_WRONGLY, Said, Shell
from tests.support.installation import zip_of

pytestmark = pytest.mark.needs_sshd

UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@dataclass
class Night:
    """A shell after a night, what each step said, and how the server ended."""

    shell: Shell
    run: Said
    stop_status: int
    stop_seconds: float
    doctor: Said
    second_up: Said


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    shell = Shell(tmp_path_factory.mktemp("acceptance"), {"SUBGROUPS_SETTLE_SECONDS": "0"})
    with shell.up("--only", "sftp") as server:
        _deliver(shell)
        run = shell.subgroups("run", "--json")
        assert shell.subgroups("user", "add", "staff@vendor.example", "--role", "vendor").status == 0
        doctor = shell.subgroups("doctor")
        second = shell.subgroups("up", "--only", "sftp")
        begun = time.monotonic()
        server.send_signal(signal.SIGTERM)
        status = server.wait(15)
        yield Night(shell, run, status, time.monotonic() - begun, doctor, second)


def _deliver(shell: Shell) -> None:
    """Apply, authorize, and put both feeds with `sftp -b`."""
    assert shell.subgroups("district", "apply", shell.write("alpha.yaml", small.settings("alpha"))).status == 0
    key = shell.directory / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    assert shell.subgroups("district", "authorize", "alpha", "--public-key", "id_ed25519.pub").status == 0
    (shell.directory / "roster.zip").write_bytes(zip_of(small.roster()))
    shell.write("subgroups.csv", small.subgroups())
    batch = shell.write("batch", "put roster.zip inbox/roster/\nput subgroups.csv inbox/subgroups/\nls inbox/roster\n")
    options = ("StrictHostKeyChecking=yes", f"UserKnownHostsFile={shell.home / 'keys' / 'known_hosts'}", "IdentitiesOnly=yes",
               "BatchMode=yes")  # fmt: skip
    command = ["sftp", "-q", "-P", shell.port, "-i", str(key), *(f"-o{option}" for option in options), "-b", batch,
               "alpha@127.0.0.1"]  # fmt: skip
    done = subprocess.run(command, cwd=shell.directory, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "roster.zip" in done.stdout


def test_the_run_prints_the_deliveries_as_json(night: Night) -> None:
    assert night.run.status == 0, night.run.err
    assert [(d["district_id"], d["feed"], d["state"], d["verdict"], d["proof"]) for d in night.run.data] == [
        ("alpha", "roster", "published", "accepted", "zip_crc"),
        ("alpha", "subgroups", "published", "accepted", "settled"),
    ]
    for delivery in night.run.data:
        assert UTC_TIME.fullmatch(delivery["received_at"])
        assert re.fullmatch(r"[0-9a-f]{64}", delivery["sha256"])


def test_the_marts_answer(night: Night) -> None:
    query = "select value, student_count from marts.rpt_district_subgroup where subgroup = 'english_learner' order by 1"
    said = night.shell.subgroups("sql", query, "--json")
    assert (said.status, said.data) == (0, [{"value": "no", "student_count": 6}, {"value": "yes", "student_count": 4}])
    table = night.shell.subgroups("sql", query)
    assert table.out.splitlines()[0].split() == ["value", "student_count"]
    assert table.out.splitlines()[2].split() == ["no", "6"]


def test_everything_that_sql_gives_is_json(night: Night) -> None:
    for query in (
        "from marts.dim_district",
        "from marts.rpt_student_subgroup",
        "from quality.delivery",
        "select 'nan'::double as n, 'inf'::double as i, null as x, 1.5::decimal(9,2) as d",
        "select '\\x00'::blob as b, interval 1 day as v, map {'a': 1} as m",
        "select 1 as a where false",
    ):
        said = night.shell.subgroups("sql", query, "--json")
        assert said.status == 0, said.err
        assert isinstance(said.data, list), query


def test_sql_gives_csv_and_parquet_to_files_and_pipes(night: Night) -> None:
    shell = night.shell
    query = "select student_number, map {'a': 'b'} as m, published_at from dim_student join dim_district using (district_id)"
    said = shell.subgroups("sql", query, "--format", "csv")
    header, *lines = said.out.splitlines()
    assert (said.status, header, len(lines)) == (0, "student_number,m,published_at", 10)
    _, of_map, published_at = lines[0].split(",")
    assert of_map == "{a=b}"
    assert UTC_TIME.fullmatch(published_at)
    assert shell.subgroups("sql", query, "--output", "students.parquet").out == ""
    made = shell.directory / "students.parquet"
    assert made.stat().st_mode & 0o077 == 0
    rows = duckdb.read_parquet(str(made))
    assert (rows.columns, len(rows.fetchall())) == (header.split(","), 10)
    command = [str(SUBGROUPS), "sql", query, "--format", "parquet"]
    assert subprocess.run(command, env=shell.environment, capture_output=True, check=True).stdout == made.read_bytes()
    shell.subgroups("sql", "show tables", "--output", "tables.json")
    assert {"name": "rpt_district_subgroup"} in json.loads((shell.directory / "tables.json").read_text())
    shell.subgroups("sql", query, "--output", "nowhere/students.csv").refuses("nowhere/students.csv")
    shell.subgroups("sql", query, "--json", "--format", "csv").refuses("two things", status=USED_WRONGLY)


def test_times_in_json_are_iso_8601_in_utc(night: Night) -> None:
    (row,) = night.shell.subgroups("sql", "select roster_received_at from marts.dim_district", "--json").data
    assert UTC_TIME.fullmatch(row["roster_received_at"])


def test_a_wrong_query_is_an_error_in_words(night: Night) -> None:
    night.shell.subgroups("sql", "select * from marts.nowhere").refuses("nowhere")
    night.shell.subgroups("sql", "delete from marts.dim_student").refuses("read-only")
    night.shell.subgroups("sql", "copy marts.dim_student to 'students.csv'").refuses("error")
    assert not (night.shell.directory / "students.csv").exists()
    for query in ("", ";", "select 1; select 2"):
        night.shell.subgroups("sql", query).refuses("give one", status=USED_WRONGLY)


def test_lists_and_shows_print_one_json_value(night: Night) -> None:
    deliveries = night.shell.subgroups("delivery", "list", "--json").data
    assert [d["feed"] for d in deliveries] == ["roster", "subgroups"]
    shown = night.shell.subgroups("delivery", "show", deliveries[0]["delivery_id"], "--json").data
    assert shown == deliveries[0]
    assert set(shown) >= {"delivery_id", "district_id", "feed", "state", "verdict", "sha256", "received_at", "proof", "counts",
                          "findings"}  # fmt: skip
    districts = night.shell.subgroups("district", "list", "--json").data
    assert [(d["district_id"], d["roster_state"], d["keys"]) for d in districts] == [("alpha", "published", 1)]
    assert night.shell.subgroups("delivery", "list", "--district", "alpha", "--json").data == deliveries


def test_tables_are_for_people(night: Night) -> None:
    assert [line.split()[1:4] for line in night.shell.subgroups("delivery", "list").out.splitlines()[2:]] == [
        ["alpha", "subgroups", "published"],
        ["alpha", "roster", "published"],
    ]
    assert "no delivery in this state" in night.shell.subgroups("delivery", "list", "--state", "held").err
    assert "alpha" in night.shell.subgroups("district", "list").out
    first = night.shell.subgroups("delivery", "list", "--json").data[0]["delivery_id"]
    shown = night.shell.subgroups("delivery", "show", first)
    assert "users.csv" in shown.out
    assert "Classes have no teacher." in shown.out


def test_a_healthy_home_has_nothing_wrong(night: Night) -> None:
    assert (night.doctor.status, night.doctor.out.strip(), night.doctor.err) == (0, "nothing is wrong", "")


def test_a_port_that_is_taken_is_said(night: Night) -> None:
    night.second_up.refuses(night.shell.port)


def test_sigterm_stops_it_within_ten_seconds(night: Night) -> None:
    assert night.stop_status == 0
    assert night.stop_seconds < 10


def test_a_damaged_published_file_is_said_and_not_thrown(night: Night) -> None:
    database = (night.shell.home / "published" / "analytics.duckdb").resolve()
    kept = database.read_bytes()
    os.chmod(database, 0o600)  # noqa: PTH101
    try:
        database.write_bytes(b"not a database" * 1000)
        night.shell.subgroups("sql", "select 1").refuses("error")
        said = night.shell.subgroups("doctor")
        assert said.status == 1
        assert "Traceback" not in said.err
        assert "analytics.duckdb" in said.err
    finally:
        database.write_bytes(kept)
