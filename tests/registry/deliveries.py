"""Deliveries that tests enter in the ledger, in any state."""

from __future__ import annotations

from sqlalchemy.orm import Session

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.ledger import (
    UploadedFile,
    get_delivery,
)
from subgroup_pipeline.registry.receiving import register_delivery
from subgroup_pipeline.registry.schema import Delivery


def register(
    session: Session, content: str, *, district: str = "alpha", feed: str = "roster", **how: object
) -> tuple[Delivery, bool]:
    return register_delivery(
        session,
        district,
        feed,  # type: ignore[arg-type]
        sha256=how.pop("sha256", content),  # type: ignore[arg-type]
        content_sha256=content,
        proof="settled",
        files=[UploadedFile(f"{content}.csv", content, 1)],
        **how,  # type: ignore[arg-type]
    )


def in_state(session: Session, state: str, content: str = "x", **how: object) -> Delivery:
    delivery, _ = register(session, content, **how)  # type: ignore[arg-type]
    delivery.state = state
    session.flush()
    return delivery


def read_anew(registry: Registry, delivery_id: str) -> Delivery:
    with registry.begin() as session:
        return get_delivery(session, delivery_id)
