"""`subgroups user …`: who may sign in to the portal."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from subgroup_pipeline.access.roles import Role
from subgroup_pipeline.cli.output import installation, print_json, print_table, say

app = typer.Typer(help="People who may sign in to the portal.", no_args_is_help=True, rich_markup_mode=None)

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The person's mail address.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="vendor: our staff; the others are people of one district.")],
    district: Annotated[str | None, typer.Option(help="The district's key in our settings.")] = None,
    school: Annotated[list[str], typer.Option(help="sourcedId of a school, for the role school; may be given again.")] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Let a person sign in, or give a known one another role; in force at once.

    Example: subgroups user add data@mapleschools.example --role district --district maple_valley
    """
    from subgroup_pipeline.access.people import described, keep_person

    person = described(email, role, district, school)
    with installation() as (_, registry), registry.begin() as session:
        is_changed = keep_person(session, person, actor=getpass.getuser())
    of = f" of {person.district_id}" if person.district_id else ""
    say(f"{person.email} may sign in with the role {person.role}{of}{'' if is_changed else ' (no change)'}")
    if as_json:
        print_json(
            {
                "email": person.email,
                "role": person.role,
                "district_id": person.district_id,
                "school_ids": sorted(person.school_ids),
            }
        )


@app.command("list")
def list_people(
    role: Annotated[Role | None, typer.Option(help="Only this role.")] = None,
    district: Annotated[str | None, typer.Option(help="Only people of this district.")] = None,
    as_json: Json = False,
) -> None:
    """List the people who may sign in, and in how many browsers each is signed in now.

    Example: subgroups user list --district maple_valley
    """
    from subgroup_pipeline.access.people import Wanted
    from subgroup_pipeline.access.people import list_people as list_all

    with installation() as (_, registry):
        people = list_all(registry, Wanted(role=role or "", district_id=district or ""))
    if as_json:
        print_json(people)
    elif not people:
        say("nobody. `subgroups user add EMAIL --role vendor` lets one of your staff sign in.")
    else:
        rows = [[one.email, one.role, one.district_id, ", ".join(one.school_ids), one.sign_ins] for one in people]
        print_table(["person", "role", "district", "schools", "signed in"], rows)


@app.command()
def remove(email: Email, as_json: Json = False) -> None:
    """Let a person sign in no more; where they are signed in, that ends at once.

    Example: subgroups user remove data@mapleschools.example
    """
    from subgroup_pipeline.access.people import remove_person

    with installation() as (_, registry):
        removed = remove_person(registry, email, actor=getpass.getuser())
    say(f"{removed} may sign in no more")
    if as_json:
        print_json({"email": removed})


@app.command()
def link(email: Email, as_json: Json = False) -> None:
    """Make a one-time link with which a person signs in. Whoever has it can: hand it to that person only.

    Example: subgroups user link data@mapleschools.example
    """
    from subgroup_pipeline.desk.sign_in_links import sign_in_link

    with installation() as (settings, registry):
        made = sign_in_link(settings, registry, email, actor=getpass.getuser())
    if as_json:
        print_json(made)
    else:
        typer.echo(made.url)
        say(f"It signs {email} in once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.")
