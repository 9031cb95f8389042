"""`subgroups district secret …` and `discover`: what we sign in with to a roster server, and whom that lets us see."""

from __future__ import annotations

import getpass
import sys
from enum import StrEnum
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say


class Action(StrEnum):
    """What can be done with secrets."""

    SET = "set"
    LIST = "list"
    REMOVE = "remove"


class Name(StrEnum):
    """The secrets that there are."""

    CLIENT_ID = "client_id"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - a name
    TOKEN = "token"  # noqa: S105 - a name


def secret(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key in our settings.")],
    action: Annotated[Action, typer.Argument(help="set reads the secret from standard input; list shows which are set.")],
    name: Annotated[Name | None, typer.Argument(help="client_id and client_secret for OAuth, token for a bearer token.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give or take back a secret of a district's roster server. It is sealed at rest and shown to nobody again.

    Example: subgroups district secret maple_valley set client_secret < secret.txt
    """
    if (name is None) != (action is Action.LIST):
        raise typer.BadParameter("set and remove name a secret, and list names none", param_hint="NAME")
    if name is None:
        _list(district_id, as_json=as_json)
    elif action is Action.REMOVE:
        _remove(district_id, name, as_json=as_json)
    else:
        _set(district_id, name, as_json=as_json)


def _set(district_id: str, name: Name, *, as_json: bool) -> None:
    from subgroup_pipeline.desk.secrets import keep_secret

    value = _read(name)
    with installation() as (settings, registry):
        missing = keep_secret(registry, settings, district_id, name, value, actor=getpass.getuser())
    say(f"{district_id}: {name} is kept" + (f"; still missing: {', '.join(missing)}" if missing else ""))
    if as_json:
        print_json({"district_id": district_id, "name": name.value, "missing": missing})


def _read(name: str) -> str:
    return getpass.getpass(f"{name} (not shown): ") if sys.stdin.isatty() else sys.stdin.read()


def _remove(district_id: str, name: Name, *, as_json: bool) -> None:
    from subgroup_pipeline.districts.district_secrets import remove_secret

    with installation() as (_, registry):
        was_there = remove_secret(registry, district_id, name, actor=getpass.getuser())
    say(f"{district_id}: {name} is forgotten" if was_there else f"{district_id}: no {name} was on record")
    if as_json:
        print_json({"district_id": district_id, "name": name.value, "was_there": was_there})


def _list(district_id: str, *, as_json: bool) -> None:
    from subgroup_pipeline.districts.district_secrets import secrets_on_record

    with installation() as (_, registry):
        found = secrets_on_record(registry, district_id)
    if as_json:
        print_json(found)
    elif found:
        print_table(["secret", "set at (UTC)", "by"], [[one.name, f"{one.set_at:%Y-%m-%d %H:%M}", one.set_by] for one in found])
    else:
        say(f"no secret of {district_id} is on record")


def discover(
    district_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Ask with this district's token, at its address.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of the proxy; the token is read from standard input.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the districts that a token of ClassLink's proxy can see, each with the address for its settings.

    Example: subgroups district discover --url https://oneroster-proxy.classlink.io < token.txt
    """
    from subgroup_pipeline.desk.secrets import visible_tenants
    from subgroup_pipeline.intake.oneroster.tenants import tenants_at

    if (district_id is None) == (url is None):
        raise typer.BadParameter("give a district's ID, or --url with a token on standard input", param_hint="ID")
    if district_id is None:
        found = tenants_at(str(url), _read("token").strip())
    else:
        with installation() as (settings, registry):
            found = visible_tenants(registry, settings, district_id)
    if as_json:
        print_json(found)
    elif found:
        columns = ["tenant", "tenant ID", "application ID", "url"]
        print_table(columns, [[one.tenant_name, one.tenant_id, one.oneroster_application_id, one.url] for one in found])
    else:
        say("this token can see no district yet. A district shares its roster with our application in its ClassLink console.")
