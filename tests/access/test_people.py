"""People on record: who is refused, what a change says, and what ends with somebody who is removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from subgroup_pipeline.access.people import Wanted, count_people, described, keep_person, list_people, normal_email, remove_person
from subgroup_pipeline.access.roles import Need, Person, Role, may
from subgroup_pipeline.access.sign_in_links import make_link, use_link
from subgroup_pipeline.access.sign_ins import begin_sign_in, end_others, live_sign_ins, signed_in_person
from subgroup_pipeline.errors import PersonRefusedError, SubgroupsError, UnknownDistrictError, UnknownPersonError
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import AuditEvent
from tests.support.place import Place

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
EDGE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0"


@pytest.fixture
def registry(place: Place) -> Registry:
    place.add("ash")
    place.add("birch")
    return place.registry


def _keep(registry: Registry, person: Person, *, only_new: bool = False) -> bool:
    with registry.begin() as session:
        return keep_person(session, person, actor="test", only_new=only_new)


def _events(registry: Registry, kind: str) -> list[dict[str, object]]:
    with registry.begin() as session:
        query = sa.select(AuditEvent.detail).where(AuditEvent.kind == kind).order_by(AuditEvent.event_id)
        return list(session.scalars(query))


@pytest.mark.parametrize(
    ("email", "role", "district", "schools", "words"),
    [
        ("ann.ash.example", "vendor", None, (), "no mail address"),
        ("ann@ash", "vendor", None, (), "no mail address"),
        ("a b@ash.example", "vendor", None, (), "no mail address"),
        ("ann@ash.example\nbcc: x@y.example", "vendor", None, (), "no mail address"),
        ("<ann@ash.example>", "vendor", None, (), "no mail address"),
        ("\u212aim@ash.example", "vendor", None, (), "no mail address"),  # the Kelvin sign folds to k
        ("ann@ash.example", "superuser", None, (), "no role"),
        ("ann@ash.example", "vendor", "ash", (), "no district"),
        ("ann@ash.example", "district", None, (), "one district"),
        ("ann@ash.example", "school", "ash", (), "at least one"),
        ("ann@ash.example", "school", "ash", (" ",), "at least one"),
        ("ann@ash.example", "district", "ash", ("s1",), "role school"),
        ("ann@ash.example", "school", "ash", ("s" * 201,), "200 characters"),
    ],
)
def test_what_cannot_be_is_refused_in_words(email: str, role: str, district: str | None, schools: tuple[str], words: str) -> None:
    with pytest.raises(PersonRefusedError, match=words):
        described(email, role, district, schools)


def test_addresses_are_one_in_any_case(registry: Registry) -> None:
    assert normal_email("  Ann.O'Hara+x@ASH.example ") == "ann.o'hara+x@ash.example"
    assert _keep(registry, described("Ann@Ash.example", "district", "ash"))
    assert not _keep(registry, described("ann@ASH.example ", "district", "ash"))
    assert [one.email for one in list_people(registry)] == ["ann@ash.example"]


def test_a_district_must_be_registered(registry: Registry) -> None:
    with pytest.raises(UnknownDistrictError, match="no district is called oak"):
        _keep(registry, described("ann@oak.example", "district", "oak"))


def test_what_changed_is_audited_with_old_and_new(registry: Registry) -> None:
    _keep(registry, described("ann@ash.example", "school", "ash", ["s2", "s1"]))
    with pytest.raises(PersonRefusedError, match="known already"):
        _keep(registry, described("ann@ash.example", "vendor"), only_new=True)
    _keep(registry, described("ann@ash.example", "aggregate", "ash"))
    remove_person(registry, " Ann@ash.example", actor="test")
    school = {"role": "school", "district_id": "ash", "schools": ["s1", "s2"]}
    aggregate = {"role": "aggregate", "district_id": "ash", "schools": []}
    assert _events(registry, "person.added") == [{"email": "ann@ash.example", "old": None, "new": school}]
    assert _events(registry, "person.changed") == [{"email": "ann@ash.example", "old": school, "new": aggregate}]
    assert _events(registry, "person.removed") == [{"email": "ann@ash.example", "old": aggregate, "new": None}]
    with pytest.raises(UnknownPersonError):
        remove_person(registry, "ann@ash.example", actor="test")


def test_a_change_holds_for_who_is_signed_in_and_a_removed_person_is_out(registry: Registry) -> None:
    _keep(registry, described("ann@ash.example", "district", "ash"))
    with registry.begin() as session:
        cookie = begin_sign_in(session, "ann@ash.example", way="link", peer="", browser=FIREFOX)
        link = make_link(session, "ann@ash.example", actor="test")
    _keep(registry, described("ann@ash.example", "aggregate", "birch"))
    person = signed_in_person(registry, cookie)
    assert person == Person("ann@ash.example", Role.AGGREGATE, "birch")
    assert not may(person, Need.OVERVIEW, "ash")
    remove_person(registry, "ann@ash.example", actor="test")
    assert signed_in_person(registry, cookie) is None
    with registry.begin() as session:
        assert use_link(session, link.token) is None


def test_a_new_browser_is_in_the_audit_log(registry: Registry) -> None:
    _keep(registry, described("ann@ash.example", "district", "ash"))
    for browser in (FIREFOX, FIREFOX.replace("145", "146"), EDGE):
        with registry.begin() as session:
            begin_sign_in(session, "ann@ash.example", way="link", peer="192.0.2.1", browser=browser)
    said = [(event["browser"], event["new_browser"]) for event in _events(registry, "portal.signed_in")]
    assert said == [("Firefox on Windows", True), ("Firefox on Windows", False), ("Edge on Mac", True)]


def test_all_others_are_ended(registry: Registry) -> None:
    _keep(registry, described("ann@ash.example", "district", "ash"))
    _keep(registry, described("bob@birch.example", "district", "birch"))
    with registry.begin() as session:
        cookies = [begin_sign_in(session, "ann@ash.example", way="link", peer="", browser="") for _ in range(3)]
        of_bob = begin_sign_in(session, "bob@birch.example", way="link", peer="", browser="")
    here = next(one for one in live_sign_ins(registry, "ann@ash.example")).cookie_sha256
    assert end_others(registry, "ann@ash.example", actor="ann@ash.example", but=here) == 2
    assert [one.cookie_sha256 for one in live_sign_ins(registry, "ann@ash.example")] == [here]
    assert sum(signed_in_person(registry, cookie) is not None for cookie in cookies) == 1
    assert signed_in_person(registry, of_bob) is not None
    assert end_others(registry, "ann@ash.example", actor="staff", but="") == 1


def test_people_are_found_by_address_role_and_district(registry: Registry) -> None:
    for email, role, district in (
        ("zoe@vendor.example", "vendor", None),
        ("ann_1@ash.example", "district", "ash"),
        ("bob@birch.example", "aggregate", "birch"),
    ):
        _keep(registry, described(email, role, district))

    def found(**by: str) -> list[str]:
        return [one.email.partition("@")[0] for one in list_people(registry, Wanted(**by))]

    assert found() == ["ann_1", "bob", "zoe"]
    assert found(search="BIRCH") == ["bob"]
    assert found(search="_") == ["ann_1"]  # no wildcard
    assert found(role="vendor") == ["zoe"]
    assert found(district_id="ash") == ["ann_1"]
    assert found(search="ann", role="vendor") == []
    assert count_people(registry, Wanted(search="ash")) == 1
    assert [one.email for one in list_people(registry, most=1, after=1)] == ["bob@birch.example"]


def test_every_refusal_is_typed() -> None:
    assert issubclass(PersonRefusedError, SubgroupsError)
    assert issubclass(UnknownPersonError, SubgroupsError)
