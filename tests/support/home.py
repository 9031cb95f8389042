"""An installation under test: settings, registry, and what is done to it without a server. Each kind of test adds to it."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import asyncssh

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.district_keys import authorize_keys
from subgroup_pipeline.districts.registered import apply_settings, registered_districts
from subgroup_pipeline.intake.archive import DistrictArchive, incoming_file
from subgroup_pipeline.landing.land import Landed, land_deliveries
from subgroup_pipeline.quality.judge import judge_deliveries
from subgroup_pipeline.reading.zip_proof import prove_zip
from subgroup_pipeline.registry.database import Registry, open_registry
from subgroup_pipeline.registry.ledger import Feed, UploadedFile, get_delivery
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings, load_settings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support import small_district as small

Files = Mapping[str, str | bytes]


def apply(registry: Registry, text: str) -> tuple[int, bool]:
    """Apply a district's YAML; gives the version of its settings, and whether it is new."""
    return apply_settings(registry, parse_district(text), text, actor="test")


@dataclass
class Home:
    """One home: settings, registry, archive, ledger, warehouse, and the directories that districts upload to."""

    settings: Settings
    registry: Registry

    @classmethod
    def at(cls, home: Path, **settings: Any) -> Self:  # noqa: ANN401 - as `load_settings` takes them
        """The installation in this directory, made if it is not there."""
        found = load_settings(home=home, **settings)
        found.paths.make()
        return cls(found, open_registry(found))

    def close(self) -> None:
        """Let go of the registry."""
        self.registry.close()

    def apply(self, text: str) -> str:
        """Apply a district's YAML; gives the district's key."""
        apply(self.registry, text)
        return parse_district(text).district

    def add(self, district: str = "alpha", more: str = "", **replacements: str) -> str:
        """Apply the small district's settings under this name, with texts replaced and `more` behind them."""
        return self.apply(small.settings(district, **replacements) + more)

    def client_key(self, district: str) -> Path:
        """A key with which a district may sign in from now on: its private half, in OpenSSH's form."""
        key = asyncssh.generate_private_key("ssh-ed25519")
        authorize_keys(self.registry, [(district, key.export_public_key().decode())], actor="test")
        path = self.settings.paths.root / f"client_{district}"
        key.write_private_key(str(path))
        return path

    def drop(self, district: str, feed: str, files: Files, *, age: float = 0) -> None:
        """Put files where the SFTP server puts uploads, as if they had come so many seconds ago (by the server's own clock)."""
        inbox = self.settings.paths.sftp / district / "inbox" / feed
        inbox.mkdir(mode=0o700, parents=True, exist_ok=True)
        then = time.time() - age
        for name, content in files.items():
            (inbox / name).write_bytes(content.encode() if isinstance(content, str) else content)
            os.utime(inbox / name, (then, then))

    def deliver(self, feed: Feed, files: Files, district: str = "alpha") -> str:
        """A delivery of these files, entered into archive and ledger as intake does; gives its id."""
        uploads: list[UploadedFile] = []
        for name, content in files.items():
            with incoming_file(DistrictArchive(self.settings.paths, district)) as incoming:
                incoming.write(content.encode() if isinstance(content, str) else content)
                incoming.flush()
                uploads.append(UploadedFile(name, incoming.sha256, incoming.size))
                if name.endswith(".zip"):
                    members = prove_zip(incoming.path, name).members
                    uploads += [UploadedFile(m.name, m.sha256, m.size, member_of=name) for m in members]
                incoming.keep()
        whole = hashlib.sha256("".join(file.sha256 for file in uploads).encode()).hexdigest()
        with self.registry.begin() as session:
            delivery, _ = register_delivery(
                session, district, feed, sha256=whole, content_sha256=whole, proof="settled", files=uploads
            )
            return delivery.delivery_id

    def land(self) -> Landed:
        """Screen and land what was delivered."""
        with open_warehouse(self.settings) as connection:
            return land_deliveries(connection, self.registry, self.settings, registered_districts(self.registry))

    def judge(self) -> None:
        """Land what was delivered, and judge it."""
        self.land()
        judge_deliveries(self.registry, self.settings, registered_districts(self.registry), run_name="test")

    def delivery(self, delivery_id: str) -> Delivery:
        """A delivery as the ledger has it."""
        with self.registry.begin() as session:
            return get_delivery(session, delivery_id)

    def set_state(self, delivery_id: str, state: str) -> None:
        """Put a delivery into any state, past the rules of the ledger."""
        with self.registry.begin() as session:
            get_delivery(session, delivery_id).state = state
