"""`subgroups up`: the SFTP server and the portal in this process, Dagster's two and the noticeboard as children.

All stop within ten seconds. A child that ends is started again, and districts can upload meanwhile. What districts do is said
in the terminal.
"""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from subgroup_pipeline.cli.children import start_noticeboard
from subgroup_pipeline.cli.output import say
from subgroup_pipeline.cli.vital_signs import VitalSigns
from subgroup_pipeline.desk.ports import require_free
from subgroup_pipeline.settings import LOOPBACK, SERVICE_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from subgroup_pipeline.dropserver.server import DropServer
    from subgroup_pipeline.notify.rounds import MailRounds
    from subgroup_pipeline.portal.server import PortalServer
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

PARTS = ("sftp", "portal", "dagster")


def drop_server(settings: Settings, registry: Registry, *, port: int | None = None, is_told: bool = False) -> DropServer:
    """The SFTP server over this installation's accounts; its events go to the audit log, and with `is_told` to the terminal."""
    from subgroup_pipeline.access.known_places import known_places
    from subgroup_pipeline.access.password_checker import PasswordChecker
    from subgroup_pipeline.districts.district_keys import account_keys
    from subgroup_pipeline.dropserver.accounts import Accounts
    from subgroup_pipeline.dropserver.server import DropServer

    def audit(kind: str, account: str, detail: dict[str, str]) -> None:
        if is_told and (words := _told(kind, account, detail)):
            say(f"{time.strftime('%H:%M:%S')} {words}")
        registry.audit(kind, actor=account[:80], detail=dict(detail))

    return DropServer(
        root=settings.paths.sftp,
        keys_dir=settings.paths.keys,
        host=settings.sftp_host,
        port=settings.sftp_port if port is None else port,
        accounts=Accounts(
            keys_of=lambda account: account_keys(registry, account),
            passwords=PasswordChecker(registry),
            known_places=known_places(registry),
        ),
        audit=audit,
    )


def _told(kind: str, account: str, detail: dict[str, str]) -> str:
    """An event in words; the pipeline's own sign-ins, one a minute, are none for a person."""
    if account == SERVICE_ACCOUNT:
        return ""
    match kind:
        case "sftp.login":
            return f"{account} signed in with a {detail['way']} from {detail['peer']}"
        case "sftp.login_refused":
            return f"{detail.get('name', account)} was refused from {detail['peer']}: {_refused(detail)}"
        case "sftp.closed":
            return f"{account} was put out: {detail['reason']}"
        case "sftp.upload":
            end = "" if detail["clean_close"] == "true" else "; the connection was cut, so it is not taken"
            return f"{account} uploaded {detail['path']}, {detail['bytes']} bytes{end}"
        case _:
            return ""


def _refused(detail: dict[str, str]) -> str:
    """Why somebody did not get in."""
    words = []
    if "passwords" in detail:
        words.append(f"wrong password, {detail['passwords']} tried")
    if "refused_unseen" in detail:
        words.append(f"{detail['refused_unseen']} not looked at after too many wrong ones")
    if "passwords" not in detail or detail["keys"] != "none offered":
        words.append(f"no key in force (offered: {detail['keys']})")
    return "; ".join(words)


def run_up(settings: Settings, registry: Registry, only: str | None) -> None:
    """Run until Ctrl-C or SIGTERM. Raises SubgroupsError when a part cannot start."""
    asyncio.run(_run(settings, registry, [only] if only else list(PARTS)))


async def _run(settings: Settings, registry: Registry, parts: list[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ports = {
        "sftp": ("SFTP", (settings.sftp_host, settings.sftp_port)),
        "portal": ("WEB", (LOOPBACK, settings.web_port)),
        "dagster": ("DAGSTER", (LOOPBACK, settings.dagster_port)),
    }
    require_free(dict(ports[part] for part in parts))
    signs = VitalSigns(settings, registry)
    with ExitStack() as stack:
        if "sftp" in parts:
            signs.server = drop_server(settings, registry, is_told=True)
            await signs.server.start()
            _greet(signs.server)
        try:
            if "dagster" in parts:
                _start_dagster(settings, signs, stack)
            if "portal" in parts:
                signs.noticeboard = None if settings.noticeboard else start_noticeboard(settings)
                signs.portal = await _open_portal(settings, registry, signs)
                signs.mail = _start_mail(settings, registry)
            say("Ctrl-C stops everything")
            while not stop.is_set():
                for children in (signs.dagster, signs.noticeboard):
                    if children is not None:
                        children.watch()
                await asyncio.wait([asyncio.create_task(stop.wait())], timeout=0.5)
        finally:
            await _stop(signs)


async def _stop(signs: VitalSigns) -> None:
    """Stop all parts side by side: each may take most of the ten seconds."""
    stops: list[Awaitable[None]] = []
    if signs.portal is not None:
        stops.append(signs.portal.stop())
    if signs.mail is not None:
        stops.append(signs.mail.stop())
    stops += [asyncio.to_thread(children.stop) for children in (signs.dagster, signs.noticeboard) if children is not None]
    if signs.server is not None:
        stops.append(signs.server.stop())
    await asyncio.gather(*stops)


async def _open_portal(settings: Settings, registry: Registry, signs: VitalSigns) -> PortalServer:
    from subgroup_pipeline.portal.server import PortalServer

    portal = PortalServer(settings, registry, signs.parts)
    await portal.start()
    say(f"portal: {settings.portal_url} (`subgroups user add EMAIL --role vendor`, then `subgroups user link EMAIL`)")
    return portal


def _start_mail(settings: Settings, registry: Registry) -> MailRounds:
    """Begin the rounds of mail, beside the portal: there is one of each."""
    from subgroup_pipeline.notify.rounds import MailRounds

    mail = MailRounds(settings, registry)
    mail.start()
    server = settings.smtp_server
    if server is None:
        say("mail: kept, not sent (`subgroups mail list`); SUBGROUPS_SMTP_URL names a server")
    elif not settings.sender_address:
        say("mail: kept, not sent; SUBGROUPS_MAIL_FROM names the address that it comes from")
    else:
        say(f"mail: goes out over {server.host} port {server.port}")
    return mail


def _greet(server: DropServer) -> None:
    say(f"SFTP server: {server.host} port {server.port}")
    for fingerprint in server.keyring.fingerprints.values() if server.keyring else ():
        say(f"  host key {fingerprint}")


def _start_dagster(settings: Settings, signs: VitalSigns, stack: ExitStack) -> None:
    say("Dagster starts, which takes some seconds")  # before its import
    from subgroup_pipeline.cli.children import start_dagster
    from subgroup_pipeline.orchestration.instance import open_instance

    # Opened first: it makes Dagster's databases. The children, begun at once, would make them side by side, and one would fail.
    signs.instance = stack.enter_context(open_instance(settings, every_page=True))
    signs.dagster = start_dagster(settings)
    say(f"Dagster: http://{LOOPBACK}:{settings.dagster_port} in a few seconds; its words are in {settings.paths.logs}")
