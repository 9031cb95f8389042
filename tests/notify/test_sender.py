"""Sending: once under two senders, again after what passes, never after what does not; over a real SMTP server."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.notify.outgoing import LEASE, PAUSES, claim, queue_again
from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.notify.sender import Sender
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.settings import Settings, load_settings
from tests.support.mail_server import PASSWORD, USER, mail_server, own_certificate

URL = "https://subgroups.example/sign-in/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(seconds=1)

    def __call__(self) -> datetime:
        return self.now


def _settings(port: int, scheme: str = "smtp", **more: str) -> Settings:
    return load_settings(
        smtp_url=f"{scheme}://127.0.0.1:{port}", mail_from="no-reply@vendor.example", contact_name="The Roster Team", **more
    )


def _queue(registry: Registry, *to: str, key: str = "link:1") -> None:
    with registry.begin() as session:
        expires = datetime(2026, 12, 1, tzinfo=UTC)
        queue_mail(
            session, kind="sign_in_link", key=key, to=to, district_id="alpha", url=URL, expires_at=expires, zone="America/Chicago"
        )


def _mails(registry: Registry) -> list[Mail]:
    with registry.begin() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.mail_id)))


def _send(settings: Settings, registry: Registry, clock: Clock, *, answer_seconds: float = 5.0) -> int:
    return asyncio.run(Sender(settings, registry, clock=clock, answer_seconds=answer_seconds).send_due())


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_arrives_as_it_was_written_and_its_link_leaves_the_registry(registry: Registry) -> None:
    _queue(registry, "data@alpha.example")
    with mail_server() as server:
        assert _send(_settings(server.port, contact_mail="help@vendor.example"), registry, Clock()) == 1
    (message,) = server.came
    assert message["From"] == "The Roster Team <no-reply@vendor.example>"
    assert (message["To"], message["Reply-To"]) == ("data@alpha.example", "help@vendor.example")
    assert message["Subject"] == "Your link to sign in"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"]
    assert message["Message-ID"].endswith("@vendor.example>")
    for form in ("plain", "html"):
        body = message.get_body((form,))
        assert body is not None
        assert URL in body.get_content()
    (mail,) = _mails(registry)
    assert (mail.state, mail.tries, mail.failure) == ("sent", 1, None)
    assert mail.sent_at is not None
    assert URL not in mail.text + mail.html
    assert "/sign-in/removed-after-sending" in mail.text
    assert "/sign-in/removed-after-sending" in mail.html


def test_two_senders_side_by_side_deliver_each_mail_once_over_one_connection_each(registry: Registry) -> None:
    everybody = [f"person{number}@alpha.example" for number in range(20)]
    _queue(registry, *everybody)
    clock = Clock()
    with mail_server() as server:
        settings = _settings(server.port)

        async def both() -> list[int]:
            return await asyncio.gather(*(Sender(settings, registry, clock=clock).send_due() for _ in range(2)))

        counts = asyncio.run(both())
    assert sum(counts) == 20
    assert sorted(server.recipients_of) == sorted(everybody)
    assert {mail.state for mail in _mails(registry)} == {"sent"}


def test_a_server_that_is_down_for_a_day_loses_nothing(registry: Registry) -> None:
    _queue(registry, "data@alpha.example", "it@alpha.example")
    clock, port = Clock(), _closed_port()
    began = clock.now
    while clock.now - began < timedelta(hours=24):
        assert _send(_settings(port), registry, clock) == 0
        mails = _mails(registry)
        assert {mail.state for mail in mails} == {"queued"}
        assert f"127.0.0.1 port {port}" in str(mails[0].failure)
        assert _send(_settings(port), registry, clock) == 0
        assert _mails(registry)[0].tries == mails[0].tries, "it waits for its time"
        clock.now = mails[0].due_at
    assert 8 <= mails[0].tries <= len(PAUSES)
    with mail_server(port) as server:
        assert _send(_settings(port), registry, clock) == 2
    assert len(server.came) == 2


def test_after_the_last_try_a_mail_fails_in_words_and_can_be_queued_again(registry: Registry) -> None:
    _queue(registry, "data@alpha.example")
    clock, port = Clock(), _closed_port()
    for _ in range(len(PAUSES) + 1):
        _send(_settings(port), registry, clock)
        clock.now = _mails(registry)[0].due_at
    (mail,) = _mails(registry)
    assert mail.state == "failed"
    assert "Given up after 10 tries in 28 hours. 127.0.0.1 port" in str(mail.failure)
    with registry.begin() as session:
        assert queue_again(session, clock.now) == [mail.mail_id]
    with mail_server(port) as server:
        assert _send(_settings(port), registry, clock) == 1
    assert len(server.came) == 1


def test_who_is_refused_for_good_fails_at_once_and_who_is_greylisted_later_arrives(registry: Registry) -> None:
    _queue(registry, "gone@alpha.example", "grey@alpha.example", "good@alpha.example")
    clock = Clock()
    with mail_server() as server:
        settings = _settings(server.port)
        server.recipients = {"gone@alpha.example": "550 no such user", "grey@alpha.example": "451 come back later"}
        assert _send(settings, registry, clock) == 1
        states = {mail.recipient: mail for mail in _mails(registry)}
        assert states["gone@alpha.example"].state == "failed"
        assert states["gone@alpha.example"].failure == "the server refused the recipient (550 no such user)."
        assert (states["grey@alpha.example"].state, states["grey@alpha.example"].tries) == ("queued", 1)
        assert server.connections == 1
        server.recipients.clear()
        clock.now += PAUSES[0]
        assert _send(settings, registry, clock) == 1
    assert server.recipients_of == ["good@alpha.example", "grey@alpha.example"]


@pytest.mark.parametrize(("reply", "state"), [("554 not with us", "failed"), ("452 the disk is full", "queued")])
def test_a_mail_that_is_refused_as_a_whole(registry: Registry, reply: str, state: str) -> None:
    _queue(registry, "data@alpha.example")
    with mail_server() as server:
        server.data = reply
        assert _send(_settings(server.port), registry, Clock()) == 0
    (mail,) = _mails(registry)
    assert (mail.state, mail.failure) == (state, f"the server said ({reply}).")


def test_a_server_that_does_not_answer_is_left_and_tried_again(registry: Registry) -> None:
    _queue(registry, "data@alpha.example", "it@alpha.example")
    clock = Clock()
    with mail_server() as server:
        server.is_silent = True
        assert _send(_settings(server.port), registry, clock, answer_seconds=0.2) == 0
        first, second = _mails(registry)
        assert (first.state, first.failure) == ("queued", "the server did not answer in time.")
        assert (second.state, second.tries) == ("queued", 0), "a batch ends with its connection"
        server.is_silent = False
        clock.now += PAUSES[0]
        assert _send(_settings(server.port), registry, clock) == 2


def test_a_mail_whose_sender_died_goes_again_with_the_same_message_id(registry: Registry) -> None:
    _queue(registry, "data@alpha.example")
    clock = Clock()
    with mail_server() as server:
        settings = _settings(server.port)
        mail = claim(registry, _mails(registry)[0].mail_id, clock.now)
        assert mail is not None
        assert claim(registry, mail.mail_id, clock.now) is None
        assert _send(settings, registry, clock) == 0
        clock.now += LEASE
        assert _send(settings, registry, clock) == 1
        with registry.begin() as session:
            again = session.get_one(Mail, mail.mail_id)
            again.state, again.due_at = "sending", clock.now  # as after a crash between the 250 and the commit
        assert _send(settings, registry, clock) == 1
    assert server.came[0]["Message-ID"] == server.came[1]["Message-ID"]


def test_starttls_with_a_user_and_a_certificate_that_is_checked(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _queue(registry, "data@alpha.example")
    certificate, context = own_certificate(tmp_path)
    clock = Clock()
    with mail_server(tls=context, has_users=True) as server:

        def settings(password: str) -> Settings:
            url = f"smtp+starttls://{USER}:{quote(password, safe='')}@127.0.0.1:{server.port}"
            return load_settings(smtp_url=url, mail_from="no-reply@vendor.example")

        assert _send(settings(PASSWORD), registry, clock) == 0
        assert "certificate is not trusted" in str(_mails(registry)[0].failure)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        clock.now += PAUSES[0]
        assert _send(settings("wrong-secret"), registry, clock) == 0
        failure = str(_mails(registry)[0].failure)
        assert "refused the user or the password of SUBGROUPS_SMTP_URL (535)" in failure
        assert "wrong-secret" not in failure
        clock.now += PAUSES[1]
        assert _send(settings(PASSWORD), registry, clock) == 1
    assert len(server.came) == 1


def test_a_server_that_offers_no_tls_gets_no_mail_and_no_password(registry: Registry) -> None:
    _queue(registry, "data@alpha.example")
    with mail_server() as server:
        assert _send(_settings(server.port, "smtp+starttls"), registry, Clock()) == 0
    assert server.came == []
    assert _mails(registry)[0].state == "queued"


def test_without_a_server_mail_is_kept(registry: Registry) -> None:
    _queue(registry, "data@alpha.example")
    assert _send(load_settings(), registry, Clock()) == 0
    (mail,) = _mails(registry)
    assert (mail.state, mail.tries) == ("queued", 0)
    assert URL in mail.text


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mail.example.com", "write smtp\\+starttls://"),
        ("http://mail.example.com", "write smtp\\+starttls://"),
        ("smtp+starttls://user@mail.example.com", "a user needs a password"),
        ("smtp://user:s3cret@mail.example.com", "does not go over the network without encryption"),
        ("smtp+starttls://user:s3cret@mail.example.com:port", "write smtp\\+starttls://"),
        ("smtps://user:s3cret@mail.example.com/inbox", "write smtp\\+starttls://"),
    ],
)
def test_an_address_that_no_mail_can_go_by_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        load_settings(smtp_url=url)
    assert "s3cret" not in str(refused.value)


def test_mail_server_of_a_url() -> None:
    server = load_settings(smtp_url="smtp+starttls://me:p%40ss@mail.example.com").smtp_server
    assert server is not None
    assert (server.host, server.port, server.security, server.user, server.password) == (
        "mail.example.com", 587, "starttls", "me", "p@ss",
    )  # fmt: skip
    assert "p@ss" not in repr(server)
