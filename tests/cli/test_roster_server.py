"""`subgroups district secret` and `discover`: secrets go in and never come out, and ClassLink's proxy says whom they show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from subgroup_pipeline.cli.main import app
from subgroup_pipeline.errors import SubgroupsError
from tests.oneroster_server.server import OneRosterServer, serving
from tests.support import roster_server
from tests.support import small_district as small

SECRET = "Vq3+never/shown=again"
TENANTS = [
    {"tenant_name": "Oak ISD", "tenant_id": "7", "oneroster_application_id": "app-oak"},
    {"tenant_name": "Ash ISD", "tenant_id": "12", "oneroster_application_id": "app-ash"},
]


@pytest.fixture(scope="module")
def proxy() -> Iterator[OneRosterServer]:
    with serving() as made:
        made.consoles[SECRET] = TENANTS
        yield made


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: OneRosterServer) -> None:
    monkeypatch.setenv("SUBGROUPS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    settings = roster_server.settings("ash", proxy.root("app-ash"), auth="{type: bearer}")
    Path("ash.yml").write_text(settings)
    Path("elm.yml").write_text(small.settings("elm"))
    run("district", "apply", "ash.yml", "elm.yml")


def run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, arguments, input=given, catch_exceptions=False)


def refused(*arguments: str, given: str | None = None) -> str:
    with pytest.raises(SubgroupsError) as error:
        run(*arguments, given=given)
    return str(error.value)


def test_a_secret_is_read_from_standard_input_and_never_shown(tmp_path: Path) -> None:
    done = run("district", "secret", "ash", "set", "token", "--json", given=f"{SECRET}\n")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"district_id": "ash", "name": "token", "missing": []})
    [shown] = json.loads(run("district", "secret", "ash", "list", "--json").stdout)
    assert (shown["name"], set(shown)) == ("token", {"name", "set_at", "set_by"})
    said = [run("district", "show", "ash", "--json"), run("district", "list", "--json"), run("audit", "--json"), run("doctor")]
    assert not any(SECRET in one.output for one in (done, *said))
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "token is forgotten" in run("district", "secret", "ash", "remove", "token").output
    assert json.loads(run("district", "secret", "ash", "list", "--json").stdout) == []


def test_what_cannot_be_a_secret_is_refused_and_not_quoted() -> None:
    for given in ("", "  \n", "two\nlines", "x" * 8193, "sécret"):
        said = refused("district", "secret", "ash", "set", "client_secret", given=given)
        assert said.startswith("this cannot be a client_secret")
        assert not given.strip() or given.strip() not in said
    assert run("district", "secret", "ash", "set", given=SECRET).exit_code == 2
    assert run("district", "secret", "ash", "set", "password", given=SECRET).exit_code == 2
    assert "no district is called oak" in refused("district", "secret", "oak", "set", "token", given=SECRET)


def test_the_tenants_that_a_token_sees_are_listed_with_the_address_for_the_settings(proxy: OneRosterServer) -> None:
    run("district", "secret", "ash", "set", "token", given=SECRET)
    own = json.loads(run("district", "discover", "ash", "--json").stdout)
    assert own == json.loads(run("district", "discover", "--url", proxy.url, "--json", given=f"{SECRET}\n").stdout)
    assert [one["tenant_name"] for one in own] == ["Ash ISD", "Oak ISD"]
    assert own[0] == TENANTS[1] | {"url": proxy.root("app-ash")}
    assert "Oak ISD" in run("district", "discover", "ash").output


def test_a_list_of_tenants_that_cannot_be_had_is_said_in_words(proxy: OneRosterServer) -> None:
    assert "refused our sign-in for applications" in refused("district", "discover", "--url", proxy.url, given="another")
    assert "elm has no address" in refused("district", "discover", "elm")
    assert "ash has no token" in refused("district", "discover", "ash")
    assert "https" in refused("district", "discover", "--url", "http://proxy.example", given=SECRET)
    assert run("district", "discover").exit_code == 2
