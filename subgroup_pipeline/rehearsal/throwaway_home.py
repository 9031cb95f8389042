"""A home that is thrown away: an installation of its own under the home, with the archived bytes that it needs."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.erasures import FILE_NAME as ERASURES
from subgroup_pipeline.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def throwaway_home(settings: Settings) -> Iterator[Settings]:
    """Settings of an installation of its own (SQLite, no waiting) under the home, readable by its owner only.

    Its name begins with the process, so that who ends a process can remove what that left.
    """
    root = settings.paths.rehearsals / f"{os.getpid()}-{secrets.token_hex(8)}"
    try:
        root.mkdir(mode=0o700, parents=True)
        yield load_settings(**(settings.model_dump() | {"home": root, "database_url": "", "settle_seconds": 0}))
    finally:
        shutil.rmtree(root, ignore_errors=True)


def remove_homes_of(settings: Settings, process: int) -> None:
    """Remove the throw-away homes of a process that has ended, which it does itself unless it is killed."""
    for root in settings.paths.rehearsals.glob(f"{process}-*"):
        shutil.rmtree(root, ignore_errors=True)


def link_archive(settings: Settings, own: Settings, uploads: Iterable[tuple[str, str]]) -> None:
    """Give such a home the bytes that its deliveries stand on, by district and sha256, and the keys that open them, as links.

    Retention may have removed some.
    """
    for district_id, sha256 in uploads:
        archive = DistrictArchive(settings.paths, district_id)
        archive.keyring.lend(own.paths, district_id)
        for kept in (archive.find(sha256), settings.paths.archive / district_id / ERASURES):
            if kept is None:
                continue
            target = own.paths.archive / kept.relative_to(settings.paths.archive)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with suppress(FileExistsError, FileNotFoundError):
                os.link(kept, target)
