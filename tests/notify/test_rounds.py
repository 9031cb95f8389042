"""The rounds of mail: what changed, what did not come and what failed is told, whoever changed it, and goes out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncssh
import sqlalchemy as sa

from subgroup_pipeline.access.passwords import remove_password, set_password
from subgroup_pipeline.districts.district_keys import authorize_keys, change_key
from subgroup_pipeline.notify.changes import queue_changes
from subgroup_pipeline.notify.late_feeds import queue_late_feeds
from subgroup_pipeline.notify.rounds import MailRounds
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.nights import note_ended, note_failed
from subgroup_pipeline.registry.schema import District, Mail
from subgroup_pipeline.settings import Settings, load_settings
from tests.notify.conftest import STAFF
from tests.registry.deliveries import register
from tests.support import roster_server
from tests.support.home import apply
from tests.support.mail_server import mail_server
from tests.support.waiting import waited

ALPHA = ["data@alpha.example", "it@alpha.example"]


def _mails(registry: Registry) -> list[Mail]:
    with registry.begin() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.mail_id)))


def _hour_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_every_change_of_a_credential_is_told_to_all_contacts_at_once(registry: Registry, settings: Settings) -> None:
    line = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    (key,) = authorize_keys(registry, [("alpha", line)], actor="command line")
    change_key(registry, "alpha", key.fingerprint, "paused", actor="command line")
    change_key(registry, "alpha", key.fingerprint, "revoked", actor="command line")
    with registry.begin() as session:
        set_password(session, "beta", "correct horse battery staple", by="set-up link")
    remove_password(registry, "beta", actor=STAFF)
    assert queue_changes(registry, settings, _hour_ago()) == 3 * 2 + 2
    assert queue_changes(registry, settings, _hour_ago()) == 0
    mails = _mails(registry)
    assert [mail.subject for mail in mails if mail.recipient == ALPHA[1]] == [
        "Made-up alpha: an SSH key was added",
        "Made-up alpha: an SSH key was paused",
        "Made-up alpha: an SSH key was removed",
    ]
    assert {key.fingerprint in mail.text for mail in mails if mail.recipient in ALPHA} == {True}
    of_beta = [mail for mail in mails if mail.recipient == "data@beta.example"]
    assert [mail.subject for mail in of_beta] == ["Made-up beta: a password was set", "Made-up beta: the password was removed"]
    assert {mail.state for mail in of_beta} == {"queued"}, "security mail is in no digest"
    assert not [mail for mail in mails if "correct horse" in mail.text + mail.html]
    assert STAFF in of_beta[1].text


def test_a_night_that_failed_is_told_to_staff_once_however_often_it_was_tried(registry: Registry, settings: Settings) -> None:
    note_ended(registry, "run1", "published")
    note_failed(registry, "run2", "the disk is full")
    note_failed(registry, "run3", "the disk is full")
    assert queue_changes(registry, settings, _hour_ago()) == 1
    assert queue_changes(registry, settings, _hour_ago()) == 0
    (mail,) = _mails(registry)
    assert (mail.kind, mail.recipient) == ("night_failed", STAFF)
    assert "the disk is full" in mail.text


def test_nothing_arrived_is_told_when_it_is_late_and_once_more_when_it_stays_so(registry: Registry, settings: Settings) -> None:
    set_up = datetime(2026, 10, 1, 15, 0, tzinfo=UTC)
    with registry.begin() as session:
        for district in session.scalars(sa.select(District)):
            district.created_at = set_up
        delivery, _ = register(session, "beta came")
        delivery.district_id, delivery.received_at = "beta", datetime(2026, 10, 5, 6, 0, tzinfo=UTC)
    # Uploads are expected at 02:00 in Chicago (07:00 UTC); two hours later they are late.
    late = datetime(2026, 10, 2, 15, 5, tzinfo=UTC)
    said = [queue_late_feeds(registry, settings, late + timedelta(hours=hours)) for hours in (-7, 0, 1, 24, 48, 72)]
    assert said == [0, 0, 0, 3, 0, 3]
    mails = [mail for mail in _mails(registry) if mail.district_id == "alpha"]
    assert [mail.recipient for mail in mails] == [*ALPHA, STAFF] * 2
    assert "None has come since the district was set up on October 1, 2026 at 10:00 AM CDT." in mails[0].text
    assert "in each of the last 3 nights" in mails[-1].text


def test_a_roster_that_could_not_be_fetched_is_nothing_to_upload(registry: Registry, settings: Settings) -> None:
    yaml = roster_server.settings("alpha", "https://alpha.example/ims/oneroster/v1p1")
    apply(registry, yaml + "schedule: '02:00'\ncontacts: [data@alpha.example]\n")
    with registry.begin() as session:
        for district in session.scalars(sa.select(District)):
            district.created_at = datetime(2026, 10, 1, 15, 0, tzinfo=UTC)
    queue_late_feeds(registry, settings, datetime(2026, 10, 3, 15, 5, tzinfo=UTC))
    (mail,) = [mail for mail in _mails(registry) if mail.recipient == ALPHA[0]]
    assert mail.subject == "Made-up alpha: the roster could not be fetched"
    assert "https://subgroups.vendor.example/d/alpha/roster" in mail.text
    assert "upload" not in mail.text


def test_a_round_queues_and_sends_and_stops_when_it_is_told_to(registry: Registry) -> None:
    note_failed(registry, "run", "made up")
    with mail_server() as server:
        settings = load_settings(
            smtp_url=f"smtp://127.0.0.1:{server.port}", mail_from="no-reply@vendor.example", staff_mail=STAFF
        )

        async def go() -> None:
            rounds = MailRounds(settings, registry)
            rounds.start()
            await asyncio.to_thread(waited, lambda: bool(server.came), 10)
            await rounds.stop()

        asyncio.run(go())
    assert server.recipients_of == [STAFF]
    (mail,) = _mails(registry)
    assert mail.state == "sent"
