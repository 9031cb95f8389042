"""An installation as tests drive it: districts apply, upload over SFTP as themselves, a night runs, marts are read."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import paramiko
import pytest

from subgroup_pipeline.cli.up import drop_server
from subgroup_pipeline.dropserver.host_keys import HOST_ED25519, HOST_RSA, ensure_keys
from subgroup_pipeline.dropserver.server import running
from subgroup_pipeline.orchestration.instance import run_night
from subgroup_pipeline.publish.reader import open_published
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery, get_delivery
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.home import Files, Home

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
_KEYS = Path(tempfile.gettempdir()) / f"subgroups-test-keys-{os.getuid()}"


def keep_host_keys(keys: Path) -> None:
    """Start from host keys made once per machine: an RSA key takes a second."""
    if not _KEYS.is_dir():
        fresh = Path(tempfile.mkdtemp())
        ensure_keys(fresh)
        try:
            fresh.rename(_KEYS)
        except OSError:
            shutil.rmtree(fresh)
    keys.mkdir(parents=True, mode=0o700, exist_ok=True)
    for name in (HOST_ED25519, HOST_RSA):
        shutil.copy2(_KEYS / name, keys / name)


@contextmanager
def environment_of(home: Path, **settings: str) -> Iterator[pytest.MonkeyPatch]:
    """An environment that names this home and nothing else of ours; `settings` are SUBGROUPS_ variables in lower case."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in list(os.environ):
            if name.startswith(("SUBGROUPS_", "DBT_")) and name != "SUBGROUPS_REQUIRE_ALL":
                monkeypatch.delenv(name)
        defaults = {"home": str(home), "settle_seconds": "0", "memory_limit": "2GB"}
        for name, value in (defaults | settings).items():
            monkeypatch.setenv(f"SUBGROUPS_{name.upper()}", value)
        keep_host_keys(home / "keys")
        yield monkeypatch


@contextmanager
def served(home: Path, **settings: str) -> Iterator[tuple[pytest.MonkeyPatch, Settings, Registry]]:
    """A home whose SFTP server runs on a free port: its environment, settings and registry; `settings` as above."""
    with environment_of(home, **settings) as monkeypatch:
        registry = open_registry(load_settings())
        try:
            with running(drop_server(load_settings(), registry, port=0)) as server:
                monkeypatch.setenv("SUBGROUPS_SFTP_PORT", str(server.port))
                yield monkeypatch, load_settings(), registry
        finally:
            registry.close()


@contextmanager
def installation_in(home: Path, **settings: str) -> Iterator[Installation]:
    """An installation in this home, for fixtures of any scope; `settings` as for `environment_of`."""
    with served(home, **settings) as (monkeypatch, loaded, registry), ExitStack() as stack:
        monkeypatch.setenv("DAGSTER_HOME", str(home / "dagster"))
        yield Installation(loaded, registry, stack)


@dataclass
class Installation(Home):
    """One home with its SFTP server up. Everything a test does goes the way a district or an operator goes."""

    _stack: ExitStack
    _clients: dict[str, Path] = field(default_factory=dict)

    def apply(self, text: str) -> str:
        """Apply a district's YAML and make a key for it; gives the district's key."""
        district = super().apply(text)
        if district not in self._clients:
            self._clients[district] = self.client_key(district)
        return district

    def sftp(self, district_id: str) -> paramiko.SFTPClient:
        """A session of a district's own client, closed with the installation."""
        client = self._stack.enter_context(paramiko.SSHClient())
        client.load_host_keys(str(self.settings.paths.keys / "known_hosts"))
        client.connect(
            self.settings.sftp_host,
            self.settings.sftp_port,
            username=district_id,
            key_filename=str(self._clients[district_id]),
            allow_agent=False,
            look_for_keys=False,
        )
        return self._stack.enter_context(client.open_sftp())

    def upload(self, district_id: str, feed: str, files: Files | Iterable[Path]) -> None:
        """Put files into a district's inbox: by name and content, or as they lie on disk."""
        named = files if isinstance(files, Mapping) else {path.name: path.read_bytes() for path in files}
        sftp = self.sftp(district_id)
        for name, content in named.items():
            with sftp.open(f"inbox/{feed}/{name}", "wb") as remote:
                remote.write(content.encode() if isinstance(content, str) else content)
        sftp.close()

    def night(self, *districts: str) -> dg.JobExecutionResult:
        """Run one night through Dagster; it must succeed."""
        result = run_night(self.settings, districts=districts)
        errors = [event.step_failure_data.error for event in result.all_events if event.is_step_failure]
        assert result.success, [_innermost(error) for error in errors]
        return result

    def deliveries(self, district_id: str | None = None, feed: str | None = None) -> list[dict[str, Any]]:
        """Deliveries as the command line describes them, oldest first."""
        found = all_deliveries(self.registry, [district_id] if district_id else None)
        return [json.loads(json.dumps(describe_delivery(d))) for d in found if feed in (None, d.feed)]

    def codes(self, district_id: str, feed: str) -> set[str]:
        """Finding codes of the newest delivery of a feed."""
        return {finding["code"] for finding in self.deliveries(district_id, feed)[-1]["findings"]}

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the published marts."""
        with open_published(self.settings) as connection:
            return connection.execute(query).fetchall()

    def district_report(self, district_id: str) -> dict[tuple[str, str], int]:
        """The district report as {(subgroup, value): students}."""
        rows = self.ask(
            f"select subgroup, value, student_count from marts.rpt_district_subgroup where district_id = '{district_id}'"
        )
        return {(subgroup, value): count for subgroup, value, count in rows}


def _innermost(error: Any) -> str:  # noqa: ANN401 - Dagster's SerializableErrorInfo
    while error.cause is not None:
        error = error.cause
    return str(error.message)


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    """A zip with these members."""
    import io

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return buffer.getvalue()


def lines_of(registry: Registry, delivery_id: str, code: str) -> list[int]:
    """Every line that a finding of a delivery names (the command line shows the first)."""
    with registry.begin() as session:
        found = get_delivery(session, delivery_id).findings
    return [line for finding in found if finding.code == code for line in finding.lines]
