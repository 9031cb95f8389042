"""Findings as the registry keeps them: what each stage said about a delivery, replaced as a whole when it says it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from subgroup_pipeline.registry.schema import FindingRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from subgroup_pipeline.findings.finding import Finding
    from subgroup_pipeline.registry.schema import Delivery


def store_findings(session: Session, stage: str, district_id: str, delivery_id: str | None, findings: Iterable[Finding]) -> None:
    """Replace what a stage said about a delivery (or, without one, about a district), so that repeating it is safe."""
    session.execute(
        sa.delete(FindingRow).where(
            FindingRow.stage == stage,
            FindingRow.district_id == district_id,
            FindingRow.delivery_id.is_(None) if delivery_id is None else FindingRow.delivery_id == delivery_id,
        )
    )
    now = datetime.now(UTC)
    session.add_all(_row(finding, stage, district_id, delivery_id, now) for finding in findings)


def store_findings_of(session: Session, stage: str, said: Iterable[tuple[Delivery, Sequence[Finding]]]) -> None:
    """Replace what a stage said about each of these deliveries, as `store_findings` does for one."""
    pairs, now = list(said), datetime.now(UTC)
    keys = [delivery.delivery_id for delivery, _ in pairs]
    session.execute(sa.delete(FindingRow).where(FindingRow.stage == stage, FindingRow.delivery_id.in_(keys)))
    for delivery, findings in pairs:
        session.add_all(_row(finding, stage, delivery.district_id, delivery.delivery_id, now) for finding in findings)


def _row(finding: Finding, stage: str, district_id: str, delivery_id: str | None, now: datetime) -> FindingRow:
    lines = finding.lines or ((finding.line,) if finding.line is not None else ())
    return FindingRow(
        district_id=district_id,
        delivery_id=delivery_id,
        stage=stage,
        code=finding.code,
        severity=finding.severity,
        file=finding.file,
        line=lines[0] if lines else None,
        column=finding.column,
        count=finding.count,
        message=finding.message,
        how_to_fix=finding.how_to_fix,
        lines=list(lines[:5]),
        found_at=now,
    )


def with_findings(session: Session, delivery_ids: Iterable[str], stages: Iterable[str]) -> set[str]:
    """Those of these deliveries of which one of these stages said something."""
    query = sa.select(FindingRow.delivery_id).where(
        FindingRow.delivery_id.in_(list(delivery_ids)), FindingRow.stage.in_(list(stages))
    )
    return {delivery_id for delivery_id in session.scalars(query.distinct()) if delivery_id is not None}
