"""What lies in the inboxes before a night that is killed: small districts, each with a day of its own.

Base: what was delivered and published before. Day: what comes in now. A night over `changes` brings a delivery into each of
the ledger's eight states.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from tests.support import small_district as small
from tests.support.installation import zip_of

Upload = tuple[str, str, dict[str, bytes]]
"""District, feed, and files by name."""


@dataclass(frozen=True)
class Scenario:
    """Districts, what they delivered before (`later` on a second night), what they deliver now, and what is planted in every
    night of the day. `deeds` are what a person did to live rosters meanwhile; `step` is what runs instead of a whole night.
    """

    districts: tuple[str, ...]
    base: tuple[Upload, ...]
    day: tuple[Upload, ...]
    plant: str = ""
    later: tuple[Upload, ...] = ()
    deeds: tuple[tuple[str, Literal["reject", "replay"]], ...] = ()
    step: str = ""


def _zipped(district: str, students: int, name: str = "roster.zip") -> Upload:
    return district, "roster", {name: zip_of(small.roster(students))}


def _loose(district: str, students: int) -> Upload:
    return district, "roster", {name: text.encode() for name, text in small.roster(students).items()}


def _subgroups(district: str, students: int, name: str = "subgroups.csv") -> Upload:
    return district, "subgroups", {name: small.subgroups(students).encode()}


def _bad(district: str, name: str, old: str, new: str) -> Upload:
    """A roster with one thing wrong in one file."""
    files = small.roster(14)
    assert old in files[name]
    return district, "roster", {"roster.zip": zip_of(files | {name: files[name].replace(old, new)})}


def _changes(district: str) -> Upload:
    """A changes-only roster: two students come with their enrollments, one leaves, the other files are as they were."""
    files = small.roster(12)
    of_changes = {
        name: "\n".join(
            [files[name].splitlines()[0], *(row.replace(",,,", ",active,2026-11-20T00:00:00.000Z,", 1) for row in rows)]
        )
        for name, rows in (
            ("users.csv", files["users.csv"].splitlines()[-2:]),
            ("enrollments.csv", files["enrollments.csv"].splitlines()[-2:]),
        )
    }
    of_changes["users.csv"] += (
        "\ns004,tobedeleted,2026-11-20T00:00:00.000Z,true,school0,student,user4,,Given4,Family4,,00004,,,,,05,"
    )
    manifest = small.manifest(of_changes).replace(",bulk", ",delta")
    return district, "roster", {"changes.zip": zip_of({"manifest.csv": manifest, **{n: t + "\n" for n, t in of_changes.items()}})}


_BEFORE = tuple(upload for d in ("alpha", "beta", "gamma") for upload in (_zipped(d, 10), _subgroups(d, 10)))

SCENARIOS: dict[str, Callable[[], Scenario]] = {
    # alpha: both feeds anew; beta: a roster alone, of loose files that leave the inbox one after the other; gamma: a roster
    # that is held, a file that is rejected; delta: its first delivery.
    "changes": lambda: Scenario(
        ("alpha", "beta", "gamma", "delta"),
        _BEFORE,
        (
            _zipped("alpha", 13),
            _subgroups("alpha", 13),
            _loose("beta", 11),
            _bad("gamma", "users.csv", "s003,,", "s002,,"),
            ("gamma", "subgroups", {"subgroups.csv": b"number,ell,sped\n1,y,n\n"}),
            _zipped("delta", 9),
            _subgroups("delta", 9),
        ),
    ),
    # Nothing was ever published.
    "first night": lambda: Scenario(("alpha", "beta", "gamma"), (), _BEFORE),
    # Two uploads of a feed wait at once: the later one counts, and neither is lost.
    "two at once": lambda: Scenario(
        ("alpha", "beta"),
        _BEFORE[:4],
        (
            _zipped("alpha", 12, "a.zip"),
            _zipped("alpha", 13, "b.zip"),
            _subgroups("alpha", 12, "a.csv"),
            _subgroups("alpha", 13, "b.csv"),
        ),
    ),
    # A district's rows fail a test of the models: it keeps what is published, its delivery is held.
    "failing test": lambda: Scenario(("alpha", "beta"), _BEFORE[:4], (_zipped("alpha", 12), _zipped("beta", 12)), "failing test"),
    # The weekly rewrite of the working file is due.
    "weekly rewrite": lambda: Scenario(("alpha", "beta"), _BEFORE[:4], (_zipped("alpha", 12),), "weekly rewrite"),
    # The models are not those of the last night.
    "changed models": lambda: Scenario(("alpha", "beta"), _BEFORE[:4], (_zipped("alpha", 12),), "changed models"),
    # A changes-only roster is applied to the set before; another district sends a full one.
    "delta": lambda: Scenario(("alpha", "beta"), _BEFORE[:4], (_changes("alpha"), _zipped("beta", 12))),
    # A person refused what is published, so the roster before is live again; another roster is to be read anew.
    "decisions": lambda: Scenario(
        ("alpha", "beta"),
        _BEFORE[:4],
        (_subgroups("beta", 9),),
        later=(_zipped("alpha", 13), _subgroups("alpha", 13), _zipped("beta", 11)),
        deeds=(("alpha", "reject"), ("beta", "replay")),
    ),
    # Readers are shown the first snapshot again.
    "rollback": lambda: Scenario(("alpha",), _BEFORE[:2], (), later=(_zipped("alpha", 13),), step="rollback"),
}
