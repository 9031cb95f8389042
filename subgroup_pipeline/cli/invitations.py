"""`subgroups district invite`: a one-time link with which a district sets its password or key."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, say


def invite(
    district_id: Annotated[str, typer.Argument(metavar="ID", help="The district's key.")],
    hours: Annotated[int, typer.Option(help="How long the link is good: 1 to 168.", min=1, max=168)] = 72,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make a one-time link to the page where a district chooses its password; an older link of it ends.

    Example: subgroups district invite maple_valley --hours 24
    """
    from subgroup_pipeline.desk.invitations import invite as invite_now

    with installation() as (settings, registry):
        invited, mailed_to = invite_now(registry, settings, district_id, by=getpass.getuser(), hours=hours)
    say(f"{district_id} sets itself up here, once, until {invited.expires_at:%Y-%m-%d %H:%M} UTC:")
    if as_json:
        print_json(invited)
    else:
        typer.echo(invited.url)
    if not mailed_to:
        say("it was not mailed, because the settings name no contacts; send it to the district yourself")
    elif settings.smtp_server is None:
        say(f"mail to {', '.join(mailed_to)} is kept and not sent, because SUBGROUPS_SMTP_URL is not set; send the link yourself")
    else:
        say(f"goes by mail to {', '.join(mailed_to)}")
