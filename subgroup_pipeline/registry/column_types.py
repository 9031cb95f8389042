"""Types of the registry's columns: what SQLite and PostgreSQL keep alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from subgroup_pipeline.registry.delivery_record import DeliveryRecord


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time with microseconds; SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store as UTC; a naive time is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("times in the registry are aware; use datetime.now(UTC)")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Characters(TypeDecorator[str]):
    """Text that PostgreSQL keeps as SQLite does: compared bytewise (ids are ordered in SQL), and of any length.

    Headers and file names come from outside. One row that a database refuses would stop the night of every district.
    """

    impl = Text
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        """`length` is what we write; no database refuses more."""
        super().__init__()
        self.length = length

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """SQLite compares bytewise and enforces no length by itself."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Text(collation="C"))
        return dialect.type_descriptor(String(self.length) if self.length else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """PostgreSQL's text cannot hold a NUL."""
        return value.replace("\0", "\ufffd") if value and dialect.name == "postgresql" else value


class RecordJson(TypeDecorator[DeliveryRecord]):
    """A delivery's record as JSON; a restored backup gives it as JSON already."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: DeliveryRecord | dict[str, Any] | None, dialect: Dialect) -> dict[str, Any]:  # noqa: ARG002
        """Store what is noted."""
        return DeliveryRecord.model_validate(value or {}).as_json()

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> DeliveryRecord:  # noqa: ARG002
        """Read it back."""
        return DeliveryRecord.model_validate(value or {})

    def compare_values(self, x: DeliveryRecord | None, y: DeliveryRecord | None) -> bool:
        """Whether two records note the same; a field that is noted with its default is more than one that is not."""
        return (x and x.as_json()) == (y and y.as_json())


LARGE = Integer().with_variant(BigInteger(), "postgresql")
"""A size in bytes or a time in seconds: SQLite's integers have 64 bits, PostgreSQL's 32."""
