"""The set-up page: what it shows, how a link is used once, and that nothing else uses it up or lets it be seen."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import asyncssh
import paramiko
import pytest
import sqlalchemy as sa
from argon2.exceptions import VerifyMismatchError

from subgroup_pipeline.access.invitations import find_invitation, list_invitations, revoke_invitation
from subgroup_pipeline.access.passwords import HASHER, password_on_record
from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk.invitations import invite
from subgroup_pipeline.districts.district_keys import account_keys
from subgroup_pipeline.registry.schema import AuditEvent, Invitation, Mail, Person
from tests.portal.setting_up import PASSWORD, Desk, open_desk, permit_in
from tests.support.portal import send_form
from tests.support.registry_statements import statements


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("setup") / "home", template) as desk:
        yield desk


def test_the_page_says_what_the_district_gets_and_looking_never_uses_it_up(desk: Desk) -> None:
    district = desk.district()
    path = desk.link(district)
    browser = desk.browser()
    page = browser.get(path)
    assert page.status_code == 200
    assert desk.server.keyring is not None
    wanted = [district, "2022", "inbox/roster", "inbox/subgroups", "127.0.0.1"]
    wanted += [*desk.server.keyring.fingerprints.values(), f"[127.0.0.1]:2022 {desk.server.keyring.host_public_keys[0]}"]
    assert [text for text in wanted if text not in page.text] == []
    assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
    for _ in range(100):
        assert browser.get(path).status_code == 200
    for _ in range(20):
        assert browser.head(path).status_code == 200
    assert desk.is_live(path)
    (listed,) = list_invitations(desk.portal.registry, district)
    assert listed.opened_at is not None


def test_a_password_is_in_force_when_the_page_answers(desk: Desk) -> None:
    district = desk.district()
    path = desk.link(district)
    browser = desk.browser()
    done = desk.choose(browser, path)
    assert done.status_code == 200
    assert "You are set up" in done.text
    assert "set-cookie" not in done.headers  # nobody is signed in to the portal by a link for uploads
    desk.sign_in(district, PASSWORD)
    with pytest.raises(paramiko.AuthenticationException):
        desk.sign_in(district, PASSWORD + "!")
    assert browser.get(path).status_code == 404
    assert browser.post(path, data=desk.form_of(path)).status_code == 404


def test_the_contacts_get_a_link_to_the_portal(desk: Desk) -> None:
    registry = desk.portal.registry
    desk.portal.person("staff@vendor.example", Role.VENDOR)
    district = desk.district("contacts: [First@Oak.example, staff@vendor.example, second@oak.example]\n")
    desk.portal.person("second@oak.example", Role.AGGREGATE, district)
    done = desk.choose(desk.browser(), desk.link(district))
    assert "The 2 contacts of your district get a mail" in done.text
    with registry.begin() as session:
        people = {person.email: person.role for person in session.scalars(sa.select(Person).filter_by(district_id=district))}
        mails = session.scalars(sa.select(Mail).filter_by(kind="sign_in_link", district_id=district)).all()
    assert people == {"first@oak.example": "district", "second@oak.example": "aggregate"}
    assert {mail.recipient for mail in mails} == set(people)
    assert all(f"next=/d/{district}" in mail.text and mail.text not in done.text for mail in mails)


def test_recipes_hold_the_districts_values_and_pin_the_server(desk: Desk) -> None:
    district = desk.district()
    done = desk.choose(desk.browser(), desk.link(district))
    assert desk.server.keyring is not None
    pin = desk.server.keyring.fingerprints["ssh-ed25519"].removeprefix("SHA256:")
    shown = html.unescape(done.text)
    for text in (
        f'open sftp://{district}@127.0.0.1:2022/ -hostkey="ssh-ed25519 255 {pin}"',
        f"sftp -P 2022 -o UserKnownHostsFile=subgroups_known_hosts -o StrictHostKeyChecking=yes {district}@127.0.0.1",
        f"SshHostKeyFingerprint = 'ssh-ed25519 255 {pin}'",
        "Export-Clixml",
        "FileZilla",
    ):
        assert text in shown
    assert PASSWORD not in done.text


def test_a_public_key_in_place_of_a_password(desk: Desk) -> None:
    district = desk.district()
    path = desk.link(district)
    line = asyncssh.generate_private_key("ssh-ed25519", comment="data office").export_public_key().decode()
    done = send_form(desk.browser(), path, {"way": "key", "public_key": line})
    assert done.status_code == 200
    assert "Your key is in force now" in done.text
    assert "IdentitiesOnly=yes" in done.text
    assert account_keys(desk.portal.registry, district) == [line.strip()]
    assert password_on_record(desk.portal.registry, district) is None
    assert not desk.is_live(path)


@pytest.mark.parametrize(
    ("fields", "near", "words"),
    [
        ({"way": "password", "password": "short", "again": "short"}, "password-wrong", "15"),
        ({"way": "password", "password": PASSWORD, "again": PASSWORD + "?"}, "again-wrong", "differ"),
        ({"way": "password", "password": "", "again": ""}, "password-wrong", "15"),
        ({"way": "password"}, "password-wrong", "15"),
        ({"way": "key", "public_key": "no key"}, "key-wrong", "not a public key"),
        ({"way": "key", "public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}, "key-wrong", "private key"),
    ],
)
def test_what_is_refused_is_said_beside_its_field_and_keeps_the_link(
    desk: Desk, fields: dict[str, str], near: str, words: str
) -> None:
    district = desk.district()
    path = desk.link(district)
    refused = send_form(desk.browser(), path, fields)
    assert refused.status_code == 422
    assert words in refused.text.partition(f'id="{near}">')[2].partition("</p>")[0]
    assert desk.is_live(path)
    assert password_on_record(desk.portal.registry, district) is None
    assert account_keys(desk.portal.registry, district) == []


def test_a_password_is_suggested_and_taken(desk: Desk) -> None:
    path = desk.link(desk.district())
    browser = desk.browser()
    suggestions = {
        browser.get(path, params={"suggest": "1"}).text.partition('name="password" type="text" value="')[2][:29] for _ in "ab"
    }
    assert len(suggestions) == 2
    assert desk.choose(browser, path, suggestions.pop()).status_code == 200


def _dead_links(desk: Desk) -> dict[str, str]:
    used, replaced, over = (desk.link(desk.district()) for _ in range(3))
    assert desk.choose(desk.browser(), used).status_code == 200
    (district,) = {one.district_id for one in list_invitations(desk.portal.registry) if one.state == "live"} & {
        find_invitation(desk.portal.registry, replaced.rpartition("/")[2], peer="test")
    }
    desk.link(district)
    with desk.portal.registry.begin() as session:
        this = Invitation.token_sha256 == hashlib.sha256(over.rpartition("/")[2].encode()).hexdigest()
        session.execute(sa.update(Invitation).where(this).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    revoked_of = desk.district()
    revoked = desk.link(revoked_of)
    with desk.portal.registry.begin() as session:
        assert revoke_invitation(session, revoked_of, by="staff")
    unknown = "/setup/" + "x" * 43
    return {"used": used, "replaced": replaced, "over": over, "revoked": revoked, "unknown": unknown, "short": "/setup/x"}


def test_dead_links_are_the_same_to_the_last_byte(desk: Desk) -> None:
    answers = set()
    for path in _dead_links(desk).values():
        browser = desk.browser()
        for answer in (browser.get(path), browser.post(path, data=desk.form_of(path)), browser.get(path + "?suggest=1")):
            answers.add((answer.status_code, answer.content, tuple(sorted(answer.headers.keys()))))
    ((status, body, _),) = answers
    assert status == 404
    assert b"no longer good" in body
    assert b"help@vendor.example" in body


def test_dead_links_cost_the_same_work(desk: Desk) -> None:
    """What is asked of the registry is what takes the time; clocks on a busy machine differ by more than one statement."""
    asked: dict[str, tuple[list[str], list[str]]] = {}
    for name, path in _dead_links(desk).items():
        with statements() as of_get:
            assert desk.browser().get(path).status_code == 404
        with statements() as of_post:
            assert desk.browser().post(path, data=desk.form_of(path)).status_code == 404
        asked[name] = [said for said, _ in of_get], [said for said, _ in of_post]
    of_unknown = asked["unknown"]
    assert of_unknown[0]
    assert asked == dict.fromkeys(asked, of_unknown)


def test_of_fifty_forms_at_once_one_wins(desk: Desk) -> None:
    district = desk.district()
    path = desk.link(district)
    start = Barrier(50)

    def send(number: int) -> int:
        password = f"{PASSWORD} {number}"
        with desk.browser() as browser:
            start.wait(30)
            return browser.post(path, data=desk.form_of(path) | {"password": password, "again": password}).status_code

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))
    assert sorted(set(answers) - {429}) in ([200], [200, 404])
    assert answers.count(200) == 1
    kept = password_on_record(desk.portal.registry, district)
    assert kept is not None
    assert HASHER.verify(kept.password_hash, f"{PASSWORD} {answers.index(200)}")
    with pytest.raises(VerifyMismatchError):
        HASHER.verify(kept.password_hash, f"{PASSWORD} {answers.index(200) + 1}")


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({}, "0" * 64),
        ({}, "of another link"),
        ({"origin": "https://evil.example"}, "right"),
        ({"origin": "null"}, "right"),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, "right"),
        ({"sec-fetch-site": "cross-site"}, "right"),
        ({"sec-fetch-site": "same-site"}, "right"),
    ],
)
def test_a_form_that_the_page_did_not_give_is_refused(desk: Desk, headers: dict[str, str], token: str | None) -> None:
    path = desk.link(desk.district())
    other = desk.link(desk.district())
    form = desk.form_of(path)
    tokens = {"right": form["form_token"], "of another link": desk.form_of(other)["form_token"]}
    form = {name: value for name, value in form.items() if name != "form_token"}
    if token is not None:
        form["form_token"] = tokens.get(token, token)
    assert desk.browser(**headers).post(path, data=form).status_code == 403
    assert desk.is_live(path)


def test_links_never_begin_with_what_a_stranger_calls_us(desk: Desk) -> None:
    path = desk.link(desk.district())
    assert desk.browser(host="evil.example").get(path).status_code == 400
    assert "evil" not in desk.browser(**{"x-forwarded-host": "evil.example"}).get(path).text
    invited, _ = invite(desk.portal.registry, desk.portal.settings, desk.district(), by="staff")
    assert invited.url.startswith("http://127.0.0.1:8080/setup/")


def test_forms_on_one_link_are_slowed_and_never_use_it_up(desk: Desk) -> None:
    path = desk.link(desk.district())
    answers = [desk.choose(desk.browser(), path, "short").status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    assert desk.is_live(path)
    assert desk.browser().get(path).status_code == 200


def test_forms_from_one_address_are_slowed(desk: Desk) -> None:
    browser = desk.browser()
    links = [desk.link(desk.district()) for _ in range(11)]
    answers = [desk.choose(browser, path, "short").status_code for path in links]
    assert answers == [422] * 10 + [429]
    assert desk.choose(desk.browser(), links[-1]).status_code == 200


def test_no_link_and_no_password_is_in_any_log(desk: Desk) -> None:
    """The last test of this file: every link and password that the others used is looked for."""
    district = desk.district()
    path = desk.link(district)
    browser = desk.browser()
    desk.choose(browser, path, PASSWORD, "another one, and long")
    permit = permit_in(desk.choose(browser, path))
    browser.get("/connection/" + permit)
    browser.get(path)
    desk.sign_in(district, PASSWORD)
    desk.portal.registry.ping()
    home = desk.portal.settings.paths
    log = (home.logs / "subgroups.jsonl").read_text()
    assert '"invitation.used"' in log
    assert '"invitation.dead_link_tried"' in log
    with desk.portal.registry.begin() as session:
        audited = str([row._tuple() for row in session.execute(sa.select(AuditEvent.__table__))])
    assert "invitation.used" in audited
    files = [file for file in home.root.rglob("*") if file.is_file()]
    for secret in (desk.secrets - {"short"}) | {permit}:
        assert secret not in audited
        assert [file for file in files if secret.encode() in file.read_bytes()] == []
