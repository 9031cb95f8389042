"""`subgroups delivery …`: what came, what became of it, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_findings, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.deliveries import ShownDelivery

app = typer.Typer(help="Deliveries: what came, what became of it, and why.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class State(StrEnum):
    """How far a delivery came."""

    RECEIVED = "received"
    SCREENED = "screened"
    LANDED = "landed"
    HELD = "held"
    ACCEPTED = "accepted"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"


@app.command("list")
def list_deliveries(
    district: Annotated[list[str] | None, typer.Option(help="Only this district; may be given again.")] = None,
    state: Annotated[list[State] | None, typer.Option(help="Only deliveries in this state; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """List deliveries, newest first; with --json oldest first, as programs read them.

    Example: subgroups delivery list --state held --state rejected
    """
    from subgroup_pipeline.desk.deliveries import list_deliveries as list_some

    with installation() as (_, registry):
        found = list_some(registry, district, [one.value for one in state or []])
    if as_json:
        print_json(found)
    elif not found:
        say("no delivery" + (" in this state" if state else " yet; `subgroups up` shows where districts upload"))
    else:
        print_deliveries(found)


def print_deliveries(deliveries: Sequence[ShownDelivery]) -> None:
    """A table of them, newest first, with as much of each id as names it."""
    ids = _short([str(delivery.delivery_id) for delivery in deliveries])
    columns = ["delivery", "district", "feed", "state", "set aside", "findings"]
    rows = [
        [ids[str(d.delivery_id)], d.district_id, d.feed, d.state, d.counts.rows_set_aside, len(d.findings)]
        for d in reversed(deliveries)
    ]
    print_table(columns, rows)


def _short(delivery_ids: list[str]) -> dict[str, str]:
    """As much of each id as names one of them: its second, or its whole time where two came in one."""
    seconds = Counter(one[:15] for one in delivery_ids)
    return {one: one[:15] if seconds[one[:15]] == 1 else one.partition("-")[0] for one in delivery_ids}


@app.command()
def show(
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """Show a delivery with everything that was found in it.

    Example: subgroups delivery show 20261001T0300
    """
    from subgroup_pipeline.desk.deliveries import show_delivery

    with installation() as (_, registry):
        delivery = show_delivery(registry, delivery_id)
    if as_json:
        print_json(delivery)
        return
    for field in fields(delivery):
        value = getattr(delivery, field.name)
        if field.name not in ("findings", "counts", "files"):
            typer.echo(f"{field.name:17} {'' if value is None else value}".rstrip())
    if delivery.counts.oneroster_version:
        typer.echo(f"{'oneroster_version':17} {delivery.counts.oneroster_version}")
    print_contents(delivery)


def print_contents(delivery: ShownDelivery) -> None:
    """The files of a delivery with their counts of rows, and its findings."""
    files = delivery.counts.files
    if files:
        typer.echo("")
        names = ["lines", "records", "blank", "set_aside", "landed"]
        # What was never counted is empty, which is not 0.
        rows = [[name, *(getattr(f, one) if one in f.model_fields_set else None for one in names)] for name, f in files.items()]
        print_table(["file", *names], rows)
    if delivery.findings:
        typer.echo("")
        print_findings(delivery.findings)
    else:
        say("nothing to mend")


Id = Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, or the beginning of it.")]
By = Annotated[str, typer.Option(help="Who decides.")]
Reason = Annotated[str, typer.Option(help="Why; it stays in the audit log.")]


@app.command()
def approve(delivery_id: Id, by: By, reason: Reason) -> None:
    """Let a held delivery through; the next run publishes it.

    Example: subgroups delivery approve 20261001T0300 --by "Ana Ruiz" --reason "boundary change, confirmed by phone"
    """
    from subgroup_pipeline.desk import deliveries

    with installation() as (_, registry):
        delivery = deliveries.approve(registry, delivery_id, by=by, reason=reason)
    say(f"{delivery.delivery_id} is {delivery.verdict}; `subgroups run` publishes it")


@app.command()
def reject(delivery_id: Id, by: By, reason: Reason) -> None:
    """Refuse a delivery, also a published one: the accepted one before it is live again.

    Example: subgroups delivery reject 20261001T0300 --by "Ana Ruiz" --reason "last year's export"
    """
    from subgroup_pipeline.desk import deliveries

    with installation() as (_, registry):
        delivery, previous = deliveries.reject(registry, delivery_id, by=by, reason=reason)
    back = f"; {previous.delivery_id} is live again, and the next run publishes it" if previous else ""
    say(f"{delivery.delivery_id} is rejected{back}")


@app.command()
def replay(delivery_id: Id) -> None:
    """Have a delivery landed from the archive and judged again by the next run.

    Example: subgroups delivery replay 20261001T0300
    """
    import getpass

    from subgroup_pipeline.desk import deliveries

    with installation() as (_, registry):
        delivery = deliveries.replay(registry, delivery_id, by=getpass.getuser())
    say(f"{delivery.delivery_id} is landed and judged again by the next run")
