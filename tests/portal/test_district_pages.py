"""Pages of a district: uploads with their error reports, what is published and what is to be done; and whose they are."""

from __future__ import annotations

import csv
import html

import sqlalchemy as sa

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.desk.connection import connection_of
from subgroup_pipeline.desk.settings_in_words import settings_in_words
from subgroup_pipeline.desk.upload_guide import template_csv, upload_guide
from subgroup_pipeline.desk.upload_texts import upload_texts
from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.guards import Guards
from subgroup_pipeline.districts.registered import RegisteredDistrict, registered_district
from subgroup_pipeline.landing.header import map_subgroup_header
from subgroup_pipeline.registry import decisions
from subgroup_pipeline.registry.ledger import get_delivery
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.settings import load_settings
from tests.portal.shown_district import Shown
from tests.support.portal import send_form


def test_the_overview_says_what_to_do_next(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        page = browser.get("/d/alder").text
    assert "An upload is on hold: a person looks at it." in page
    assert f"/d/alder/deliveries/{shown.subgroups}" in page
    assert "Nothing yet: no data of this district has been published." in page
    assert "no hour is agreed" not in page
    with shown.portal.of_district("birch") as browser:
        page = browser.get("/d/birch").text
    assert "An upload could not be used." in page
    assert "Upload your subgroup file." in page


def test_who_sees_no_deliveries_sees_what_is_published_and_no_more(shown: Shown) -> None:
    with shown.portal.browser(cookie=shown.portal.person("school@alder.example", Role.SCHOOL, "alder")) as browser:
        page = browser.get("/d/alder")
        assert page.status_code == 200
        assert "Nothing yet" in page.text
        assert shown.subgroups not in page.text
        assert "/deliveries" not in page.text
        assert browser.get("/d/alder/deliveries").status_code == 404
        assert browser.get(f"/d/alder/deliveries/{shown.roster}").status_code == 404


def test_uploads_are_listed_with_their_verdicts_and_pages_that_are_not_there_do_no_harm(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        for asked in ("", "?page=1", "?page=0", "?page=99999", "?page=-1", "?page=x", "?page=²", "?page=" + "9" * 40):
            page = browser.get(f"/d/alder/deliveries{asked}")
            assert page.status_code == 200
            assert page.text.count("Read it") == 2
            assert "On hold" in page.text
            assert "page 1 of" not in page.text


def test_an_error_report_is_a_page_and_four_files_and_each_look_is_noted(shown: Shown) -> None:
    address = f"/d/alder/deliveries/{shown.subgroups}"
    before = len(shown.events("report.read"))
    with shown.portal.of_district("alder") as browser:
        page = browser.get(address)
        assert "On hold: a person looks at it." in page.text
        assert "A value is not one of those that were agreed on" in page.text
        assert "unsafe-inline" not in page.headers["content-security-policy"]
        files = {form: browser.get(f"{address}/report.{form}") for form in ("html", "csv", "xlsx", "json")}
        assert {answer.status_code for answer in files.values()} == {200}
        assert all(answer.headers["content-disposition"].endswith(f'.{form}"') for form, answer in files.items())
        assert files["json"].json()["delivery_id"] == shown.subgroups
        assert files["xlsx"].content[:2] == b"PK"
        assert browser.get(f"{address}/report.exe").status_code == 404
    read = shown.events("report.read")[before:]
    assert [event.detail["form"] for event in read] == ["page", "html", "csv", "xlsx", "json"]
    assert {(event.actor, event.district_id, event.delivery_id) for event in read} == {
        ("data@alder.example", "alder", shown.subgroups)
    }


def test_a_delivery_of_another_district_is_not_there(shown: Shown) -> None:
    before = len(shown.events("report.read"))
    tried = [shown.of_birch, shown.of_birch.upper(), shown.roster[:-1], "none", "%20", "..%2f" + shown.of_birch]
    with shown.portal.of_district("alder") as browser, shown.portal.staff() as staff:
        for delivery_id in tried:
            for rest in ("", "/report.csv", "/report.json"):
                for who in (browser, staff):
                    answer = who.get(f"/d/alder/deliveries/{delivery_id}{rest}")
                    assert answer.status_code == 404
                    assert "canary-birch" not in answer.text
        assert browser.get(f"/d/birch/deliveries/{shown.of_birch}").status_code == 404
        assert staff.get("/d/nowhere").status_code == 404
        assert "canary-birch" in staff.get(f"/d/birch/deliveries/{shown.of_birch}").text
    assert len(shown.events("report.read")) == before + 1


def test_what_a_person_decided_is_said_with_the_reason_and_the_name_is_for_staff(shown: Shown) -> None:
    with shown.place.registry.begin() as session:
        decisions.replay(session, get_delivery(session, shown.of_birch), by="kim@vendor.example")
        delivery = get_delivery(session, shown.of_birch)
        decisions.reject(session, delivery, by="kim@vendor.example", reason="users.csv is of last year")
    address = f"/d/birch/deliveries/{shown.of_birch}"
    with shown.portal.of_district("birch") as browser, shown.portal.staff() as staff:
        said = browser.get(address).text
        assert "Not let through</strong>: users.csv is of last year" in said
        assert "kim@vendor.example" not in said
        assert "by kim@vendor.example" in staff.get(address).text


def test_settings_are_read_in_words_and_downloaded_as_they_were_applied(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        page = browser.get("/d/alder/settings").text
        text = browser.get("/d/alder/settings.yml")
    assert "by 02:00 every night" in page
    assert "sourcedId in users.csv of your roster" in page
    assert "English learner" in page
    assert "/staff/" not in page
    assert parse_district(text.text) == registered_district(shown.place.registry, "alder").settings
    assert text.headers["content-disposition"] == 'attachment; filename="alder.yml"'


def test_the_guide_is_made_from_the_districts_own_settings(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        page = html.unescape(browser.get("/d/alder/guide").text)
        template = browser.get("/d/alder/guide/template.csv")
    facts = connection_of(shown.place.settings, registered_district(shown.place.registry, "alder"))
    for said in (
        facts.host,
        str(facts.port),
        "alder",
        "inbox/roster",
        "inbox/subgroups",
        *(k.fingerprint for k in facts.host_keys),
    ):
        assert f"<code>{said}</code>" in page
    assert "enabledUser" in page
    texts = upload_texts()
    for said in (*texts.ways_in.values(), *texts.classlink, *texts.steps, *texts.habits.values()):
        assert said in page
    assert len(texts.habits) == 6
    assert template.text == "student_id,ell,sped\r\n00012345,y,y\r\n"


def test_a_template_is_a_file_that_the_district_may_send(shown: Shown) -> None:
    """Its header is one that landing maps without a word."""
    settings = registered_district(shown.place.registry, "alder").settings
    assert settings.subgroups is not None
    header, row = csv.reader((template_csv(settings) or "").splitlines())
    columns, findings = map_subgroup_header(header, settings.subgroups, "subgroups.csv")
    assert columns is not None
    assert findings == []
    assert row[0] == "00012345"


def test_a_district_without_a_subgroup_file_has_no_template_and_one_with_its_own_server_no_account() -> None:
    base = "district: oak\nname: Oak\ntimezone: UTC\n"
    server = "server: {host: sftp.oak.example, username: us, host_key: ssh-ed25519 AAAA, private_key: oak}\n"
    of_roster = "subgroups: {sources: [demographics], columns: {sex: {subgroup: gender, from: demographics.sex}}}\n"
    for text in (base, base + of_roster):
        assert template_csv(parse_district(text)) is None
    guide = upload_guide(load_settings(), RegisteredDistrict(parse_district(base + server + of_roster), 1))
    assert guide.connection is None
    assert guide.subgroup_file is None
    assert [column.subgroup for column in guide.columns_of_the_roster] == ["Gender"]
    assert not any(file.may_be_left_out for file in guide.roster_files)


def test_every_guard_is_said_in_words() -> None:
    """A new guard is refused here until it has its words."""
    settings = parse_district(
        "district: oak\nname: Oak\ntimezone: UTC\nguards: {seasons: [{from: 2027-06-01, to: 2027-08-15}]}\n"
    )
    said = len(settings_in_words(settings)[-1].settings) - 1
    elsewhere = {"first_delivery"}
    assert said == len(Guards.model_fields.keys() - elsewhere)


def test_new_columns_show_their_codes_and_never_names(shown: Shown) -> None:
    with shown.portal.of_district("alder") as browser:
        page = browser.get("/d/alder/columns").text
    assert "Tell us about gifted" in page
    assert "<code>Y</code>" in page
    assert "Tell us about first_name" not in page
    assert "we do not ask about them: first_name." in page
    assert "Name3" not in page
    assert '<option value="gifted" selected>' in page


def test_what_a_column_means_is_written_down_and_mailed_to_staff_without_a_cell(shown: Shown) -> None:
    path = "/d/alder/columns"
    form = {"delivery_id": shown.subgroups, "number": "0", "subgroup": "gifted", "meaning": "Since\n grade 3", "value0": "yes"}
    with shown.portal.of_district("alder") as browser:
        assert send_form(browser, path, form).status_code == 303
        page = browser.get(path).text
        assert "You told us about it" in page
        assert "by data@alder.example" in page
        refused = send_form(browser, path, form | {"subgroup": "", "meaning": " "})
        assert refused.status_code == 400
        assert "in your own words" in refused.text
        kept = send_form(browser, path, form | {"subgroup": "no_such", "meaning": "what <i>I</i> typed"})
        assert "what &lt;i&gt;I&lt;/i&gt; typed" in kept.text
        assert send_form(browser, path, form | {"meaning": "x" * 501}).status_code == 400
        assert send_form(browser, path, form | {"value0": "perhaps"}).status_code == 400
        for number in ("1", "2", "-1", "x", "9" * 30):
            assert send_form(browser, path, form | {"number": number}).status_code == 404
        send_form(browser, path, form | {"delivery_id": shown.roster})
        assert "A newer file has come meanwhile" in browser.get(path).text
    (event,) = shown.events("district.column_told")
    assert (event.actor, event.district_id) == ("data@alder.example", "alder")
    values = {"Y": "yes", "N": "unsure"}
    assert event.detail == {"column": "gifted", "subgroup": "gifted", "meaning": "Since grade 3", "values": values}
    with shown.place.registry.begin() as session:
        (mail,) = session.scalars(sa.select(Mail).filter_by(kind="column_told")).all()
    assert (mail.recipient, mail.district_id) == ("staff@vendor.example", "alder")
    assert "gifted" in mail.text
    assert "/d/alder/columns" in mail.text
    assert "grade 3" not in mail.text
