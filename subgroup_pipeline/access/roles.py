"""What each role may see. `may` is the only place that decides it; every page of the portal says what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is to us."""

    VENDOR = "vendor"
    """Our staff: every district, decisions, invitations."""
    DISTRICT = "district"
    """A district's own people: everything of that district."""
    SCHOOL = "school"
    """People of some schools of a district: these schools, and students of these only."""
    AGGREGATE = "aggregate"
    """People of a district who see its released counts and nothing else."""


class Need(StrEnum):
    """What a page needs of whoever asks for it."""

    NOTHING = "nothing"
    """Anybody may ask; the page looks after itself (a link, a health check)."""
    SIGNED_IN = "signed_in"
    """Somebody who is signed in, about themselves."""
    OVERVIEW = "overview"
    """What is published of a district, and since when."""
    REPORTS = "reports"
    """What is counted in a district, or in the school that the address names. It names no student."""
    RELEASED = "released"
    """What is released of a district, with small groups hidden; who has `REPORTS` there sees these in its place."""
    STUDENTS = "students"
    """Students of a district by name, with their values and scores; people of schools see those of `schools_seen` only."""
    DELIVERIES = "deliveries"
    """What a district sent, what was wrong with it, and its settings. Error reports name students by their IDs."""
    STAFF = "staff"
    """All districts, and what is decided about them."""


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in. `district_id` is None for the vendor's staff; `school_ids` limit the role `school`."""

    email: str
    role: Role
    district_id: str | None = None
    school_ids: frozenset[str] = frozenset()


_OF_OWN_DISTRICT = {
    Need.OVERVIEW: {Role.DISTRICT, Role.SCHOOL, Role.AGGREGATE},
    Need.REPORTS: {Role.DISTRICT},
    Need.RELEASED: {Role.DISTRICT, Role.AGGREGATE},
    Need.STUDENTS: {Role.DISTRICT, Role.SCHOOL},
    Need.DELIVERIES: {Role.DISTRICT},
}
_OF_OWN_SCHOOLS = {Need.REPORTS, Need.RELEASED}


def may(person: Person | None, need: Need, district_id: str | None = None, school_id: str | None = None) -> bool:
    """Whether somebody (None: not signed in) may have a page that needs this, of this district or school if it is about one.

    People of schools have the reports of their own schools, and none of the district.
    """
    if need == Need.NOTHING:
        return True
    if person is None:
        return False
    if need == Need.SIGNED_IN or person.role == Role.VENDOR:
        return True
    own = district_id is not None and person.district_id == district_id
    if person.role == Role.SCHOOL and need in _OF_OWN_SCHOOLS:
        return own and school_id in person.school_ids
    return own and person.role in _OF_OWN_DISTRICT.get(need, ())


def schools_seen(person: Person | None) -> frozenset[str] | None:
    """The schools to whose students, courses and results somebody with `Need.STUDENTS` is limited; None for no limit."""
    if person is None:
        return frozenset()
    return person.school_ids if person.role == Role.SCHOOL else None
