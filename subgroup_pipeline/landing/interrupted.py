"""Deliveries that were being read when a run ended: a marker while one is read, and a count in the ledger of the runs it ended.

Such a delivery is read once more, alone and last; after two runs it is set aside, so that no upload stops every night.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.delivery_record import DeliveryRecord
from subgroup_pipeline.registry.schema import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from subgroup_pipeline.registry.database import Registry

MOST_RUNS = 2
_MARKER = ".reading"


@contextmanager
def being_read(scratch: Path, delivery_id: str) -> Iterator[None]:
    """Mark a delivery while it is read. The marker stays when the process is killed, or when reading raises.

    An OSError (a full disk) is no fault of the upload, and neither is a person who stops the run.
    """
    marker = scratch / f"{delivery_id}{_MARKER}"
    marker.touch()
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError):
            marker.unlink(missing_ok=True)
        raise
    except BaseException:
        marker.unlink(missing_ok=True)
        raise
    marker.unlink(missing_ok=True)


def count_ended_runs(registry: Registry, scratch: Path) -> None:
    """Note in the ledger which deliveries were being read when the run before ended. Only the run that lands may ask."""
    markers = list(scratch.glob(f"*{_MARKER}"))
    if not markers:
        return
    ids = [marker.name.removesuffix(_MARKER) for marker in markers]
    with registry.begin() as session:
        for delivery in session.scalars(sa.select(Delivery).where(Delivery.delivery_id.in_(ids))):
            delivery.record = delivery.record.updated(DeliveryRecord(ended_runs=delivery.record.ended_runs + 1))
    for marker in markers:
        marker.unlink()


def was_read(delivery: Delivery) -> None:
    """Forget the runs that ended: this one read the delivery, so they had another cause. One that is set aside was not read."""
    if 0 < delivery.record.ended_runs < MOST_RUNS:
        delivery.record = delivery.record.without_ended_runs()
