"""`/d/<id>/roster/keys`: metadata keys of a roster in use or of a live sample, and reading some of them as subgroups."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from subgroup_pipeline.districts.registered import registered_district
from subgroup_pipeline.registry.schema import AuditEvent
from tests.oneroster_server.server import OneRosterServer, serving
from tests.portal.test_district_roster import events, words
from tests.support import small_district as small
from tests.support.editions import as_1p2
from tests.support.installation import zip_of
from tests.support.portal import PortalUnderTest, portal_running, send_form
from tests.support.roster_server import FetchedHome, fetched_home

NO_SUBGROUPS = re.sub(r"subgroups:\n(  .*\n)+", "", small.SETTINGS)


@pytest.fixture(scope="module")
def server() -> Iterator[OneRosterServer]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, server: OneRosterServer) -> Iterator[FetchedHome]:
    home = fetched_home(tmp_path_factory.mktemp("keys") / "home", server)
    yield home
    home.close()


@pytest.fixture(scope="module")
def portal(home: FetchedHome) -> Iterator[PortalUnderTest]:
    with portal_running(home.settings, home.registry) as portal:
        yield portal


def roster(students: int = 40) -> dict[str, str]:
    """Of users: `ELL` of everybody, `edu.special_education` of every other one, an ID of everybody, and of a teacher a key alone.

    Of demographics: `homeLang`, open.
    """
    made = small.made_roster(students)
    for n, user in enumerate(made.rows["users"]):
        user["metadata.ELL"] = "Y" if n % 4 == 0 else "N"
        user["metadata.edu.special_education"] = "Y" if n % 2 == 0 else ""
        user["metadata.SDS_State_ID"] = f"9{n:05}"
    teacher = dict.fromkeys(made.rows["users"][0], "") | {"metadata.ELL": "T", "sourcedId": "t1", "role": "teacher"}
    made.rows["users"].append(teacher | {"enabledUser": "true", "orgSourcedIds": "school0", "username": "t", "givenName": "T"})
    made.rows["users"][-1]["familyName"] = "T"
    made.rows["demographics"] = [
        {"sourcedId": user["sourcedId"], "metadata.homeLang": ("Spanish", "Hmong", "English")[n % 3]}
        for n, user in enumerate(made.rows["users"][:students])
    ]
    return made.texts()


def fields_of(page: httpx.Response) -> dict[str, str]:
    """What the form of the page sends when nobody changes anything."""
    form = page.text.partition("/roster/keys/look")[2].partition("</form>")[0]
    found = dict(re.findall(r'<input type="hidden" name="(column\.\d+)" value="([^"]*)"', form))
    for number, chosen in re.findall(r'name="(subgroup\.\d+)"(.*?)</select>', form, re.DOTALL):
        found[number] = (re.findall(r'<option value="([^"]*)" selected', chosen) or [""])[0]
    found |= {
        name: html.unescape(text)
        for name, text in re.findall(r'<textarea[^>]*name="(values\.\d+)"[^>]*>(.*?)</textarea>', form, re.DOTALL)
    }
    found |= dict.fromkeys(re.findall(r'name="(open\.\d+)" value="1" checked', form), "1")
    return {name: html.unescape(value) for name, value in found.items()}


def settings_events(home: FetchedHome, district: str) -> list[AuditEvent]:
    return [event for event in events(home, district) if event.kind == "district.settings_applied"]


def test_keys_of_an_uploaded_roster_become_subgroups(home: FetchedHome, portal: PortalUnderTest) -> None:
    home.apply("# how it began\n" + NO_SUBGROUPS.format(district="cedar"))
    with portal.of_district("cedar") as browser:
        assert "No roster of yours is in use yet" in words(browser.get("/d/cedar/roster/keys"))
        home.set_state(home.deliver("roster", roster(), "cedar"), "accepted")
        page = browser.get("/d/cedar/roster/keys")
        said = words(page)
        for text in (
            "metadata.ELL 40 of 40 students have something there, 2 different texts. It stands in users . N : 30 students Y : 10",
            "metadata.edu.special_education 20 of 40 students have something there, 1 different text.",
            "metadata.homeLang 40 of 40 students have something there, 3 different texts. It stands in demographics .",
            "metadata.SDS_State_ID 40 of 40 students have something there, 40 different texts. It stands in users . Free text",
        ):
            assert text in said, text
        fields = fields_of(page)
        numbers = [name.partition(".")[2] for name in fields if name.startswith("column.")]
        chosen = {fields[f"column.{n}"]: fields[f"subgroup.{n}"] for n in numbers}
        assert chosen["metadata.ELL"] == "english_learner"
        assert chosen["metadata.edu.special_education"] == "students_with_disabilities"
        assert chosen["metadata.homeLang"] == "home_language"
        looked = send_form(browser, "/d/cedar/roster/keys", fields, to="/d/cedar/roster/keys/look")
        assert looked.status_code == 200, words(looked)
        assert "metadata.ELL: {subgroup: english_learner, values: {" in words(looked)
        assert registered_district(home.registry, "cedar").version == 1, "looking changes nothing"
        token, made_from = (
            re.findall(rf'name="{name}" value="([^"]*)"', looked.text)[-1] for name in ("form_token", "made_from")
        )
        stale = browser.post("/d/cedar/roster/keys/apply", data={"form_token": token, "made_from": "7", **fields})
        assert stale.status_code == 409
        applied = browser.post(
            "/d/cedar/roster/keys/apply",
            data={"form_token": token, "made_from": made_from, "yaml": "district: cedar", **fields},
        )
        assert applied.status_code == 303
        found = registered_district(home.registry, "cedar")
        assert found.settings.subgroups is not None
        assert found.settings.subgroups.sources == ("roster_metadata",)
        assert {column.subgroup for column in found.settings.subgroups.columns.values()} == set(chosen.values()) - {""}
        assert found.settings.subgroups.columns["metadata.homeLang"].open
        assert [event.actor for event in settings_events(home, "cedar")] == ["test", "data@cedar.example"]
        assert "# how it began" in browser.get("/d/cedar/settings.yml").text
        assert "Read already metadata.ELL : English learner" in words(browser.get("/d/cedar/roster/keys"))
        nothing = send_form(browser, "/d/cedar/roster/keys", {}, to="/d/cedar/roster/keys/look")
        assert (nothing.status_code, "Choose a subgroup for at least one key" in words(nothing)) == (422, True)


def test_a_sample_of_a_roster_server_is_looked_at_and_thrown_away(home: FetchedHome, portal: PortalUnderTest) -> None:
    of_ell = "subgroups:\n  sources: [roster_metadata]\n  columns: {ell: {subgroup: english_learner, values: {y: yes, n: no}}}\n"
    district = home.offer("dogwood", files=roster(), subgroups=of_ell)
    with portal.of_district("dogwood") as browser:
        page = send_form(browser, "/d/dogwood/roster/keys", {}, to="/d/dogwood/roster/keys")
        said = words(page)
        assert "This is a sample of 40 students" in said
        assert "metadata.homeLang 40 of 40 students" in said
        assert "Read already metadata.ELL" in said
        assert district.asked == [("users", 0, "role='student'"), ("demographics", 0, "")]
        home.fetch("dogwood")
        home.set_state(home.came("dogwood")[-1].delivery_id, "accepted")
        archived = words(browser.get("/d/dogwood/roster/keys"))
        assert "metadata.homeLang 40 of 40 students" in archived
        assert "which is in use" in archived
    assert list(home.settings.paths.rehearsals.iterdir()) == []


@pytest.mark.parametrize("edition", ["loose files of 1.1", "a zip of 1.2"])
def test_the_form_of_an_uploaded_roster_plays_no_part(home: FetchedHome, portal: PortalUnderTest, edition: str) -> None:
    files = roster()
    district = home.add("loose" if edition.startswith("loose") else "zipped")
    upload: dict[str, str | bytes] = dict(files) if district == "loose" else {"roster.zip": zip_of(as_1p2(files))}
    home.set_state(home.deliver("roster", upload, district), "accepted")
    with portal.of_district(district) as browser:
        said = words(browser.get(f"/d/{district}/roster/keys"))
    assert "metadata.ELL 40 of 40 students" in said
    assert "metadata.homeLang 40 of 40 students" in said


def test_a_key_joins_the_column_of_a_subgroup_file(home: FetchedHome, portal: PortalUnderTest) -> None:
    home.add("elm")
    with portal.of_district("elm") as browser:
        fields = {"column.0": "metadata.LEP", "subgroup.0": "english_learner", "values.0": "LEP = yes\ny = yes"}
        looked = send_form(browser, "/d/elm/roster/keys", fields, to="/d/elm/roster/keys/look")
        assert looked.status_code == 200, words(looked)
        token = re.findall(r'name="form_token" value="([^"]*)"', looked.text)[-1]
        browser.post("/d/elm/roster/keys/apply", data={"form_token": token, "made_from": "1", **fields})
        subgroups = registered_district(home.registry, "elm").settings.subgroups
        assert subgroups is not None
        assert subgroups.sources == ("file", "roster_metadata")
        assert subgroups.columns["ell"].read_from == ("file", "metadata.lep")
        assert subgroups.known_values("ell") == {"y": "yes", "n": "no", "LEP": "yes"}
        again = send_form(browser, "/d/elm/roster/keys", fields | {"column.0": "metadata.x"}, to="/d/elm/roster/keys/look")
        assert "is read from metadata.lep already" in words(again)
        odd = send_form(browser, "/d/elm/roster/keys", fields | {"column.0": "guards"}, to="/d/elm/roster/keys/look")
        assert "is no metadata key" in words(odd)
        empty = {"column.0": "metadata.avid", "subgroup.0": "avid", "values.0": "Y = "}
        wrong = send_form(browser, "/d/elm/roster/keys", empty, to="/d/elm/roster/keys/look")
        assert (wrong.status_code, "a value is empty" in words(wrong)) == (422, True)
