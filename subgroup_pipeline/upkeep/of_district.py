"""What each place holds of one district, for the day on which the district leaves; the table of policies names these."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.intake.archive import unsealed_place
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.publish.forgetting import forget_in_snapshot, holds
from subgroup_pipeline.registry.schema import Base, Delivery, DeliveryFile
from subgroup_pipeline.upkeep import places
from subgroup_pipeline.upkeep.leaving import Leaving, leaving
from subgroup_pipeline.warehouse.forgetting import count_rows, forget_rows, rows_of_district

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.upkeep.places import Installation

_STAY = "audit_event"
"""The audit log: append-only, chained, and without anything of a student."""


def nothing(_at: Installation, _district_id: str) -> Iterator[Leaving]:
    """Nothing: the place is not kept by district, and holds nothing of a student."""
    return iter(())


def archived(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its archive; of plain files that an earlier release kept, those that no other district sent."""
    yield from _itself(at, at.home.archive / district_id)
    with at.registry.begin() as session:
        sent = sa.select(DeliveryFile.sha256).join(Delivery, Delivery.delivery_id == DeliveryFile.delivery_id)
        others = set(session.scalars(sent.where(Delivery.district_id != district_id).distinct()))
        own = set(session.scalars(sent.where(Delivery.district_id == district_id).distinct())) - others
    plain = (unsealed_place(at.home, sha256) for sha256 in sorted(own))
    yield from (leaving(path) for path in plain if path.is_file())


def raw_rows(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its rows in the warehouse."""
    return _rows(at, at.home.raw_database, "warehouse", district_id)


def built_rows(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its marts in the working file."""
    return _rows(at, at.home.analytics_database, "analytics", district_id)


def history(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its history."""
    return _rows(at, at.home.history_database, "history", district_id)


def releases(at: Installation, district_id: str) -> Iterator[Leaving]:
    """What was released of it, and what that hid."""
    return _rows(at, at.home.releases_database, "releases", district_id)


def snapshots(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its rows and folders in every snapshot."""
    find = rows_of_district(district_id)
    for snapshot in at.folders(at.home.published):
        if snapshot.name.startswith("."):
            yield leaving(snapshot)
        elif things := holds(at.settings, snapshot, district_id, find, is_whole=True):
            forget = partial(forget_in_snapshot, at.settings, snapshot, district_id, find, is_whole=True)
            yield Leaving(forget, things=things)


def failing_rows(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Rows behind its findings."""
    return _itself(at, at.home.failing_rows / district_id)


def reports(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its error reports."""
    return _itself(at, at.home.reports / district_id)


def account(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its folder on the SFTP server: inboxes, `check/` and the outbox."""
    return _itself(at, at.home.sftp / district_id)


def scratch(at: Installation, _district_id: str) -> Iterator[Leaving]:
    """Everything: who offboards holds the warehouse, so nobody works there."""
    return (leaving(path) for path in at.entries(at.home.scratch))


def rehearsals(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Throw-away homes that hold its archive."""
    return (leaving(home) for home in at.folders(at.home.rehearsals) if (home / "archive" / district_id).exists())


def damaged(at: Installation, _district_id: str) -> Iterator[Leaving]:
    """Every damaged file that was set aside: nobody can take one district out of it."""
    home = at.home
    aside = [path for path in at.files(home.root) if path.name.startswith(f"{home.registry_file.name}.damaged-")]
    aside += [
        path for place in (home.warehouse, home.history, home.releases) for path in at.files(place) if path.suffix == ".damaged"
    ]
    return (leaving(path) for path in aside)


def half_written(at: Installation, _district_id: str) -> Iterator[Leaving]:
    """Whatever a killed process did not finish."""
    return places.half_written(at)


def validations(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Stored runs of checks, and their pages, that name the district or a delivery of it."""
    words = [district_id, *_deliveries(at, district_id)]
    runs = [run for suite in at.folders(at.home.gx / "validations") for run in at.folders(suite)]
    yield from (leaving(run) for run in runs if any(_mentions(file, words) for file in run.rglob("*")))
    yield from (leaving(file) for file in sorted((at.home.gx / "data_docs").rglob("*")) if _mentions(file, words))


def dbt_files(at: Installation, district_id: str) -> Iterator[Leaving]:
    """What dbt wrote that names the district."""
    return (leaving(file) for file in sorted(at.home.dbt.rglob("*")) if _mentions(file, [district_id]))


def partitions(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its partitions in Dagster. Runs leave with their age: they hold ids of deliveries, counts and codes."""
    if at.history is not None:
        for partition in at.history.partitions_of(district_id):
            yield Leaving(partial(at.history.forget_partition, partition))


def key(at: Installation, district_id: str) -> Iterator[Leaving]:
    """The key that its archive and its secrets are sealed with: whatever copy there is of them opens no more."""
    keyring = Keyring(at.home)
    if keyring.has_key(district_id):
        yield Leaving(partial(_destroy, keyring, district_id))


def _destroy(keyring: Keyring, district_id: str) -> None:
    keyring.destroy(district_id)


def registered(at: Installation, district_id: str) -> Iterator[Leaving]:
    """Its rows in the registry, but for the audit log: settings, keys, people, deliveries, findings, mail, links, secrets."""
    conditions = dict(_conditions(district_id))
    with at.registry.begin() as session:
        counts = [session.scalar(sa.select(sa.func.count()).select_from(t).where(c)) or 0 for t, c in conditions.items()]

    def remove() -> None:
        with at.registry.begin() as session:
            for table, condition in conditions.items():
                session.execute(sa.delete(table).where(condition))
        at.registry.write_anew()

    yield Leaving(remove, things=sum(counts))  # also without rows: a kill may have left them in freed pages


def _conditions(district_id: str) -> Iterator[tuple[sa.Table, sa.ColumnElement[bool]]]:
    """Tables with a condition for a district's rows, children first."""
    for table in reversed(Base.metadata.sorted_tables):
        if table.name == _STAY:
            continue
        if "district_id" in table.c:
            yield table, table.c.district_id == district_id
            continue
        for reference in table.foreign_keys:
            parent = reference.column.table
            if "district_id" in parent.c:
                of_district = sa.select(reference.column).where(parent.c.district_id == district_id)
                yield table, reference.parent.in_(of_district)


def _rows(at: Installation, file: Path, catalog: str, district_id: str) -> Iterator[Leaving]:
    find = rows_of_district(district_id)
    if things := count_rows(at.settings, file, find):
        yield Leaving(partial(forget_rows, at.settings, file, catalog, find), things=things)


def _itself(at: Installation, folder: Path) -> Iterator[Leaving]:
    """A folder with all that it holds; its files are counted."""
    if folder.is_dir():
        found = leaving(folder)
        files = sum(1 for path in folder.rglob("*") if path.is_file())
        at.entries(folder)  # refuses a folder that leads out of the home
        yield Leaving(found.remove, things=files, bytes=found.bytes)


def _deliveries(at: Installation, district_id: str) -> list[str]:
    with at.registry.begin() as session:
        return list(session.scalars(sa.select(Delivery.delivery_id).where(Delivery.district_id == district_id)))


def _mentions(file: Path, words: list[str]) -> bool:
    """Whether a file holds one of these words."""
    if not file.is_file():
        return False
    content = file.read_bytes()
    return any(word.encode() in content for word in words)
