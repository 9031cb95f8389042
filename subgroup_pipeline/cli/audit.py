"""`subgroups audit`: who did what and when, and whether anybody changed the log behind our back."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from subgroup_pipeline.cli.output import installation, print_json, print_table, say

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry

_COLUMNS = ("event_id", "at", "kind", "actor", "district_id", "delivery_id", "detail")
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Since this day (UTC).")]


def audit(  # noqa: PLR0913, PLR0917 - the options of a command
    district: Annotated[str, typer.Option(help="Only events of this district.")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind (sftp.login), or all that begin so (sftp.).")] = "",
    student: Annotated[str, typer.Option(help="Only who looked at the page of the student with this ID; needs --district.")] = "",
    since: Day = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many, the newest.")] = 50,
    verify: Annotated[bool, typer.Option("--verify", help="Prove the whole log; exit 1 when it was changed.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the audit log, newest first: sign-ins, uploads, decisions, settings, links, mail, looks at students.

    Example: subgroups audit --district maple_valley --kind sftp. --since 2026-11-01
    """
    from subgroup_pipeline.desk.audit import Sought, as_row, audit_events
    from subgroup_pipeline.desk.student_views import VIEWED, student_mark
    from subgroup_pipeline.portal.portal_key import portal_key

    if student and not district:
        raise typer.BadParameter("an ID is one student only within a district: add --district", param_hint="--student")
    with installation() as (settings, registry):
        if verify:
            raise typer.Exit(_verify(registry, as_json=as_json))
        sought = Sought(
            district_id=district,
            kind=VIEWED if student else kind,
            student=student_mark(portal_key(settings.paths), district, student) if student else "",
            since=since.replace(tzinfo=UTC) if since else None,
        )
        events = list(audit_events(registry, sought, most))
    if as_json:
        print_json(events)
    elif as_csv:
        from subgroup_pipeline.reports.csv_table import safe_cell

        table = csv.writer(sys.stdout, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(_COLUMNS)
        table.writerows([safe_cell(cell) for cell in as_row(event).values()] for event in events)
    elif events:
        print_table(_COLUMNS, [list(as_row(event).values()) for event in events])
    else:
        say("no event fits")


def _verify(registry: Registry, *, as_json: bool) -> int:
    from subgroup_pipeline.desk.audit import verify_audit

    proof = verify_audit(registry)
    if as_json:
        print_json(proof)
    else:
        for fault in proof.faults:
            say(f"event {fault.event_id}: {fault.what}")
        older = f" ({proof.unchained} are older than the chain)" if proof.unchained else ""
        typer.echo(f"{proof.events} events{older}; the last is {proof.last_event_id} with {proof.last_sha256}")
        said = "the log was changed" if proof.faults else "no event was changed or is missing; note the last hash elsewhere"
        say(said)
    return 1 if proof.faults else 0
