"""Two shards on one PostgreSQL registry: two processes take half of the districts each, at once, and one publish joins them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from subgroup_pipeline.publish.join import join_snapshots
from subgroup_pipeline.shard import Shard
from tests.support import small_district as small
from tests.support.command import SUBGROUPS
from tests.support.installation import Installation, installation_in, zip_of
from tests.support.postgres import Server

pytestmark = [pytest.mark.needs_postgres, pytest.mark.slow]

DISTRICTS = ("alder", "fir", "birch", "cedar")
"""The first two are of shard 1 of 2."""


def test_two_processes_share_out_the_districts_and_one_publish_joins_them(tmp_path: Path, postgres_server: Server) -> None:
    url = postgres_server.make_database()
    database_url = url.replace("postgresql:", "postgresql+psycopg2:", 1)
    try:
        with installation_in(tmp_path / "front", database_url=database_url, shard="0/2") as front:
            for district in DISTRICTS:
                front.apply(small.settings(district))
                front.upload(district, "roster", {"roster.zip": zip_of(small.roster())})
                front.upload(district, "subgroups", {"subgroups.csv": small.subgroups()})
            homes = [tmp_path / "one", tmp_path / "two"]
            _nights(front, homes, url)
            assert {d["state"] for d in front.deliveries()} == {"published"}
            for number, home in enumerate(homes, start=1):
                own = {name for name in DISTRICTS if Shard(number, 2).takes(name)}
                assert {path.name for path in (home / "reports").iterdir()} == own
                assert not [path for path in (home / "dagster").rglob("*.yaml") if "postgres" in path.read_text()]
            joined = join_snapshots(front.settings, homes, run_id="test")
            assert (joined.missing, sorted(joined.published.manifest.districts)) == ([], sorted(DISTRICTS))
            assert front.ask("select count(distinct district_id) from marts.rpt_student_subgroup") == [(4,)]

            # A night of the home that joins takes nothing and publishes nothing away.
            front.night()
            assert front.ask("select count(*) from marts.dim_district") == [(4,)]
            # One district changes: the other shard's night has nothing to do, and its snapshot stands.
            before = (homes[0] / "published" / "current").resolve()
            front.upload("birch", "subgroups", {"subgroups.csv": small.subgroups().replace(",Y", ",N", 1)})
            _nights(front, homes, url)
            assert (homes[0] / "published" / "current").resolve() == before
            again = join_snapshots(front.settings, homes, run_id="test").published
            assert again.is_new
            first = joined.published.manifest.lake
            assert {name for name, sha256 in again.manifest.lake.items() if first[name] != sha256} == {"birch"}
    finally:
        postgres_server.drop_database(url)


def _nights(front: Installation, homes: list[Path], url: str) -> None:
    """A night of each shard, both at once, each a process of its own; both must end well."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("SUBGROUPS_", "DAGSTER_"))}
    processes = []
    for number, home in enumerate(homes, start=1):
        home.mkdir(exist_ok=True, mode=0o700)
        # The keys of the server and of the pipeline's own account on it are the same everywhere.
        shutil.copytree(front.settings.paths.keys, home / "keys", dirs_exist_ok=True)
        of_shard = {
            "SUBGROUPS_HOME": str(home), "SUBGROUPS_SHARD": f"{number}/2", "SUBGROUPS_DATABASE_URL": url,
            "SUBGROUPS_SFTP_PORT": str(front.settings.sftp_port), "SUBGROUPS_SETTLE_SECONDS": "0",
        }  # fmt: skip
        command = [str(SUBGROUPS), "run"]
        processes.append(
            subprocess.Popen(command, env=ours | of_shard, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        )
    try:
        said = [process.communicate(timeout=600)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(said)
