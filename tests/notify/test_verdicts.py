"""What a night has to say by mail: to whom, once, and nothing where nothing is new."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import sqlalchemy as sa

from subgroup_pipeline.findings.finding import Finding
from subgroup_pipeline.notify.digest import queue_digests
from subgroup_pipeline.notify.verdicts import queue_verdicts, queue_verdicts_or_log
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.decisions import approve, reject
from subgroup_pipeline.registry.findings import store_findings
from subgroup_pipeline.registry.ledger import Feed, Verdict, advance, get_delivery
from subgroup_pipeline.registry.nights import note_ended
from subgroup_pipeline.registry.schema import District, DistrictSettingsVersion, Mail
from subgroup_pipeline.settings import Settings
from tests.notify.conftest import STAFF
from tests.registry.deliveries import register
from tests.support.registry_statements import statements

NOW = datetime(2026, 10, 2, 9, 0, tzinfo=UTC)
ALPHA = ["data@alpha.example", "it@alpha.example"]
_CONTENTS = count()


def _night(
    registry: Registry, verdict: Verdict, *codes: str, district: str = "alpha", feed: Feed = "roster", column: str | None = None
) -> str:
    """A delivery that a night judged, in the state where the night leaves it; gives its id."""
    with registry.begin() as session:
        delivery, _ = register(session, f"content{next(_CONTENTS)}", district=district, feed=feed)
        findings = [Finding(code, file="users.csv", count=3, column=column) for code in codes]
        store_findings(session, "checks", district, delivery.delivery_id, findings)
        session.flush()
        advance(session, delivery, "screened")
        advance(session, delivery, "landed")
        advance(session, delivery, "accepted" if verdict.startswith("accepted") else verdict, verdict=verdict)  # type: ignore[arg-type]
        if delivery.state == "accepted":
            advance(session, delivery, "published")
        return delivery.delivery_id


def _told(registry: Registry, settings: Settings) -> list[tuple[str, str]]:
    """Queue the mail of a night that ends; gives kind and recipient of what is new."""
    with registry.begin() as session:
        before = session.scalar(sa.select(sa.func.max(Mail.mail_id))) or 0
    note_ended(registry, f"run{next(_CONTENTS)}", "published")
    new = queue_verdicts(registry, settings, NOW)
    assert queue_verdicts(registry, settings, NOW) == 0, "a night that is repeated says nothing again"
    with registry.begin() as session:
        mails = session.scalars(sa.select(Mail).where(Mail.mail_id > before).order_by(Mail.mail_id)).all()
    assert len(mails) == new
    return [(mail.kind, mail.recipient) for mail in mails]


def _newest(registry: Registry, recipient: str) -> Mail:
    with registry.begin() as session:
        found = session.scalar(sa.select(Mail).filter_by(recipient=recipient).order_by(Mail.mail_id.desc()).limit(1))
    assert found is not None
    return found


def test_a_first_upload_is_told_to_staff_and_to_the_district(registry: Registry, settings: Settings) -> None:
    delivery_id = _night(registry, "accepted")
    assert _told(registry, settings) == [
        ("first_upload_good", ALPHA[0]), ("first_upload_good", ALPHA[1]), ("first_upload", STAFF),
    ]  # fmt: skip
    mail = _newest(registry, ALPHA[0])
    assert mail.subject == "Your first roster arrived and is fine"
    assert f"https://subgroups.vendor.example/d/alpha/deliveries/{delivery_id}" in mail.text
    _night(registry, "accepted")
    assert _told(registry, settings) == [], "what is as fine as the one before is what everybody expects"


def test_what_is_wrong_is_told_in_counts_once_and_then_that_it_is_fine_again(registry: Registry, settings: Settings) -> None:
    _night(registry, "accepted")
    _told(registry, settings)
    _night(registry, "accepted_with_rows_set_aside", "KEY003", "KEY003", column="userIds")
    assert _told(registry, settings) == [("error_report", address) for address in ALPHA]
    mail = _newest(registry, ALPHA[0])
    assert "roster is used, and some rows were left out" in mail.subject
    assert "- Rows left out: 2" in mail.text
    _night(registry, "accepted_with_rows_set_aside", "KEY003", column="userIds")
    assert _told(registry, settings) == [], "the same problems in the same columns"
    _night(registry, "accepted_with_rows_set_aside", "KEY003", column="username")
    assert _told(registry, settings) == [("error_report", address) for address in ALPHA], "another column is another problem"
    _night(registry, "accepted")
    assert _told(registry, settings) == [("recovered", address) for address in ALPHA]
    assert _newest(registry, ALPHA[0]).subject == "Made-up alpha: your roster is fine again"


def test_a_held_delivery_and_what_a_person_decided(registry: Registry, settings: Settings) -> None:
    _night(registry, "accepted")
    _told(registry, settings)
    held = _night(registry, "held", "VOL301")
    assert _told(registry, settings) == [("held", ALPHA[0]), ("held", ALPHA[1]), ("held_for_staff", STAFF)]
    assert f"/staff/held/{held}" in _newest(registry, STAFF).text
    assert "a person of ours looks at it before it is used" in _newest(registry, ALPHA[0]).text
    with registry.begin() as session:
        approve(session, get_delivery(session, held), by="staff@vendor.example", reason="made up: Jane Doe moved")
    assert _told(registry, settings) == [("recovered", address) for address in ALPHA]
    mail = _newest(registry, ALPHA[0])
    assert "let through" in mail.subject
    assert "Jane Doe" not in mail.text, "a reason is free text, and stays in the portal"
    with registry.begin() as session:
        reject(session, get_delivery(session, held), by="staff@vendor.example", reason="after all not")
    assert ("error_report", ALPHA[0]) in _told(registry, settings)
    assert "decided not to use it" in _newest(registry, ALPHA[0]).text


def test_three_rejected_in_a_row_are_told_to_staff_once(registry: Registry, settings: Settings) -> None:
    _night(registry, "accepted")
    _told(registry, settings)
    said = []
    for _ in range(5):
        _night(registry, "rejected", "ENC001")
        said.append(_told(registry, settings))
    assert said == [[("error_report", address) for address in ALPHA], [], [("rejected_in_a_row", STAFF)], [], []]


def test_a_first_subgroup_file_that_waits_for_a_roster(registry: Registry, settings: Settings) -> None:
    with registry.begin() as session:
        delivery, _ = register(session, "waits", feed="subgroups")
        advance(session, delivery, "screened")
        advance(session, delivery, "landed")
    assert _told(registry, settings) == [("error_report", ALPHA[0]), ("error_report", ALPHA[1]), ("first_upload", STAFF)]
    assert "waits for your roster" in _newest(registry, ALPHA[0]).subject
    assert "It waits for the roster." in _newest(registry, STAFF).text


def test_a_night_that_was_killed_is_told_by_the_next(registry: Registry, settings: Settings) -> None:
    _night(registry, "accepted")
    note_ended(registry, "a night that could not queue", "published")
    assert len(_told(registry, settings)) == 3


def test_mail_that_cannot_be_queued_stops_no_night(registry: Registry, settings: Settings) -> None:
    _night(registry, "accepted")
    with registry.begin() as session:
        session.execute(sa.text("alter table mail rename to mail_away"))
    assert queue_verdicts_or_log(registry, settings, NOW) == 0
    with registry.begin() as session:
        session.execute(sa.text("alter table mail_away rename to mail"))
    assert len(_told(registry, settings)) == 3


def test_one_digest_a_day_tells_all_and_repeats_too(registry: Registry, settings: Settings) -> None:
    for verdict in ("accepted", "rejected", "rejected"):
        _night(registry, verdict, *(["ENC001"] if verdict == "rejected" else []), district="beta")
        _told(registry, settings)
    with registry.begin() as session:
        collected = session.scalars(sa.select(Mail).filter_by(recipient="data@beta.example")).all()
    due = datetime(2026, 10, 2, 12, 0, tzinfo=UTC)
    assert {(mail.state, mail.due_at) for mail in collected} == {("collected", due)}, "07:00 in Chicago"
    assert queue_digests(registry, settings, due - timedelta(seconds=1)) == 0
    assert queue_digests(registry, settings, due) == 1
    assert queue_digests(registry, settings, due) == 0
    mail = _newest(registry, "data@beta.example")
    assert (mail.kind, mail.state) == ("digest", "queued")
    assert "- Your first roster arrived and is fine" in mail.text
    assert "- Made-up beta: your roster was not used (as the one before)" in mail.text
    assert mail.html.count("<li>") == 3


def test_a_mail_is_queued_in_two_statements_however_many_deliveries_there_are(registry: Registry, settings: Settings) -> None:
    names = [f"district{number:03}" for number in range(100)]
    document = {"name": "Made-up", "timezone": "America/Chicago", "contacts": ["data@district.example"]}
    with registry.begin() as session:
        session.add_all(District(district_id=name, name=name, settings_version=1, created_at=NOW) for name in names)
        session.flush()
        session.add_all(
            DistrictSettingsVersion(district_id=name, version=1, document=document, yaml_text="", applied_at=NOW)
            for name in names
        )
        for name in names:
            delivery, _ = register(session, f"content of {name}", district=name)
            advance(session, delivery, "rejected", verdict="rejected")
    note_ended(registry, "run", "published")
    with statements() as said:
        assert queue_verdicts(registry, settings, NOW) == 200
    assert len(said) < 2 * 200 + 20


def test_a_fetched_roster_is_put_right_in_the_districts_own_system(registry: Registry, settings: Settings) -> None:
    verdicts: tuple[Verdict, ...] = ("rejected", "held")
    for verdict in verdicts:
        delivery_id = _night(registry, verdict, "VOC203")
        with registry.begin() as session:
            get_delivery(session, delivery_id).proof = "complete_listing"
        _told(registry, settings)
        mail = _newest(registry, ALPHA[0])
        assert "in your system" in mail.text
        assert "upload" not in mail.text.casefold().replace(settings.portal_url, "")
