"""The record of who looked at which students. It names no student: the log is kept longer than a district's rows are.

34 CFR 99.32 asks for a record of disclosures. A student stands in it as a mark, which can be made again from the ID by whoever
has the portal's key, and by nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry

VIEWED = "student.viewed"
LISTED = "students.listed"


def student_mark(key: bytes, district_id: str, student_id: str) -> str:
    """What stands for a student of a district in the audit log: 32 hex digits."""
    return hmac.new(key, f"student\0{district_id}\0{student_id}".encode(), hashlib.sha256).hexdigest()[:32]


def record_viewed(registry: Registry, *, actor: str, district_id: str, mark: str, snapshot: str, form: str) -> None:
    """Somebody looked at a student's page, or took it along as a file of this form."""
    detail = {"student": mark, "snapshot": snapshot} | ({"format": form} if form else {})
    registry.audit(VIEWED, actor=actor, district_id=district_id, detail=detail)


def record_listed(registry: Registry, *, actor: str, district_id: str, students: int, snapshot: str, **asked: str) -> None:
    """Somebody looked at a list with so many students; `asked` says of which, without names."""
    detail = {"students": students, "snapshot": snapshot} | {name: text for name, text in asked.items() if text}
    registry.audit(LISTED, actor=actor, district_id=district_id, detail=detail)
