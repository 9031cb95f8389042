"""One district as OneRoster 1.0, 1.1 and 1.2 CSV and as 1.2 over REST, whole and changed: marts are the same to the cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.desk.uploads import list_uploads
from tests.night.test_same_district_twice import MARTS
from tests.oneroster_server.oauth import Tokens
from tests.oneroster_server.server import District, OneRosterServer, serving
from tests.support import small_district as small
from tests.support.editions import as_1p0, as_1p2, role_row, with_roles
from tests.support.installation import Installation, installation_in

pytestmark = pytest.mark.slow

DISTRICTS = {"1.0": "of_1p0", "1.1": "of_1p1", "1.2": "of_1p2"}
FETCHED = "rest_1p2"
SECRETS = {"client_id": "our-client", "client_secret": "a-client-secret"}
LINEAGE = {
    "dim_district": "subgroup_delivery_id, roster_delivery_id, subgroup_received_at, roster_received_at, published_at",
    "fct_student_subgroup": "delivery_id, received_at",
}
SETTINGS = """\
district: {district}
name: Made-up
timezone: UTC
as_of: 2026-10-01
subgroups:
  sources: [file, roster_metadata, demographics]
  student_id_column: student_id
  matches: users.identifier
  columns:
    ell: {{subgroup: english_learner, values: {{y: yes, n: no}}, from: file}}
    lunch: {{subgroup: lunch, open: true, from: metadata.lunch}}
    sex: {{subgroup: sex, values: {{male: male, female: female}}, from: demographics.sex}}
    race: {{subgroup: race_ethnicity, from: demographics.race_ethnicity}}
guards: {{first_delivery: accept, match_rate: 0.5}}
"""
CHANGED = "2026-10-02T00:00:00.000Z"
Marts = dict[str, dict[str, list[tuple[object, ...]]]]


def _full() -> dict[str, str]:
    """Twelve students of whom two are in no class, a teacher, and somebody who may not sign in; with demographics."""
    made = small.SmallRoster()
    for n in range(12):
        made.add_student(n, is_active=True)
        made.rows["users"][-1] |= {"metadata.lunch": ("Free", "", "Full")[n % 3]}
        made.add(
            "demographics", sourcedId=f"s{n:03}", birthDate="2015-03-01", sex=("female", "male", "")[n % 3],
            asian=("true", "false")[n % 2], hispanicOrLatinoEthnicity=("false", "false", "true")[n % 3],
        )  # fmt: skip
        if n < 10:
            made.enroll(f"{n}", n % 2, f"s{n:03}")
    made.add(
        "users", sourcedId="t1", enabledUser="true", orgSourcedIds="school0,school1", role="administrator", username="t1",
        givenName="Ada", familyName="Fox",
    )  # fmt: skip
    made.enroll("t", 0, "t1", "teacher")
    return made.texts()


def _changes(full: Mapping[str, str]) -> dict[str, str]:
    """Of 1.1: a student without a class goes to the other school, another one leaves."""
    header, *rows = full["users.csv"].splitlines()
    moved, gone = (next(row for row in rows if row.startswith(user)) for user in ("s010", "s011"))
    moved = moved.replace("s010,,,true,school0", f"s010,active,{CHANGED},true,school1")
    gone = gone.replace("s011,,", f"s011,tobedeleted,{CHANGED}")
    manifest = small.manifest({}).replace("file.users,absent", "file.users,delta")
    return {"manifest.csv": manifest, "users.csv": f"{header}\n{moved}\n{gone}\n"}


def _changes_1p2(changes: Mapping[str, str]) -> dict[str, str]:
    """The same of 1.2: the role at the school before is deleted by itself."""
    rows = [
        role_row("s010-school1", "s010", "student", "school1", status="active", dateLastModified=CHANGED),
        role_row("s010-school0", "s010", "student", "school0", status="tobedeleted", dateLastModified=CHANGED),
        role_row("s011-school1", "s011", "student", "school1", status="tobedeleted", dateLastModified=CHANGED),
    ]
    return with_roles(as_1p2(changes, mode="delta"), *rows)


def _offer(made: Installation, server: OneRosterServer, full: Mapping[str, str]) -> District:
    """Serve the district as OneRoster 1.2, to whom signs in by OAuth 2 with client credentials."""
    district = server.add(FETCHED, Tokens(SECRETS["client_id"], SECRETS["client_secret"]), full, version="1.2")
    auth = f"{{type: oauth2, token_url: {server.url}/{FETCHED}/token}}"
    root = f"roster: {{source: oneroster_api, url: {server.root(FETCHED)}, auth: {auth}, page_size: 5}}\n"
    made.apply(SETTINGS.format(district=FETCHED).replace("subgroups:", f"{root}subgroups:", 1))
    for name, value in SECRETS.items():
        keep_secret(made.registry, made.settings, FETCHED, name, value, actor="test")
    return district


def _change(district: District) -> None:
    """The same changes in the lists of the server, which still shows who left."""
    users = {user["sourcedId"]: user for user in district.lists["users"]}
    old, new = users["s010"]["roles"][0], {"roleType": "primary", "role": "student", "org": {"sourcedId": "school1"}}
    users["s010"] |= {"dateLastModified": CHANGED, "roles": [old | {"endDate": "2026-10-01"}, new]}
    users["s011"] |= {"dateLastModified": CHANGED, "status": "tobedeleted"}


def _marts(installation: Installation) -> Marts:
    marts: Marts = {}
    for mart in MARTS:
        exclude = f", {LINEAGE[mart]}" if mart in LINEAGE else ""
        marts[mart] = {
            district: sorted(
                installation.ask(f"select * exclude (district_id{exclude}) from marts.{mart} where district_id = '{district}'"),
                key=repr,
            )
            for district in (*DISTRICTS.values(), FETCHED)
        }
    return marts


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Marts, Marts, Installation]]:
    full = _full()
    sets = {"1.0": as_1p0(full), "1.1": full, "1.2": as_1p2(full)}
    with serving() as server, installation_in(tmp_path_factory.mktemp("editions") / "home") as installation:
        fetched = _offer(installation, server, full)
        for edition, district in DISTRICTS.items():
            installation.apply(SETTINGS.format(district=district))
            installation.drop(district, "roster", sets[edition])
        for district in (*DISTRICTS.values(), FETCHED):
            ells = "".join(f"{n:05},{'YN'[n % 2]}\n" for n in range(12))
            installation.drop(district, "subgroups", {"subgroups.csv": "student_id,ell\n" + ells})
        installation.night()
        first = _marts(installation)
        changes = _changes(full)
        installation.drop("of_1p1", "roster", changes)
        installation.drop("of_1p2", "roster", _changes_1p2(changes))
        _change(fetched)
        installation.night()
        yield first, _marts(installation), installation


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_is_the_same_from_every_edition(nights: tuple[Marts, Marts, Installation], mart: str) -> None:
    full, changed, _ = nights
    assert full[mart]["of_1p2"] == full[mart]["of_1p1"]
    assert full[mart]["of_1p0"] == full[mart]["of_1p1"]
    assert changed[mart]["of_1p2"] == changed[mart]["of_1p1"]
    assert full[mart][FETCHED] == full[mart]["of_1p1"]
    assert changed[mart][FETCHED] == changed[mart]["of_1p1"]
    assert full[mart]["of_1p1"]


def test_changes_reached_the_marts(nights: tuple[Marts, Marts, Installation]) -> None:
    full, changed, _ = nights
    schools = {row[0]: row[-1] for row in changed["dim_school"]["of_1p2"]}
    assert (len(full["dim_student"]["of_1p2"]), schools) == (12, {"school0": 5, "school1": 6})


def test_the_version_is_shown_and_only_1p0_gets_a_warning_for_it(nights: tuple[Marts, Marts, Installation]) -> None:
    installation = nights[2]
    shown = installation.ask("select distinct district_id, oneroster_version from quality.delivery where feed = 'roster'")
    assert dict(shown) == {district: edition for edition, district in DISTRICTS.items()} | {FETCHED: "1.2"}
    assert [delivery["verdict"] for delivery in installation.deliveries(FETCHED, "roster")] == ["accepted", "accepted"]
    for edition, district in DISTRICTS.items():
        delivery = installation.deliveries(district, "roster")[0]
        assert delivery["counts"]["oneroster_version"] == edition
        uploads = list_uploads(installation.registry, district).uploads
        assert {upload.version for upload in uploads} == {edition, None}
        codes = {finding["code"] for finding in delivery["findings"]}
        assert ("PKG023" in codes) == (edition == "1.0")
        assert delivery["verdict"] == "accepted"
    of_1p1, of_1p2 = (installation.deliveries(DISTRICTS[edition], "roster")[0] for edition in ("1.1", "1.2"))
    assert of_1p2["findings"] == of_1p1["findings"]
