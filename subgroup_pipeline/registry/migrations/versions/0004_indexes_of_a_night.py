"""Indexes for what a night asks, so that it reads no more of a ledger of years than of a new one.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_delivery_state", "delivery")
    op.create_index("ix_delivery_state", "delivery", ["state", "district_id", "feed"])
    op.create_index("ix_delivery_received", "delivery", ["received_at"])
    op.create_index("ix_delivery_content", "delivery", ["district_id", "feed", "content_sha256"])
    op.create_index("ix_audit_event_kind", "audit_event", ["kind", "event_id"])


def downgrade() -> None:
    op.drop_index("ix_audit_event_kind", "audit_event")
    op.drop_index("ix_delivery_content", "delivery")
    op.drop_index("ix_delivery_received", "delivery")
    op.drop_index("ix_delivery_state", "delivery")
    op.create_index("ix_delivery_state", "delivery", ["state"])
