"""The queue of mail: words of a kind, once for each key and address, in the transaction of what they tell of."""

from __future__ import annotations

from datetime import UTC, datetime

import jinja2
import pytest
import sqlalchemy as sa

from subgroup_pipeline.notify.queue import queue_mail
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import Mail

URL = "http://127.0.0.1:8080/setup/made-up-token"
INVITATION = {
    "kind": "invitation",
    "url": URL,
    "expires_at": datetime(2026, 12, 1, 18, 0, tzinfo=UTC),
    "zone": "America/Chicago",
    "district_name": "Made-up alpha",
    "host": "sftp.vendor.example",
    "port": 2022,
    "uploads": True,
    "is_fetched": False,
}


def _queue(registry: Registry, *to: str, key: str = "invitation:1", **changed: object) -> int:
    with registry.begin() as session:
        return queue_mail(session, key=key, to=to, district_id="alpha", **(INVITATION | changed))  # type: ignore[arg-type]


def _mails(registry: Registry) -> list[Mail]:
    with registry.begin() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.mail_id)))


def test_a_mail_says_the_same_in_text_and_in_html(registry: Registry) -> None:
    assert _queue(registry, "data@alpha.example") == 1
    (mail,) = _mails(registry)
    assert (mail.state, mail.tries, mail.recipient, mail.subject) == (
        "queued", 0, "data@alpha.example", "Set up the uploads of Made-up alpha",
    )  # fmt: skip
    assert mail.due_at == mail.queued_at
    for words in (URL, "December 1, 2026 at 12:00 PM CST", "sftp.vendor.example", "2022", "User name: alpha"):
        assert words in mail.text
        assert words in mail.html
    assert f'<a href="{URL}"' in mail.html
    assert "<li>Port: 2022</li>" in mail.html


def test_who_uploads_nothing_is_invited_to_no_upload(registry: Registry) -> None:
    assert _queue(registry, "data@alpha.example", uploads=False, is_fetched=True) == 1
    (mail,) = _mails(registry)
    assert mail.subject == "Set up Made-up alpha"
    assert "We can now fetch the roster of Made-up alpha every night." in mail.text
    assert not [word for word in ("upload", "password", "sftp.vendor.example", "User name") if word in mail.text]


def test_one_mail_per_key_and_address_ever(registry: Registry) -> None:
    assert _queue(registry, "data@alpha.example", "it@alpha.example", "DATA@alpha.example ") == 2
    assert _queue(registry, "data@alpha.example", "late@alpha.example") == 1
    assert _queue(registry, "data@alpha.example", key="invitation:2") == 1
    assert _queue(registry) == 0
    assert len(_mails(registry)) == 4


def test_a_mail_goes_with_the_transaction_it_was_queued_in(registry: Registry) -> None:
    with registry.begin() as session:
        queue_mail(session, key="k", to=["data@alpha.example"], district_id="alpha", **INVITATION)  # type: ignore[arg-type]
        session.rollback()
    assert _mails(registry) == []


def test_a_value_adds_no_header_no_paragraph_and_no_markup(registry: Registry) -> None:
    name = "Alpha\r\nBcc: all@evil.example\r\n\r\nhttps://evil.example/\n<script>alert(1)</script>"
    _queue(registry, "data@alpha.example\r\nBcc: all@evil.example", district_name=name)
    (mail,) = _mails(registry)
    assert mail.subject == "Set up the uploads of Alpha Bcc: all@evil.example https://evil.example/ <script>alert(1)</script>"
    assert "\n" not in mail.recipient
    assert "\r" not in mail.text
    assert not [line for line in mail.text.splitlines() if line.startswith(("Bcc", "https://evil"))]
    assert "<script>" not in mail.html
    assert 'href="https://evil' not in mail.html


def test_a_template_names_what_it_needs(registry: Registry) -> None:
    with pytest.raises(jinja2.UndefinedError, match="url"):
        _queue(registry, "a@b.example", url=jinja2.StrictUndefined(name="url"))
