"""The registry's tables (SQLAlchemy 2). Migrations in `migrations/` make them; this module only describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from subgroup_pipeline.registry.column_types import LARGE, Characters, RecordJson, UtcDateTime
from subgroup_pipeline.registry.delivery_record import DeliveryRecord


class Base(DeclarativeBase):
    """Base of all tables; constraints are named so that migrations can change them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class District(Base):
    """A school district. Its key is also its SFTP account and its directory."""

    __tablename__ = "district"

    district_id: Mapped[str] = mapped_column(Characters(41), primary_key=True)
    name: Mapped[str] = mapped_column(Characters)
    settings_version: Mapped[int]
    created_at: Mapped[datetime]


class DistrictSettingsVersion(Base):
    """One applied version of a district's YAML; never changed, so that any build can name what it was made with."""

    __tablename__ = "district_settings"

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    yaml_text: Mapped[str] = mapped_column(Characters)
    applied_at: Mapped[datetime]


class DistrictKey(Base):
    """An SSH public key that may sign in as a district, unless it is paused."""

    __tablename__ = "district_key"
    __table_args__ = (UniqueConstraint("district_id", "fingerprint"),)

    key_id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"))
    public_key: Mapped[str] = mapped_column(Characters)
    fingerprint: Mapped[str] = mapped_column(Characters(80))
    added_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]


class DistrictSecret(Base):
    """A secret with which we sign in to a district's roster server, sealed with the district's key."""

    __tablename__ = "district_secret"

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Characters(20), primary_key=True)
    sealed: Mapped[bytes]
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(Characters(80))


class Delivery(Base):
    """One delivery of one feed of one district, and how far it came."""

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_feed", "district_id", "feed", "received_at"),
        Index("ix_delivery_state", "state", "district_id", "feed"),
        Index("ix_delivery_received", "received_at"),
        Index("ix_delivery_content", "district_id", "feed", "content_sha256"),
    )

    delivery_id: Mapped[str] = mapped_column(Characters(40), primary_key=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"))
    feed: Mapped[str] = mapped_column(Characters(10))
    state: Mapped[str] = mapped_column(Characters(12))
    verdict: Mapped[str | None] = mapped_column(Characters(32))
    proof: Mapped[str | None] = mapped_column(Characters(20))
    sha256: Mapped[str | None] = mapped_column(Characters(64))
    content_sha256: Mapped[str | None] = mapped_column(Characters(64))
    received_at: Mapped[datetime]
    settings_version: Mapped[int | None]
    rules_version: Mapped[str | None] = mapped_column(Characters(20))
    base_delivery_id: Mapped[str | None] = mapped_column(Characters(40))
    decision: Mapped[str | None] = mapped_column(Characters(10))
    decided_by: Mapped[str | None] = mapped_column(Characters(80))
    seen_again_at: Mapped[datetime | None]
    seen_again_count: Mapped[int] = mapped_column(default=0)
    record: Mapped[DeliveryRecord] = mapped_column(RecordJson, default=DeliveryRecord)

    files: Mapped[list[DeliveryFile]] = relationship(order_by="DeliveryFile.name", cascade="all, delete-orphan", lazy="selectin")
    findings: Mapped[list[FindingRow]] = relationship(
        order_by="FindingRow.finding_id", cascade="all, delete-orphan", lazy="selectin"
    )


class DeliveryFile(Base):
    """A file of a delivery as it was uploaded, or a member of an uploaded zip (`member_of` names the zip)."""

    __tablename__ = "delivery_file"

    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.delivery_id"), primary_key=True)
    name: Mapped[str] = mapped_column(Characters(255), primary_key=True)
    member_of: Mapped[str] = mapped_column(Characters(255), primary_key=True, default="")
    sha256: Mapped[str] = mapped_column(Characters(64))
    size: Mapped[int] = mapped_column(LARGE)


class FindingRow(Base):
    """Something the pipeline has to say about a delivery, or about a district when no delivery exists."""

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_delivery", "delivery_id"),)

    finding_id: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"))
    delivery_id: Mapped[str | None] = mapped_column(ForeignKey("delivery.delivery_id"))
    stage: Mapped[str] = mapped_column(Characters(12))
    code: Mapped[str] = mapped_column(Characters(10))
    severity: Mapped[str] = mapped_column(Characters(10))
    file: Mapped[str | None] = mapped_column(Characters(255))
    line: Mapped[int | None]
    column: Mapped[str | None] = mapped_column(Characters(255))
    count: Mapped[int | None]
    message: Mapped[str] = mapped_column(Characters)
    how_to_fix: Mapped[str] = mapped_column(Characters)
    lines: Mapped[list[Any]] = mapped_column(JSON, default=list)
    found_at: Mapped[datetime]


class RemoteFile(Base):
    """A file as it stood on an SFTP server: since when it is unchanged, and whether it was taken (foreign servers keep it)."""

    __tablename__ = "remote_file"

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    path: Mapped[str] = mapped_column(Characters(1024), primary_key=True)
    size: Mapped[int] = mapped_column(LARGE)
    mtime: Mapped[int] = mapped_column(LARGE)
    unchanged_since: Mapped[datetime]
    is_taken: Mapped[bool] = mapped_column(default=False)


class Invitation(Base):
    """A one-time link to the set-up page of a district. The link itself is not kept, only its hash."""

    __tablename__ = "invitation"
    __table_args__ = (Index("ix_invitation_district", "district_id", "made_at"),)

    token_sha256: Mapped[str] = mapped_column(Characters(64), primary_key=True)
    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"))
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(Characters(254))
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class DistrictPassword(Base):
    """The password with which a district may sign in to the SFTP server, as argon2id hashes it."""

    __tablename__ = "district_password"

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(Characters(200))
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(Characters(254))


class Person(Base):
    """Somebody who may sign in to the portal. `district_id` is null for the vendor's staff; `school_ids` count for one role."""

    __tablename__ = "person"

    email: Mapped[str] = mapped_column(Characters(254), primary_key=True)
    role: Mapped[str] = mapped_column(Characters(10))
    district_id: Mapped[str | None] = mapped_column(ForeignKey("district.district_id"))
    school_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(Characters(254))


class SignInLink(Base):
    """A one-time link that signs a person in to the portal; only its hash is kept."""

    __tablename__ = "sign_in_link"
    __table_args__ = (Index("ix_sign_in_link_email", "email"),)

    token_sha256: Mapped[str] = mapped_column(Characters(64), primary_key=True)
    email: Mapped[str] = mapped_column(ForeignKey("person.email", ondelete="CASCADE"))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """One browser in which a person is signed in; the hash of its cookie names it."""

    __tablename__ = "sign_in"
    __table_args__ = (Index("ix_sign_in_email", "email"),)

    cookie_sha256: Mapped[str] = mapped_column(Characters(64), primary_key=True)
    email: Mapped[str] = mapped_column(ForeignKey("person.email", ondelete="CASCADE"))
    way: Mapped[str] = mapped_column(Characters(10))
    peer: Mapped[str] = mapped_column(Characters(64))
    browser: Mapped[str] = mapped_column(Characters(200))
    began_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Mail(Base):
    """A mail that waits, went out, or could not be sent. `key` is what it is about: one mail per key and recipient, ever."""

    __tablename__ = "mail"
    __table_args__ = (UniqueConstraint("key", "recipient"), Index("ix_mail_state", "state", "due_at"))

    mail_id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Characters(200))
    recipient: Mapped[str] = mapped_column(Characters(254))
    kind: Mapped[str] = mapped_column(Characters(40))
    district_id: Mapped[str | None] = mapped_column(ForeignKey("district.district_id"))
    subject: Mapped[str] = mapped_column(Characters)
    text: Mapped[str] = mapped_column(Characters)
    html: Mapped[str] = mapped_column(Characters)
    state: Mapped[str] = mapped_column(Characters(10))
    tries: Mapped[int] = mapped_column(default=0)
    queued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Characters)


class Build(Base):
    """A build of a district's marts that holds in the history: `effective_at` is when the newest of its deliveries came.

    `reading_key` says what was read of the files, `meaning_key` what it was taken for; `month` is that of `effective_at` in the
    district's time zone.
    """

    __tablename__ = "build"

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    effective_at: Mapped[datetime] = mapped_column(primary_key=True)
    roster_delivery_id: Mapped[str] = mapped_column(Characters(40))
    subgroup_delivery_id: Mapped[str | None] = mapped_column(Characters(40))
    month: Mapped[str] = mapped_column(Characters(10))
    reading_key: Mapped[str] = mapped_column(Characters(16))
    meaning_key: Mapped[str] = mapped_column(Characters(16))
    built_at: Mapped[datetime]


class AskedCheck(Base):
    """A district that said "I have uploaded"; `started_at` is when a run that takes its uploads began, null while it waits."""

    __tablename__ = "asked_check"
    __table_args__ = (Index("ix_asked_check_started", "started_at"),)

    district_id: Mapped[str] = mapped_column(ForeignKey("district.district_id"), primary_key=True)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(Characters(254))
    started_at: Mapped[datetime | None]


class AuditEvent(Base):
    """Append-only: who did what, and every change of a delivery's state. Never a value from a student's row.

    `chain_sha256` is a hash over this event and the one before it, so a changed or missing row is found.
    """

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_delivery", "delivery_id"), Index("ix_audit_event_kind", "kind", "event_id"))

    event_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(Characters(40))
    actor: Mapped[str] = mapped_column(Characters(80))
    district_id: Mapped[str | None] = mapped_column(Characters(41))
    delivery_id: Mapped[str | None] = mapped_column(Characters(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    chain_sha256: Mapped[str | None] = mapped_column(Characters(64))
