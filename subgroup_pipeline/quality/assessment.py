"""What the guards say of a delivery as a whole; what its rows say comes from the suites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.registry.delivery_record import Count, DeliveryRecord


@dataclass(frozen=True)
class Assessment:
    """Findings about one delivery, and what the ledger notes of it. `counts` are a roster's, by kind of record."""

    findings: list[Finding]
    noted: DeliveryRecord
    counts: Mapping[str, Count] = field(default_factory=dict)
