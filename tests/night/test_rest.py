"""Rosters over REST through a whole night: the same marts as from files, secrets nowhere, and faults that harm nobody."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from subgroup_pipeline.desk.one_student import erase
from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.districts.district_secrets import secrets_on_record
from subgroup_pipeline.intake.oneroster import server as requests
from subgroup_pipeline.registry.ledger import district_findings
from subgroup_pipeline.upkeep.backup import back_up
from tests.night import grand_bend
from tests.night.test_same_district_twice import LINEAGE, MARTS
from tests.night.test_subgroup_sources import values
from tests.oneroster_server.oauth import Access, Bearer, Signed, Tokens
from tests.oneroster_server.server import OneRosterServer, serving
from tests.support import roster_server
from tests.support import small_district as small
from tests.support.installation import SAMPLES, Installation, installation_in
from tests.support.traces import traces

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rest")]

SECRET, TOKEN = "a-client-secret-nobody-may-read-8c1f", "a-token-nobody-may-read-51d0"
EDFI = SAMPLES / "edfi_oneroster_1p1"
COLUMNS = """\
  matches: users.sourcedId
  columns:
    ell:  {subgroup: english_learner, values: {y: yes, n: no}, blank: no}
    home: {subgroup: home_language, open: true}
"""
STUDENTS = 24


@dataclass
class Nights:
    """What is asked after the first night, and what stood after the second."""

    installation: Installation
    server: OneRosterServer
    first: dict[str, dict[str, list[str]]]
    second: dict[str, dict[str, list[str]]]


def cells() -> dict[str, list[str | None]]:
    """The cells of students in both columns; None is a student who is not in the subgroup file, or shares nothing."""
    ell = [None if n % 7 == 6 else ("y", "n", "", "Y")[n % 4] for n in range(STUDENTS)]
    return {"ell": ell, "home": [None if one is None else ("Spanish", "", "Español")[n % 3] for n, one in enumerate(ell)]}


def rosters() -> tuple[dict[str, str], dict[str, str], dict[str, str], str]:
    """The roster with its gradebook alone, with the columns in users.csv, with them in demographics.csv; and the subgroup file.

    In demographics.csv students can be absent; in users.csv their cells are blank, which over REST they need not be.
    """
    made = small.made_roster(STUDENTS)
    made.add_gradebook(STUDENTS)
    plain = made.texts()
    lines = [f"s{n:03},{ell},{cells()['home'][n]}" for n, ell in enumerate(cells()["ell"]) if ell is not None]
    demographics = "\n".join(["sourcedId,metadata.ell,metadata.home", *lines]) + "\n"
    manifest = plain["manifest.csv"].replace("file.demographics,absent", "file.demographics,bulk")
    for n, user in enumerate(made.rows["users"]):
        user |= {f"metadata.{name}": column[n] or "" for name, column in cells().items()}
    beside = plain | {"demographics.csv": demographics, "manifest.csv": manifest}
    return plain, made.texts(), beside, "\n".join(["student_id,ell,home", *lines]) + "\n"


def evening(made: Installation, server: OneRosterServer) -> None:
    """What the districts offer and upload before the first night."""
    plain, in_users, in_demographics, file = rosters()
    oauth2 = f"{{type: oauth2, token_url: {server.url}/rest_and_file/token}}"
    in_roster, in_file = f"subgroups:\n  sources: [roster_metadata]\n{COLUMNS}", f"subgroups:\n  sources: [file]\n{COLUMNS}"
    by_client = f"{{type: oauth2, token_url: {server.url}/rest_1p2/token}}"
    served: dict[str, tuple[Access, str, dict[str, str], str]] = {
        "rest": (Signed("our-client", SECRET), roster_server.OAUTH1, in_users, in_roster),
        "rest_and_file": (Tokens("our-client", SECRET), oauth2, plain, in_file),
        "rest_1p2": (Tokens("our-client", SECRET), by_client, in_users, in_roster),
        "proxied": (Bearer(TOKEN), "{type: bearer}", in_demographics, in_roster),
    }
    for name, (access, auth, files, subgroups) in served.items():
        server.add(name, access, files, version="1.2" if name == "rest_1p2" else "1.1")
        made.apply(roster_server.settings(name, server.root(name), auth=auth, subgroups=subgroups))
        for secret, value in {"client_id": "our-client", "client_secret": SECRET, "token": TOKEN}.items():
            keep_secret(made.registry, made.settings, name, secret, value, actor="test")
        for user in server.districts[name].lists["users"]:
            if cells()["ell"][int(user["sourcedId"][1:])] is None and "metadata" in user:
                del user["metadata"]
    head = re.sub(r"roster:\n(  .*\n)+", "", roster_server.settings("{0}", "https://x.example", subgroups="")).split("guards:")
    for name, files, subgroups in (("csv_and_file", plain, in_file), ("csv", in_demographics, in_roster)):
        made.apply(f"{head[0].replace('{0}', name)}{subgroups}guards:{head[1]}")
        made.drop(name, "roster", files)
    for name in ("csv_and_file", "rest_and_file"):
        made.drop(name, "subgroups", {"s.csv": file})


def two_sources(made: Installation, server: OneRosterServer) -> None:
    """Districts with subgroups in the metadata of their users and in a file, which names students by a metadata key too."""
    shared: tuple[dict[str, object], ...] = (
        {"ELL": "Y", "edu": {"language": "Spanish"}}, {"ell": "y", "edu.language": "Spanish"}, {"edu": {}}, {"Ell": "y"}, {},
        {"ell": "", "edu": {"language": ""}},
    )  # fmt: skip
    file = "student_id,ell,lang\nL0,N,Twi\nL1,,\nL2,perhaps,\nL4,y,\n"
    columns = """\
  matches: metadata.local_id
  columns:
    ell:  {subgroup: english_learner, values: {y: yes, n: no}, blank: no}
    lang: {subgroup: home_language, open: true, from: [{places}]}
"""
    for name, order in (("file_first", ("file", "roster_metadata")), ("roster_first", ("roster_metadata", "file"))):
        places = ", ".join("metadata.edu.language" if source == "roster_metadata" else source for source in order)
        subgroups = f"subgroups:\n  sources: [{', '.join(order)}]\n{columns.replace('{places}', places)}"
        district = server.add(name, Bearer(TOKEN), small.roster(len(shared)))
        for n, (user, keys) in enumerate(zip(district.lists["users"], shared, strict=True)):
            user["metadata"] = {"Local_ID": f"L{n}", **keys}
        made.apply(roster_server.settings(name, server.root(name), auth="{type: bearer}", subgroups=subgroups))
        keep_secret(made.registry, made.settings, name, "token", TOKEN, actor="test")
        made.drop(name, "subgroups", {"s.csv": file})


def real_evening(made: Installation, server: OneRosterServer) -> None:
    """The real sample set, uploaded and served."""
    files = {path.name: path.read_bytes() for path in EDFI.glob("*.csv")}
    server.add("edfi_rest", Signed("our-client", SECRET), files)
    yaml = grand_bend.YAML.format(district="edfi_csv", as_of="2020-10-01")
    made.apply(yaml)
    root = f"{{source: oneroster_api, url: {server.root('edfi_rest')}, auth: {{type: oauth1}}, page_size: 5}}"
    made.apply(yaml.replace("edfi_csv", "edfi_rest").replace("{source: sftp, path: inbox/roster}", root))
    for secret, value in {"client_id": "our-client", "client_secret": SECRET}.items():
        keep_secret(made.registry, made.settings, "edfi_rest", secret, value, actor="test")
    made.drop("edfi_csv", "roster", files)
    for name in ("edfi_csv", "edfi_rest"):
        made.drop(name, "subgroups", {"s.csv": grand_bend.SUBGROUP_FILE})


def marts(installation: Installation) -> dict[str, dict[str, list[str]]]:
    """Rows of each mart by district, without lineage and without the district's own key and name."""
    found: dict[str, dict[str, list[str]]] = {}
    for mart in MARTS:
        left_out = ", ".join(filter(None, ["district_id", LINEAGE.get(mart), "district_name" if mart == "dim_district" else ""]))
        for district, *row in installation.ask(f"select district_id, * exclude ({left_out}) from marts.{mart}"):
            found.setdefault(district, {}).setdefault(mart, []).append(repr(row))
    return {district: {mart: sorted(rows) for mart, rows in of.items()} for district, of in found.items()}


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    home = tmp_path_factory.mktemp("rest") / "home"
    with pytest.MonkeyPatch.context() as patch, serving() as server, installation_in(home) as made:
        patch.setattr(requests, "_FIRST_WAIT", 0.0)
        evening(made, server)
        two_sources(made, server)
        if EDFI.is_dir():
            real_evening(made, server)
        made.night()
        first = marts(made)
        server.districts["rest"].fault = lambda asked: JSONResponse({}, 503) if asked.collection == "users" else None
        server.districts["proxied"].lists["demographics"][0]["metadata"]["ell"] = "n"
        erase(made.registry, made.settings, "rest_1p2", "s005", by="M. Diaz", reason="asked", dry_run=False)
        server.districts["rest_1p2"].lists["users"][0]["givenName"] = "Changed"
        made.night()
        yield Nights(made, server, first, marts(made))


@pytest.mark.parametrize("other", ["csv_and_file", "rest_and_file", "rest", "rest_1p2", "proxied"])
def test_the_same_district_gives_the_same_marts_however_it_comes(nights: Nights, other: str) -> None:
    assert set(nights.first["csv"]) == set(MARTS)
    for mart, rows in nights.first["csv"].items():
        assert nights.first[other][mart] == rows, mart


def test_of_a_fetched_roster_and_an_uploaded_file_the_first_that_reports_a_value_wins(nights: Nights) -> None:
    file, roster = "file", "roster_metadata"
    english = {
        "file_first": [
            ("no", "N", file), ("no", None, file), ("not_reported", "perhaps", file), ("yes", "y", roster), ("yes", "y", file),
            ("no", None, roster),
        ],
        "roster_first": [
            ("yes", "Y", roster), ("yes", "y", roster), ("not_reported", "perhaps", file), ("yes", "y", roster),
            ("yes", "y", file), ("no", None, roster),
        ],
    }  # fmt: skip
    language = {"file_first": [("Twi", file), ("Spanish", roster)], "roster_first": [("Spanish", roster), ("Spanish", roster)]}
    for district, expected in english.items():
        assert list(values(nights.installation, district, "english_learner").values()) == expected
        found = list(values(nights.installation, district, "home_language").values())
        assert [(value, source) for value, _, source in found[:2]] == language[district]
        assert {value for value, _, _ in found[2:]} == {"not_reported"}
        uploads = [one for feed in ("roster", "subgroups") for one in nights.installation.deliveries(district, feed)]
        assert [one["state"] for one in uploads] == ["published", "published"], [one["findings"] for one in uploads]


@pytest.mark.real_data
def test_a_real_set_served_as_rest_gives_the_marts_of_its_files(nights: Nights) -> None:
    assert nights.first["edfi_rest"] == nights.first["edfi_csv"]
    assert len(nights.first["edfi_rest"]["dim_student"]) == 8


def test_a_night_with_a_fault_leaves_the_last_good_marts_and_harms_nobody(nights: Nights) -> None:
    made = nights.installation
    assert nights.second["rest"] == nights.first["rest"]
    assert nights.second["proxied"] != nights.first["proxied"]
    assert [delivery["seen_again_count"] for delivery in made.deliveries("rest_and_file", "roster")] == [1]
    assert [delivery["state"] for delivery in made.deliveries("proxied", "roster")] == ["superseded", "published"]
    with made.registry.begin() as session:
        said = [(finding.district_id, finding.code, finding.message) for finding in district_findings(session)]
    assert [(district, code) for district, code, _ in said] == [("rest", "API003")]
    assert "answered 503 for users" in said[0][2]


def test_an_erased_student_is_in_no_page_and_in_no_mart_of_the_next_night(nights: Nights) -> None:
    made, before, after = nights.installation, nights.first["rest_1p2"], nights.second["rest_1p2"]
    assert [one["state"] for one in made.deliveries("rest_1p2", "roster")] == ["superseded", "published"]
    assert any("s005" in row for row in before["dim_student"])
    assert [mart for mart, rows in after.items() if any("s005" in row or "Given5'" in row for row in rows)] == []
    assert len(after["dim_student"]) == len(before["dim_student"]) - 1 == STUDENTS - 1
    assert made.ask("select student_count from marts.dim_district where district_id = 'rest_1p2'") == [(STUDENTS - 1,)]
    left = traces(made.settings, r"s005\b|Given5\b|Family5\b|\b00005\b")
    assert not [place for place in left if place.startswith("archive/rest_1p2/")]
    assert [place for place in left if place.startswith("archive/rest/")], "other districts keep their students of this ID"


@pytest.mark.parametrize("with_keys", [True, False])
def test_no_secret_can_be_read_in_a_backup(nights: Nights, tmp_path: Path, with_keys: bool) -> None:
    made = nights.installation
    back_up(made.registry, made.settings, tmp_path / "backup.tar", with_keys=with_keys)
    with tarfile.open(tmp_path / "backup.tar") as package:
        contents = [file.read() for member in package if (file := package.extractfile(member))]
    assert any(b"district_secret" in content for content in contents)
    assert not [word for word in (SECRET, TOKEN) for content in contents if word.encode() in content]


def test_no_secret_is_anywhere_in_the_home(nights: Nights) -> None:
    made = nights.installation
    words = [SECRET.encode(), TOKEN.encode()]
    files = [path for path in made.settings.paths.root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert any(path.is_relative_to(made.settings.paths.dagster) for path in files)
    assert [path for path in files if any(word in path.read_bytes() for word in words)] == []
    assert [path for path in files if b"HTTP Request" in path.read_bytes()] == []
    assert [one.name for one in secrets_on_record(made.registry, "rest")] == ["client_id", "client_secret", "token"]
