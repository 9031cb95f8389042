"""A key may pause.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from subgroup_pipeline.registry.column_types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("district_key") as batch_op:
        batch_op.add_column(sa.Column("paused_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("district_key") as batch_op:
        batch_op.drop_column("paused_at")
