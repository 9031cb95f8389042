"""Files and folders that leave: listed and removed without following a link, so that nothing out of the home is ever touched."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.errors import UpkeepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType


@dataclass(frozen=True)
class Leaving:
    """Something past its time: how many things, their bytes, and what removes them. Removing what is gone is no fault."""

    remove: Callable[[], None]
    things: int = 1
    bytes: int = 0


def entries(home: Path, folder: Path) -> list[Path]:
    """What lies in a folder of the home, sorted; a folder that is not there holds nothing.

    Raises UpkeepError when the folder is reached through a link that leads out of the home.
    """
    if not folder.resolve().is_relative_to(home.resolve()):
        raise UpkeepError(
            f"{folder} leads out of {home}, and upkeep removes nothing there. Put a mount in place of the link, or clear it "
            "by hand."
        )
    return sorted(folder.iterdir()) if folder.is_dir() else []


def folders(home: Path, folder: Path) -> list[Path]:
    """The folders in a folder of the home; a link to one is none."""
    return [path for path in entries(home, folder) if is_folder(path)]


def files(home: Path, folder: Path) -> list[Path]:
    """The files in a folder of the home; a link counts as a file: it leaves, and what it leads to stays."""
    return [path for path in entries(home, folder) if not is_folder(path)]


def is_folder(path: Path) -> bool:
    """Whether a path is a folder itself."""
    return path.is_dir() and not path.is_symlink()


def changed_at(path: Path) -> float:
    """When a file, or anything in a folder, was written last, in seconds since 1970."""
    return max((found.st_mtime for found in _everything(path)), default=0.0)


def leaving(path: Path) -> Leaving:
    """A file, or a folder with all that it holds."""
    size = sum(found.st_size for found in _everything(path) if not stat.S_ISDIR(found.st_mode))
    return Leaving(partial(_remove, path), bytes=size)


def _everything(path: Path) -> Iterator[os.stat_result]:
    """What is known of a path, and of everything below it; what is gone by now is left out."""
    below = (Path(place, name) for place, _, names in os.walk(path) for name in names) if is_folder(path) else ()
    for one in (path, *below):
        with suppress(FileNotFoundError):
            yield one.lstat()


def _remove(path: Path) -> None:
    if not is_folder(path):
        path.unlink(missing_ok=True)
        return

    def refuse(_call: object, _path: str, raised: tuple[type[BaseException], BaseException, TracebackType]) -> None:
        if not isinstance(raised[1], FileNotFoundError):
            raise raised[1]

    shutil.rmtree(path, onerror=refuse)
