"""Files that are offered for a look only, shown to an `Inbox` as if they were uploads.

They lie on this machine, or in a folder of our server that is no inbox.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from subgroup_pipeline.intake.sources.file_server import RemoteEntry
from subgroup_pipeline.intake.sources.sftp import SftpConnection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.intake.archive import IncomingFile

_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class LocalFiles:
    """Files of this machine, shown as if they lay in `directory` of our server. Nothing is ever removed."""

    directory: str
    paths: Sequence[Path]
    is_ours: bool = True

    def list_files(self, directory: str) -> list[RemoteEntry]:
        """The files, in their directory."""
        if directory != self.directory:
            return []
        stats = [(path, path.stat()) for path in self.paths]
        return [RemoteEntry(f"{directory}/{path.name}", found.st_size, int(found.st_mtime)) for path, found in stats]

    def fetch(self, entry: RemoteEntry, target: IncomingFile) -> bool:
        """Copy a file."""
        target.restart()
        with next(path for path in self.paths if path.name == entry.name).open("rb") as source:
            while block := source.read(_BLOCK):
                target.write(block)
        return True

    def remove(self, entry: RemoteEntry) -> None:
        """Leave it where it is."""


@dataclass(frozen=True)
class RemoteFiles:
    """Files of a connection, shown as if they lay in another `directory`. Nothing is ever removed."""

    directory: str
    connection: SftpConnection
    entries: Sequence[RemoteEntry]

    @property
    def is_ours(self) -> bool:
        """As where they lie."""
        return self.connection.is_ours

    def list_files(self, directory: str) -> list[RemoteEntry]:
        """The files, in their directory; where they really lie stays in their path."""
        return list(self.entries) if directory == self.directory else []

    def fetch(self, entry: RemoteEntry, target: IncomingFile) -> bool:
        """Fetch as the connection does."""
        return self.connection.fetch(entry, target)

    def remove(self, entry: RemoteEntry) -> None:
        """Leave it where it is."""
