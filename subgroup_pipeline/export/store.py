"""Where an export lies: a directory or an object store, in one layout.

`<schema>/<table>/district_id=<id>/version=<version>/*.parquet` holds the rows, and `district/<id>.json` names the version of a
district that counts. That file is written last and whole, so no reader ever sees half of a district, whoever is killed; and two
homes write into one export without knowing of each other, because a district belongs to one of them.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from subgroup_pipeline.disk import write_whole
from subgroup_pipeline.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from subgroup_pipeline.settings import Settings

INDEX = "district"
"""The folder of the files that name the version of each district."""


@dataclass(frozen=True)
class ExportedDistrict:
    """What an export says of a district: the version of its files that counts, and what that was made from."""

    district_id: str
    version: str
    roster_delivery_id: str
    subgroup_delivery_id: str | None
    settings_version: int
    exported_at: str


class Store:
    """An export at an address that fsspec knows: a path, `s3://bucket/prefix`, `gs://…`, `abfs://…`."""

    def __init__(self, address: str, settings: Settings) -> None:
        """Open it. Raises ExportError where the address, its options or the library for it are not there."""
        import fsspec

        self._scratch = settings.paths.scratch
        said = settings.export_options.get_secret_value()
        try:
            options: dict[str, Any] = json.loads(said) if said and "://" in address else {}
            self._files, self._root = fsspec.url_to_fs(address, **options)
        except ImportError as error:
            raise ExportError(f"{address} needs a library that is not installed: {error}. docs/scaling.md names it.") from None
        except (ValueError, TypeError) as error:
            raise ExportError(f"{address} is no place to export to: {error}.") from None
        self._is_local = self._files.protocol[0] == "file"

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A directory in which an export is written before it is taken in. It goes when the export ends, however it ends."""
        above = Path(self._root) if self._is_local else self._scratch
        above.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in above.glob(".export-*"):
            # One that is in use by another home is younger than any export takes.
            if datetime.now(UTC).timestamp() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left, ignore_errors=True)
        with TemporaryDirectory(prefix=".export-", dir=above) as directory:
            yield Path(directory)

    def exported(self) -> dict[str, ExportedDistrict]:
        """The districts in the export. Raises ExportError where an entry is not one of ours."""
        folder = f"{self._root}/{INDEX}"
        if not self._files.isdir(folder):
            return {}
        texts = self._files.cat(self._files.ls(folder, detail=False))
        if not isinstance(texts, dict):  # one file alone is given as its text
            texts = {folder: texts}
        try:
            found = [ExportedDistrict(**json.loads(text)) for path, text in texts.items() if not _name_of(path).startswith(".")]
        except (ValueError, TypeError) as error:
            raise ExportError(f"{folder} holds something that is no entry of an export: {error}.") from None
        return {one.district_id: one for one in found}

    def take(self, draft: Path, version_folders: list[str]) -> None:
        """Take in folders of a draft, in place of what has their names: nothing names what is there yet."""
        for folder in version_folders:
            target = f"{self._root}/{folder}"
            if self._files.exists(target):
                self._files.rm(target, recursive=True)
            if self._is_local:
                Path(target).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.rename(draft / folder, target)  # noqa: PTH104 - one rename, never a copy
            else:
                self._files.put(f"{draft / folder}/", f"{target}/", recursive=True)

    def name(self, district: ExportedDistrict) -> None:
        """Let a version of a district count from now on."""
        path = f"{self._root}/{INDEX}/{district.district_id}.json"
        text = json.dumps(district.__dict__) + "\n"
        if self._is_local:
            Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(Path(path), text)
        else:
            self._files.pipe_file(path, text.encode())

    def forget(self, district_id: str) -> None:
        """Let a district count no more."""
        self._files.rm(f"{self._root}/{INDEX}/{district_id}.json")

    def sweep(self, kept: timedelta) -> int:
        """Remove versions that no entry names, once they are older than a reader takes; gives how many folders went."""
        named = {f"district_id={one.district_id}/version={one.version}" for one in self.exported().values()}
        oldest = datetime.now(UTC) - kept
        ages: dict[str, datetime] = {}
        for path, file in self._files.find(self._root, detail=True).items():
            folder, _, of_version = path.removeprefix(f"{self._root}/").partition("/district_id=")
            version = f"district_id={of_version}".rpartition("/")[0]
            if of_version and not folder.startswith(".") and version not in named:
                place = f"{self._root}/{folder}/{version}"
                ages[place] = max(ages.get(place, _EVER), _modified(file))
        gone = [place for place, modified in ages.items() if modified < oldest]
        for place in gone:
            self._files.rm(place, recursive=True)
        return len(gone)


_DAY = 86_400
_EVER = datetime.min.replace(tzinfo=UTC)


def _modified(file: dict[str, Any]) -> datetime:
    """When a file was written, as the file systems of fsspec say it. One that says nothing is new."""
    moment = file.get("mtime") or file.get("LastModified") or file.get("last_modified") or file.get("created")
    if isinstance(moment, int | float):
        return datetime.fromtimestamp(moment, UTC)
    if isinstance(moment, datetime):
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return datetime.now(UTC)


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]
