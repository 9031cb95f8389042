"""The weakest of the proofs that a file is complete: it ends with a whole line, and is about as long as the last good one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subgroup_pipeline.districts.limits import USUAL_BAND
from subgroup_pipeline.registry.ledger import last_good_delivery
from subgroup_pipeline.warehouse.oneroster import gradebook_files

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from subgroup_pipeline.landing.screen import Screening
    from subgroup_pipeline.registry.schema import Delivery


def has_usual_volume(session: Session, delivery: Delivery, screening: Screening) -> bool:
    """Whether each file of a full delivery has about as many rows as before, and none ends without a line break.

    The gradebook's files are not asked: they grow all year.
    """
    if screening.is_delta or any(finding.code == "EOF001" for finding in screening.findings):
        return False
    before = last_good_delivery(session, delivery)
    if before is None or before.record.is_delta:
        return False
    growing = gradebook_files()
    then = {file.table: file.records for name, file in before.record.files.items() if name not in growing}
    now = {file.table.name: file.shape.records for file in screening.files if file.file_name not in growing}
    return then.keys() == now.keys() and all(abs(now[table] - then[table]) <= USUAL_BAND * then[table] for table in now)
