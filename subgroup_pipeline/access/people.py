"""People who may sign in to the portal: added, changed and removed, each with an audit event that says old and new."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subgroup_pipeline.access.roles import Person, Role
from subgroup_pipeline.errors import PersonRefusedError, UnknownDistrictError, UnknownPersonError
from subgroup_pipeline.registry.database import Registry, record_event
from subgroup_pipeline.registry.schema import District, SignIn
from subgroup_pipeline.registry.schema import Person as PersonRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

BY_CLAIMS = "claims of the sign-in service"
"""Who "added" a person whom the claims of the sign-in service brought: these people sign in by that service alone."""
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
"""ASCII only: a letter that looks like another, or becomes it when folded, would be somebody else's address."""
_MOST_SCHOOLS = 200
_WORDS = {
    Role.VENDOR: "All districts (our staff)",
    Role.DISTRICT: "Everything of the district",
    Role.SCHOOL: "Some schools",
    Role.AGGREGATE: "Counts only",
}


@dataclass(frozen=True)
class ListedPerson:
    """A person as staff see them in a list; `sign_ins` counts the browsers in which they are signed in now."""

    email: str
    role: Role
    district_id: str | None
    school_ids: tuple[str, ...]
    added_at: datetime
    added_by: str
    sign_ins: int


def normal_email(text: str) -> str:
    """An address as it is kept and compared: trimmed and in small letters. Raises PersonRefusedError."""
    email = text.strip().casefold()
    if not text.isascii() or len(email) > 254 or not _EMAIL.fullmatch(email):
        raise PersonRefusedError(f"{text.strip()[:100]!r} is no mail address. Write it like name@district.example.")
    return email


def described(email: str, role: str, district_id: str | None = None, schools: Sequence[str] = ()) -> Person:
    """A person as somebody describes them. Raises PersonRefusedError where role, district and schools do not go together."""
    try:
        known = Role(role)
    except ValueError as error:
        raise PersonRefusedError(f"no role is called {role[:40]!r}. Choose one of {', '.join(Role)}.") from error
    school_ids = frozenset(filter(None, (school.strip() for school in schools)))
    if known == Role.VENDOR and district_id:
        raise PersonRefusedError("the role vendor is for staff, who see every district. Give no district with it.")
    if known != Role.VENDOR and not district_id:
        raise PersonRefusedError(f"the role {known} is for people of one district. Say which.")
    if bool(school_ids) != (known == Role.SCHOOL):
        raise PersonRefusedError(
            "schools go with the role school, and it needs at least one: their IDs in the district's roster."
        )
    if len(school_ids) > _MOST_SCHOOLS or any(len(school) > 200 for school in school_ids):
        raise PersonRefusedError(f"at most {_MOST_SCHOOLS} schools, each with an ID of 200 characters at most.")
    return Person(normal_email(email), known, district_id or None, school_ids)


def keep_person(session: Session, person: Person, *, actor: str, only_new: bool = False) -> bool:
    """Add a person, or give a known one another role, within the caller's transaction; gives whether anything changed.

    What changed is in force with the next page that they ask for. Raises UnknownDistrictError; with `only_new`
    PersonRefusedError for somebody who is known.
    """
    if person.district_id is not None and session.get(District, person.district_id) is None:
        raise UnknownDistrictError(
            f"no district is called {person.district_id[:60]}. `subgroups district list` shows those that are registered."
        )
    row = session.get(PersonRow, person.email)
    if row is not None and only_new:
        raise PersonRefusedError(f"{person.email} is known already, with the role {row.role}. Change that on their own page.")
    new = _facts(person)
    if row is None:
        row = PersonRow(email=person.email, added_at=datetime.now(UTC))
        session.add(row)
        kind, old = "person.added", None
    else:
        kind, old = "person.changed", _facts(as_person(row))
        if old == new and (row.added_by == BY_CLAIMS) == (actor == BY_CLAIMS):
            return False
    row.role, row.district_id, row.school_ids, row.added_by = person.role, person.district_id, new["schools"], actor
    session.flush()
    record_event(
        session, kind, actor=actor, district_id=person.district_id, detail={"email": person.email, "old": old, "new": new}
    )
    return True


def remove_person(registry: Registry, email: str, *, actor: str) -> str:
    """Remove a person; their sign-ins and links end with them. Gives their address. Raises UnknownPersonError."""
    with registry.begin() as session:
        row = known_person(session, email)
        detail = {"email": row.email, "old": _facts(as_person(row)), "new": None}
        session.delete(row)
        record_event(session, "person.removed", actor=actor, district_id=row.district_id, detail=detail)
        return row.email


def known_person(session: Session, email: str) -> PersonRow:
    """The row of a person. Raises UnknownPersonError, or PersonRefusedError for what is no address."""
    row = session.get(PersonRow, normal_email(email))
    if row is None:
        raise UnknownPersonError(f"nobody is known as {normal_email(email)}. `subgroups user list` shows who is.")
    return row


@dataclass(frozen=True)
class Wanted:
    """People whose address or district holds `search`, of a role, of a district; empty means any."""

    search: str = ""
    role: str = ""
    district_id: str = ""


def list_people(registry: Registry, wanted: Wanted = Wanted(), *, most: int | None = None, after: int = 0) -> list[ListedPerson]:
    """People by address; at most so many, after so many."""
    live = sa.and_(SignIn.email == PersonRow.email, SignIn.ended_at.is_(None), SignIn.expires_at > datetime.now(UTC))
    count = sa.select(sa.func.count()).select_from(SignIn).where(live).scalar_subquery().label("sign_ins")
    query = sa.select(PersonRow, count).where(*_are(wanted)).order_by(PersonRow.email).limit(most).offset(after)
    with registry.begin() as session:
        return [_listed(found.Person, found.sign_ins) for found in session.execute(query)]


def count_people(registry: Registry, wanted: Wanted) -> int:
    """How many people are like that."""
    with registry.begin() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(PersonRow).where(*_are(wanted))) or 0


def one_person(registry: Registry, email: str) -> ListedPerson:
    """A person as in the list. Raises UnknownPersonError, or PersonRefusedError for what is no address."""
    with registry.begin() as session:
        return _listed(known_person(session, email), 0)


def _are(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    are: list[sa.ColumnElement[bool]] = []
    if search := wanted.search.strip().casefold():
        holds = [column.contains(search, autoescape=True) for column in (PersonRow.email, PersonRow.district_id)]
        are.append(sa.or_(*holds))
    if wanted.role:
        are.append(PersonRow.role == wanted.role)
    if wanted.district_id:
        are.append(PersonRow.district_id == wanted.district_id)
    return are


def _listed(row: PersonRow, sign_ins: int) -> ListedPerson:
    schools = tuple(sorted(row.school_ids))
    return ListedPerson(row.email, Role(row.role), row.district_id, schools, row.added_at, row.added_by, sign_ins)


def as_person(row: PersonRow) -> Person:
    """A row of the registry as the person it describes."""
    return Person(row.email, Role(row.role), row.district_id, frozenset(row.school_ids))


def role_in_words(role: Role) -> str:
    """A role for people to read."""
    return _WORDS[role]


def _facts(person: Person) -> dict[str, Any]:
    return {"role": str(person.role), "district_id": person.district_id, "schools": sorted(person.school_ids)}
