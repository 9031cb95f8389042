"""`subgroups delivery …`: what came, what became of it, and why."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from subgroup_pipeline.cli.output import installation, print_findings, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.registry.schema import Delivery

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
    from subgroup_pipeline.districts.registered import registered_districts
    from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery

    with installation() as (_, registry):
        registered_districts(registry, district)
        found = all_deliveries(registry, district, [one.value for one in state] if state else None)
    if as_json:
        print_json([describe_delivery(delivery) for delivery in found])
    elif not found:
        say("no delivery" + (" in this state" if state else " yet; `subgroups up` shows where districts upload"))
    else:
        print_deliveries(found)


def print_deliveries(deliveries: Sequence[Delivery]) -> None:
    """A table of them, newest first, with as much of each id as names it."""
    ids = _short([delivery.delivery_id for delivery in deliveries])
    columns = ["delivery", "district", "feed", "state", "set aside", "findings"]
    rows = [
        [ids[d.delivery_id], d.district_id, d.feed, d.state, d.record.rows_set_aside, len(d.findings)]
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
    from subgroup_pipeline.registry.ledger import describe_delivery, find_by_beginning

    with installation() as (_, registry), registry.begin() as session:
        delivery = describe_delivery(find_by_beginning(session, delivery_id))
    if as_json:
        print_json(delivery)
        return
    for name, value in delivery.items():
        if name not in ("findings", "counts", "files"):
            typer.echo(f"{name:17} {'' if value is None else value}".rstrip())
    print_contents(delivery)


def print_contents(delivery: dict[str, Any]) -> None:
    """The files of a described delivery with their counts of rows, and its findings."""
    files = delivery["counts"].get("files", {})
    if files:
        typer.echo("")
        names = ["lines", "records", "blank", "set_aside", "landed"]
        print_table(["file", *names], [[file, *(counts.get(name) for name in names)] for file, counts in files.items()])
    if delivery["findings"]:
        typer.echo("")
        print_findings(delivery["findings"])
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
    from subgroup_pipeline.registry import decisions
    from subgroup_pipeline.registry.ledger import find_by_beginning

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_by_beginning(session, delivery_id)
        decisions.approve(session, delivery, by=by, reason=reason)
        say(f"{delivery.delivery_id} is {delivery.verdict}; `subgroups run` publishes it")


@app.command()
def reject(delivery_id: Id, by: By, reason: Reason) -> None:
    """Refuse a delivery, also a published one: the accepted one before it is live again.

    Example: subgroups delivery reject 20261001T0300 --by "Ana Ruiz" --reason "last year's export"
    """
    from subgroup_pipeline.registry import decisions
    from subgroup_pipeline.registry.ledger import find_by_beginning

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_by_beginning(session, delivery_id)
        previous = decisions.reject(session, delivery, by=by, reason=reason)
        back = f"; {previous.delivery_id} is live again, and the next run publishes it" if previous else ""
        say(f"{delivery.delivery_id} is rejected{back}")


@app.command()
def replay(delivery_id: Id) -> None:
    """Have a delivery landed from the archive and judged again by the next run.

    Example: subgroups delivery replay 20261001T0300
    """
    import getpass

    from subgroup_pipeline.registry import decisions
    from subgroup_pipeline.registry.ledger import find_by_beginning

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_by_beginning(session, delivery_id)
        decisions.replay(session, delivery, by=getpass.getuser())
        say(f"{delivery.delivery_id} is landed and judged again by the next run")
