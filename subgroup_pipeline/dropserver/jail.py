"""What an account sees and may do there. Pure decisions about names and places; the file operations are in `files`.

An account never names a place on disk: it names a path in its own small world, and this module says which place that is,
whose it is, and what may be done to it. A place that can only be reached through a link is refused, wherever the link leads.
"""

from __future__ import annotations

import enum
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from subgroup_pipeline.dropserver.accounts import is_district_account
from subgroup_pipeline.settings import SERVICE_ACCOUNT

DROP_BOXES = ("inbox/roster", "inbox/subgroups", "check")
OUTBOX = "outbox"
NAME_MAX = 255
PATH_MAX = 1024


class Right(enum.Flag):
    """What can be asked of a place."""

    LIST = enum.auto()
    READ = enum.auto()
    WRITE = enum.auto()
    RENAME = enum.auto()
    REMOVE = enum.auto()
    FOLDERS = enum.auto()  # make and remove folders


class Zone(enum.Enum):
    """What kind of place it is; rights hang on the kind and the account, never on one path."""

    FOLDER = "folder"  # only holds other directories
    DROP = "drop"  # the district puts files in, the pipeline takes them out
    OUTBOX = "outbox"  # the pipeline puts files in, the district reads them


# A district cannot read back what it dropped: a stolen key then yields no student rows.
_DISTRICT_RIGHTS = {
    Zone.FOLDER: Right.LIST,
    Zone.DROP: Right.LIST | Right.WRITE | Right.RENAME | Right.REMOVE,
    Zone.OUTBOX: Right.LIST | Right.READ,
}
_SERVICE_RIGHTS = {
    Zone.FOLDER: Right.LIST,
    Zone.DROP: Right.LIST | Right.READ | Right.REMOVE,
    Zone.OUTBOX: Right.LIST | Right.READ | Right.WRITE | Right.RENAME | Right.REMOVE | Right.FOLDERS,
}
_FOLDERS: dict[tuple[str, ...], tuple[str, ...]] = {(): ("inbox", "check", OUTBOX), ("inbox",): ("roster", "subgroups")}
_BOXES = {tuple(box.split("/")): Zone.DROP for box in DROP_BOXES} | {(OUTBOX,): Zone.OUTBOX}


class RefusedNameError(ValueError):
    """A path that no account may use, whatever stands there."""


@dataclass(frozen=True)
class JailPath:
    """One place of the account's world."""

    shown: str
    """The path as the account sees it."""
    local: bytes
    owner: str
    """The district it belongs to; empty for the service account's root."""
    zone: Zone | None
    """None: there is no such place in this world."""
    children: tuple[str, ...] | None
    """All that a FOLDER shows; None where the disk is asked."""
    rights: Right

    def may(self, right: Right) -> bool:
        """Whether the account may do this here."""
        return self.zone is not None and right in self.rights

    @property
    def through_link(self) -> bool:
        """Whether a link stands anywhere on the way. Asked before every operation."""
        return os.path.realpath(self.local) != self.local


class Jail:
    """The world of one account."""

    def __init__(self, root: Path, account: str) -> None:
        # The root may itself lie behind a link (a mounted volume); nothing below it may.
        self._root = os.path.realpath(os.fsencode(root))
        self._account = account
        self._service = account == SERVICE_ACCOUNT

    def place(self, path: bytes) -> JailPath:
        """The place that a path of the account means. Raises RefusedNameError for names that cannot be a file's."""
        parts = _parts(path)
        owner, rest = ("".join(parts[:1]), parts[1:]) if self._service else (self._account, parts)
        zone, children = self._zone(owner, rest)
        rights = Right(0) if zone is None else (_SERVICE_RIGHTS if self._service else _DISTRICT_RIGHTS)[zone]
        if rest in _BOXES:
            rights &= ~Right.FOLDERS  # the box itself stays
        local = os.path.join(self._root, *(part.encode() for part in (owner, *rest) if part))  # noqa: PTH118 - bytes
        return JailPath("/" + "/".join(parts), local, owner, zone, children, rights)

    def _zone(self, owner: str, rest: tuple[str, ...]) -> tuple[Zone | None, tuple[str, ...] | None]:
        if not owner:
            return Zone.FOLDER, self._districts()
        if not is_district_account(owner):
            return None, None
        if rest in _FOLDERS:
            return Zone.FOLDER, _FOLDERS[rest]
        for box, zone in _BOXES.items():
            if rest[: len(box)] == box:
                return zone, None
        return None, None

    def _districts(self) -> tuple[str, ...]:
        with os.scandir(os.fsdecode(self._root)) as entries:
            return tuple(sorted(e.name for e in entries if is_district_account(e.name) and e.is_dir(follow_symlinks=False)))


def make_home(root: Path, account: str) -> None:
    """Make a district's directories (mode 0700) where they are missing; the service account has none of its own."""
    if account == SERVICE_ACCOUNT:
        return
    home = root / account
    for place in (home, home / "inbox", *(home / box for box in DROP_BOXES), home / OUTBOX):
        # One by one: the mode does not hold for directories that `parents=True` makes.
        place.mkdir(mode=0o700, exist_ok=True)


def is_regular(local: bytes) -> bool:
    """Whether a regular file stands here: no directory, link, device or pipe. Raises OSError where nothing stands."""
    return stat.S_ISREG(os.lstat(local).st_mode)


def _parts(path: bytes) -> tuple[str, ...]:
    """The names on the way, `.` and `..` worked out in the account's own world, whose root is its own parent."""
    if len(path) > PATH_MAX:
        raise RefusedNameError(f"the path is longer than {PATH_MAX} bytes")
    parts: list[str] = []
    for raw in path.split(b"/"):
        name = _name(raw)
        if name == "..":
            del parts[-1:]
        elif name not in {"", "."}:
            parts.append(name)
    return tuple(parts)


def _name(raw: bytes) -> str:
    if len(raw) > NAME_MAX:
        raise RefusedNameError(f"a name is longer than {NAME_MAX} bytes")
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        raise RefusedNameError("a name is not UTF-8") from None
    # Control characters forge lines in listings and logs; a backslash is a path separator to whoever reads this on Windows.
    if "\\" in name or any(ord(c) < 32 or 127 <= ord(c) < 160 for c in name):
        raise RefusedNameError("a name holds a control character or a backslash")
    return name
