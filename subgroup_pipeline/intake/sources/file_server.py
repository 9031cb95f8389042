"""A file server, as an inbox sees one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from subgroup_pipeline.intake.archive import IncomingFile
    from subgroup_pipeline.intake.sources.sight import Sight


@dataclass(frozen=True)
class RemoteEntry:
    """A regular file on a server; size in bytes, mtime in seconds since 1970 by the server's clock."""

    path: str
    size: int
    mtime: int

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def sight(self) -> Sight:
        """How it stands."""
        return self.path, self.size, self.mtime


class FileServer(Protocol):
    """What an inbox asks of the place that its files lie on."""

    @property
    def is_ours(self) -> bool:
        """Whether its clock is ours, and files are removed from it once they are archived."""

    def list_files(self, directory: str) -> list[RemoteEntry]:
        """Regular files in a directory."""

    def fetch(self, entry: RemoteEntry, target: IncomingFile) -> bool:
        """Fetch a file; False when it changed while it was read."""

    def remove(self, entry: RemoteEntry) -> None:
        """Remove a file."""
