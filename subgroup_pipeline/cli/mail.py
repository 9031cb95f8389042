"""`subgroups mail …`: what waits, what went out, what did not and why, and trying again."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="Mail: what waits, what went out, and what did not.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class State(StrEnum):
    """How far a mail came."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    COLLECTED = "collected"
    DIGESTED = "digested"


@app.command("list")
def list_mail(
    state: Annotated[list[State] | None, typer.Option(help="Only mail in this state; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """List mail, newest first; with --json oldest first, as programs read it. Its words stand in the portal.

    Example: subgroups mail list --state failed
    """
    from subgroup_pipeline.desk.mail import list_mail as list_some

    with installation() as (settings, registry):
        found = list_some(registry, [one.value for one in state or []])
    if as_json:
        print_json(found)
    elif not found:
        say("no mail" + (" in this state" if state else " yet"))
    else:
        columns = ["mail", "state", "to", "subject", "queued", "tries", "why not"]
        rows = [
            [one.mail_id, one.state, one.recipient, one.subject, f"{one.queued_at:%Y-%m-%d %H:%M}", one.tries, one.failure or ""]
            for one in reversed(found)
        ]
        print_table(columns, rows)
        if settings.smtp_server is None:
            say("SUBGROUPS_SMTP_URL is not set, so mail is kept and not sent")


@app.command()
def retry(as_json: Json = False) -> None:
    """Try again, at once, what failed and what waits for another try; `subgroups up` sends it.

    Example: subgroups mail retry
    """
    from subgroup_pipeline.desk.mail import retry_mail

    with installation() as (_, registry):
        again = retry_mail(registry, by=getpass.getuser())
    if as_json:
        print_json({"queued_again": again})
    else:
        say(f"{len(again)} {'mail is' if len(again) == 1 else 'mails are'} queued again; `subgroups up` sends what is queued")
