"""Publishing on purpose, with or without something new to say, and what stands in the folder after it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.publish.snapshot import Published, publish_snapshot
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.support.installation import Installation

_numbers = count(1)


def say_something_new(installation: Installation) -> None:
    """Make the schema `quality` differ, so that the next publish makes a snapshot."""
    (delivery, *_) = installation.deliveries("alpha", "roster")
    finding = Finding("PKG005", file=f"notes_{next(_numbers)}.txt")
    with installation.registry.begin() as session:
        store_findings(session, "landing", "alpha", delivery["delivery_id"], [finding])


def publish(installation: Installation) -> Published:
    published = publish_snapshot(installation.registry, installation.settings, run_id="test")
    assert published is not None
    return published


def publish_anew(installation: Installation) -> Path:
    """Publish a new snapshot; gives its directory."""
    say_something_new(installation)
    published = publish(installation)
    assert published.is_new
    return installation.settings.paths.published / published.manifest.snapshot


def write(installation: Installation, statement: str) -> None:
    with open_warehouse(installation.settings) as connection:
        connection.execute(statement)


@contextmanager
def working_file_kept(installation: Installation) -> Iterator[None]:
    """Put the working file and the build keys back as they were."""
    path = installation.settings.paths.analytics_database
    kept = path.read_bytes()
    with open_warehouse(installation.settings) as connection:
        keys = connection.execute("from control.build").fetchall()
    try:
        yield
    finally:
        path.write_bytes(kept)
        with open_warehouse(installation.settings) as connection:
            connection.execute("delete from control.build")
            connection.executemany("insert into control.build values (?, ?)", keys)


def hashes(directory: Path) -> dict[str, str]:
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def snapshots(installation: Installation) -> list[str]:
    published = installation.settings.paths.published
    return sorted(path.name for path in published.iterdir() if path.is_dir() and not path.is_symlink())
