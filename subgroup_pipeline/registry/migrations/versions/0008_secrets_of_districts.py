"""Secrets with which we sign in to the roster servers of districts, sealed.

Revision ID: 0008
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from subgroup_pipeline.registry.column_types import Characters, UtcDateTime

revision = "0008"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "district_secret",
        sa.Column("district_id", Characters(41), nullable=False),
        sa.Column("name", Characters(20), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", Characters(80), nullable=False),
        sa.ForeignKeyConstraint(["district_id"], ["district.district_id"], name=op.f("fk_district_secret_district_id_district")),
        sa.PrimaryKeyConstraint("district_id", "name", name=op.f("pk_district_secret")),
    )
