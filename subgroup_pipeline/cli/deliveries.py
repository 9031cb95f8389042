"""`subgroups delivery …`: what came, what became of it, and why."""

from __future__ import annotations

from typing import Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="Deliveries: what came, what became of it, and why.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_deliveries(
    district: Annotated[list[str] | None, typer.Option(help="Only this district; may be given again.")] = None,
    as_json: Json = False,
) -> None:
    """List deliveries, oldest first.

    Example: subgroups delivery list --district maple_valley --json
    """
    from subgroup_pipeline.registry.districts import registered_districts
    from subgroup_pipeline.registry.ledger import all_deliveries, describe_delivery

    with installation() as (_, registry):
        registered_districts(registry, district)
        deliveries = [describe_delivery(delivery) for delivery in all_deliveries(registry, district)]
    if as_json:
        print_json(deliveries)
        return
    names = ["delivery_id", "district_id", "feed", "state", "verdict", "proof", "received_at"]
    rows = [[*(delivery[name] for name in names), len(delivery["findings"])] for delivery in deliveries]
    print_table([*names, "findings"], rows)


@app.command()
def show(
    delivery_id: Annotated[str, typer.Argument(metavar="DELIVERY", help="Its id, or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """Show a delivery with everything that was found in it.

    Example: subgroups delivery show 20261001T0300
    """
    from subgroup_pipeline.registry.ledger import describe_delivery, find_delivery

    with installation() as (_, registry), registry.begin() as session:
        delivery = describe_delivery(find_delivery(session, delivery_id))
    if as_json:
        print_json(delivery)
        return
    for name, value in delivery.items():
        if name not in ("findings", "counts", "files"):
            typer.echo(f"{name:17} {'' if value is None else value}")
    files = delivery["counts"].get("files", {})
    if files:
        typer.echo("")
        names = ["lines", "records", "blank", "set_aside", "landed"]
        print_table(["file", *names], [[file, *(counts.get(name) for name in names)] for file, counts in files.items()])
    if delivery["findings"]:
        typer.echo("")
        names = ["severity", "code", "file", "line", "column", "count", "message", "how_to_fix"]
        print_table(names, [[finding[name] for name in names] for finding in delivery["findings"]])
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
    from subgroup_pipeline.registry.ledger import find_delivery

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_delivery(session, delivery_id)
        decisions.approve(session, delivery, by=by, reason=reason)
        say(f"{delivery.delivery_id} is {delivery.verdict}; `subgroups run` publishes it")


@app.command()
def reject(delivery_id: Id, by: By, reason: Reason) -> None:
    """Refuse a delivery, also a published one: the accepted one before it is live again.

    Example: subgroups delivery reject 20261001T0300 --by "Ana Ruiz" --reason "last year's export"
    """
    from subgroup_pipeline.registry import decisions
    from subgroup_pipeline.registry.ledger import find_delivery

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_delivery(session, delivery_id)
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
    from subgroup_pipeline.registry.ledger import find_delivery

    with installation() as (_, registry), registry.begin() as session:
        delivery = find_delivery(session, delivery_id)
        decisions.replay(session, delivery, by=getpass.getuser())
        say(f"{delivery.delivery_id} is landed and judged again by the next run")
