"""The section `roster` of a district's YAML: what a roster server needs, and what is refused."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.errors import SettingsError

HEAD = "district: ash\nname: Ash\ntimezone: UTC\n"
ROOT = "https://ash.example/ims/oneroster/v1p1"


def parsed(roster: str) -> object:
    return parse_district(f"{HEAD}roster: {roster}\n").roster


def test_what_the_settings_say_is_read_with_its_defaults() -> None:
    roster = parse_district(f"{HEAD}roster: {{source: oneroster_api, url: '{ROOT}/', auth: {{type: oauth1}}}}\n").roster
    assert roster.auth is not None
    assert (roster.url, roster.page_size, roster.parallel, roster.version) == (ROOT, 5000, 4, "1.1")
    assert (roster.auth.secrets, roster.is_fetched) == (("client_id", "client_secret"), True)
    token = f"{{source: oneroster_api, url: '{ROOT.replace('v1p1', 'v1p2')}', auth: {{type: bearer}}, parallel: 8}}"
    other = parse_district(f"{HEAD}roster: {token}\n").roster
    assert other.auth is not None
    assert (other.version, other.auth.secrets, other.parallel) == ("1.2", ("token",), 8)
    assert parse_district(HEAD).uploaded_feeds == ("roster",)
    assert parse_district(f"{HEAD}roster: {token}\n").uploaded_feeds == ()


@pytest.mark.parametrize(
    "host", ["http://127.0.0.1:8123/x", "http://localhost/x", "http://[::1]:90/x", "https://ash.example:8443/x"]
)
def test_addresses_that_secrets_may_travel_to(host: str) -> None:
    assert parsed(f"{{source: oneroster_api, url: '{host}', auth: {{type: bearer}}}}")


REFUSED = {
    "{source: oneroster_api, auth: {type: bearer}}": "`url` is missing",
    f"{{source: oneroster_api, url: '{ROOT}'}}": "`auth` is missing",
    "{source: oneroster_api, url: 'https://ash.example/ims/oneroster/rostering/v1p2', auth: {type: oauth1}}": "ended with 1.1",
    "{source: oneroster_api, url: 'http://ash.example/x', auth: {type: bearer}}": "plain http",
    "{source: oneroster_api, url: 'http://127.0.0.1.example/x', auth: {type: bearer}}": "plain http",
    "{source: oneroster_api, url: 'ftp://ash.example/x', auth: {type: bearer}}": "https://host/path",
    "{source: oneroster_api, url: 'https://me:word@ash.example/x', auth: {type: bearer}}": "without a user",
    f"{{source: oneroster_api, url: '{ROOT}?key=1', auth: {{type: bearer}}}}": "without a user",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: oauth2}}}}": "`token_url` is missing",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: oauth2, token_url: 'http://t.example'}}}}": "plain http",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: bearer, signature: HMAC-SHA1}}}}": "is for `type: oauth1`",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: oauth1, signature: MD5}}}}": "allowed: 'HMAC-SHA256' or 'HMAC-SHA1'",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: oauth1, client_secret: hush}}}}": "unknown key `client_secret`",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: bearer}}, parallel: 9}}": "less than or equal to 8",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: bearer}}, page_size: 0}}": "greater than or equal to 1",
    f"{{source: oneroster_api, url: '{ROOT}', auth: {{type: bearer}}, path: in}}": "`path` is for `source: sftp`",
    f"{{url: '{ROOT}'}}": "`url` is for `source: oneroster_api`",
    "{source: api}": "allowed: 'sftp' or 'oneroster_api'",
}


@pytest.mark.parametrize("roster", REFUSED)
def test_what_is_refused_is_said_with_its_line_and_without_a_secret(roster: str) -> None:
    with pytest.raises(SettingsError) as error:
        parsed(roster)
    assert REFUSED[roster] in str(error.value)
    assert str(error.value).startswith("district.yaml:4: ")
    assert not any(secret in str(error.value) for secret in ("hush", "me:word"))
