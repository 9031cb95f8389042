"""The builds of each district that hold in the history.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from subgroup_pipeline.registry.column_types import Characters, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "build",
        sa.Column("district_id", Characters(41), nullable=False),
        sa.Column("effective_at", UtcDateTime(), nullable=False),
        sa.Column("roster_delivery_id", Characters(40), nullable=False),
        sa.Column("subgroup_delivery_id", Characters(40), nullable=True),
        sa.Column("month", Characters(10), nullable=False),
        sa.Column("reading_key", Characters(16), nullable=False),
        sa.Column("meaning_key", Characters(16), nullable=False),
        sa.Column("built_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.district_id"], name=op.f("fk_build_district_id_district")),
        sa.PrimaryKeyConstraint("district_id", "effective_at", name=op.f("pk_build")),
    )


def downgrade() -> None:
    op.drop_table("build")
