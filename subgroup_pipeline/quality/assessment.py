"""What the guards say of a delivery as a whole; what its rows say comes from the suites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.registry.delivery_record import DeliveryRecord


@dataclass(frozen=True)
class Assessment:
    """Findings about one delivery, and what the ledger notes of it."""

    findings: list[Finding]
    noted: DeliveryRecord
