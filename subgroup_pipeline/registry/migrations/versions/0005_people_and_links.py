"""People, one-time links, passwords, sign-ins, mail, asked checks, and the chain of audit events.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from subgroup_pipeline.registry.column_types import Characters, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("token_sha256", Characters(64), nullable=False),
        _district(),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", Characters(254), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        _of_district("invitation"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_invitation")),
    )
    op.create_index("ix_invitation_district", "invitation", ["district_id", "made_at"])
    op.create_table(
        "district_password",
        _district(),
        sa.Column("password_hash", Characters(200), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by", Characters(254), nullable=False),
        _of_district("district_password"),
        sa.PrimaryKeyConstraint("district_id", name=op.f("pk_district_password")),
    )
    op.create_table(
        "person",
        sa.Column("email", Characters(254), nullable=False),
        sa.Column("role", Characters(10), nullable=False),
        _district(nullable=True),
        sa.Column("school_ids", sa.JSON(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("added_by", Characters(254), nullable=False),
        _of_district("person"),
        sa.PrimaryKeyConstraint("email", name=op.f("pk_person")),
    )
    op.create_table(
        "sign_in_link",
        sa.Column("token_sha256", Characters(64), nullable=False),
        sa.Column("email", Characters(254), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        _of_person("sign_in_link"),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_sign_in_link")),
    )
    op.create_index("ix_sign_in_link_email", "sign_in_link", ["email"])
    op.create_table(
        "sign_in",
        sa.Column("cookie_sha256", Characters(64), nullable=False),
        sa.Column("email", Characters(254), nullable=False),
        sa.Column("way", Characters(10), nullable=False),
        sa.Column("peer", Characters(64), nullable=False),
        sa.Column("browser", Characters(200), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _of_person("sign_in"),
        sa.PrimaryKeyConstraint("cookie_sha256", name=op.f("pk_sign_in")),
    )
    op.create_index("ix_sign_in_email", "sign_in", ["email"])
    op.create_table(
        "mail",
        sa.Column("mail_id", sa.Integer(), nullable=False),
        sa.Column("key", Characters(200), nullable=False),
        sa.Column("recipient", Characters(254), nullable=False),
        sa.Column("kind", Characters(40), nullable=False),
        _district(nullable=True),
        sa.Column("subject", Characters(), nullable=False),
        sa.Column("text", Characters(), nullable=False),
        sa.Column("html", Characters(), nullable=False),
        sa.Column("state", Characters(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("queued_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("failure", Characters(), nullable=True),
        _of_district("mail"),
        sa.PrimaryKeyConstraint("mail_id", name=op.f("pk_mail")),
        sa.UniqueConstraint("key", "recipient", name=op.f("uq_mail_key")),
    )
    op.create_index("ix_mail_state", "mail", ["state", "due_at"])
    op.create_table(
        "asked_check",
        _district(),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", Characters(254), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        _of_district("asked_check"),
        sa.PrimaryKeyConstraint("district_id", name=op.f("pk_asked_check")),
    )
    op.create_index("ix_asked_check_started", "asked_check", ["started_at"])
    op.add_column("audit_event", sa.Column("chain_sha256", Characters(64), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_event", "chain_sha256")
    for table in ("asked_check", "mail", "sign_in", "sign_in_link", "person", "district_password", "invitation"):
        op.drop_table(table)


def _district(*, nullable: bool = False) -> sa.Column[str]:
    return sa.Column("district_id", Characters(41), nullable=nullable)


def _of_district(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["district_id"], ["district.district_id"], name=op.f(f"fk_{table}_district_id_district"))


def _of_person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["email"], ["person.email"], name=op.f(f"fk_{table}_email_person"), ondelete="CASCADE")
