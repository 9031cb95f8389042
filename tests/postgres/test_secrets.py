"""The password in SUBGROUPS_DATABASE_URL is shown nowhere; what is wrong with the URL is said without it."""

from __future__ import annotations

import builtins
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from subgroup_pipeline.cli.main import app
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.settings import load_settings
from tests.support.postgres import Server

_PASSWORD = "open sesame@:/%+é"
_URL = f"postgresql://user:{quote(_PASSWORD, safe='')}@127.0.0.1:5433/name?password=sesame"


def _whole(error: BaseException) -> str:
    return "".join(traceback.format_exception(error)) + repr(error)


def test_the_list_of_settings_masks_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBGROUPS_DATABASE_URL", _URL)
    for options in ([], ["--json"]):
        printed = CliRunner().invoke(app, ["doctor", "--settings", *options]).output.replace("\n", "")
        assert "postgresql://user:***@127.0.0.1:5433/name" in printed
        assert "sesame" not in printed


def test_without_a_url_the_list_shows_it_empty() -> None:
    assert load_settings().shown("database_url") == ""


def test_settings_do_not_show_the_password_when_printed() -> None:
    settings = load_settings(database_url=_URL)
    assert "sesame" not in f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:sesame@host/name",
        "postgresql+psycopg://user:sesame@host/name",
        "postgresql+asyncpg://user:sesame@host/name",
        "postgres://user:sesame@host/name",
        "postgresql://user:sesame@host:sesame/name",
        "postgresql://user:se#sa/me@host",
        "postgresql://user:sesame@host",
        "user:sesame@host/name",
        "sesame",
    ],
)
def test_a_refused_url_is_explained_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match=r"SUBGROUPS_DATABASE_URL: .*postgresql://user:password@host:port/name") as refused:
        load_settings(database_url=url)
    assert "sesame" not in _whole(refused.value)


def test_other_refused_values_are_still_shown() -> None:
    with pytest.raises(SettingsError, match="SUBGROUPS_SFTP_PORT=70000: "):
        load_settings(sftp_port=70000, database_url=_URL)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_both_forms_are_one(scheme: str) -> None:
    settings = load_settings(database_url=_URL.replace("postgresql", scheme, 1))
    assert settings.is_on_postgres
    assert settings.registry_url.startswith("postgresql+psycopg2://")
    url = make_url(settings.registry_url)
    assert (url.username, url.password, url.host, url.port, url.database) == ("user", _PASSWORD, "127.0.0.1", 5433, "name")


def test_a_server_that_does_not_answer_is_said_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot use the registry at postgresql://user:\*\*\*@127.0.0.1:1/name") as refused:
        open_registry(load_settings(home=tmp_path, database_url=_URL.replace(":5433", ":1")))
    assert "sesame" not in _whole(refused.value)


@pytest.mark.needs_postgres
def test_a_wrong_password_is_said_without_it(tmp_path: Path, postgres_server: Server) -> None:
    url = postgres_server.url("template1").replace(quote(postgres_server.password, safe=""), "sesame")
    with pytest.raises(SettingsError, match="password authentication failed") as refused:
        open_registry(load_settings(home=tmp_path, database_url=url))
    assert "sesame" not in _whole(refused.value)


def test_without_the_driver_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_driver(name: str, *rest: object) -> object:
        if name.startswith("psycopg2"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_driver)
    with pytest.raises(SettingsError, match=r"subgroup-pipeline\[postgres\]"):
        open_registry(load_settings(home=tmp_path, database_url=_URL))
