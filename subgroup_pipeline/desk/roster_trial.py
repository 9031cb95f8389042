"""“Test the connection”: a district's roster server is asked for one record of each list, within a time that a person waits.

Nothing is kept of what the server answers but how many records it says that it has.
"""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from subgroup_pipeline.desk.roster_offer import ROOT
from subgroup_pipeline.desk.roster_server import roster_server
from subgroup_pipeline.districts.district_secrets import open_secrets
from subgroup_pipeline.errors import KeyringError, SettingsError
from subgroup_pipeline.intake.oneroster.faults import (
    FaultyPageError,
    NoAnswerError,
    NotOfferedError,
    NotSharedError,
    OutOfTimeError,
    RefusedAddressError,
    RosterServerError,
    SecretsError,
)
from subgroup_pipeline.intake.oneroster.pages import objects_of, without_passwords
from subgroup_pipeline.intake.oneroster.server import RosterHost, RosterServer, host_of
from subgroup_pipeline.intake.oneroster.signing import signing_of
from subgroup_pipeline.intake.sources.oneroster_api import CORE, OPTIONAL
from subgroup_pipeline.keyring import Keyring
from subgroup_pipeline.networks import read_networks
from subgroup_pipeline.registry.database import record_event

if TYPE_CHECKING:
    from subgroup_pipeline.districts.registered import RegisteredDistrict
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

SECONDS = 20.0
"""That a test may take."""
_PATIENCE = 8.0
"""Seconds that one answer may take."""
_AT_ONCE = 3
TRIED = "district.roster_tested"
_LISTS = {
    "orgs": "Schools and district",
    "academicSessions": "Terms and school years",
    "courses": "Courses",
    "classes": "Classes",
    "users": "Students and staff",
    "enrollments": "Who is in which class",
    "demographics": "Demographics",
    "lineItems": "Gradebook: assignments",
    "results": "Gradebook: scores",
}
"""The lists as a school clerk calls them."""

_FAULTS: dict[type[RosterServerError], tuple[str, str]] = {
    RefusedAddressError: ("Not asked", "{error}"),
    NotSharedError: (
        "Not shared with us",
        "The server knows us and does not show us some lists. In ClassLink, open DataGuard for our application and tick them.",
    ),
    SecretsError: (
        "Sign-in refused",
        "The server does not accept the secrets that we have. Copy them again from its console, and enter them anew.",
    ),
    NotOfferedError: (
        "Not there",
        f"There is no such list at this address. It usually ends in {ROOT}; compare it with your console.",
    ),
    OutOfTimeError: (
        "No answer in time",
        f"The server took longer than {SECONDS:.0f} seconds. Test again later; a night is more patient.",
    ),
    NoAnswerError: ("No answer", "{error} Look whether the address is right, and whether your firewall lets us in."),
    RosterServerError: ("Not readable", "{error} Look whether the address is right; if it is, tell whoever runs the server."),
}
"""What is said of a fault and what to do about it, the narrower kinds first."""


@dataclass(frozen=True)
class TriedList:
    """One list: what became of it in a word and a sentence, how many records the server says it has, and what to do."""

    name: str
    words: str
    tone: Literal["good", "look", "stop", "wait"]
    short: str
    records: int | None = None
    advice: str = ""


@dataclass(frozen=True)
class TriedServer:
    """What came of a test. `problem` says what keeps every list from being read, and is empty where nothing does."""

    host: str
    lists: list[TriedList]
    problem: str = ""

    @property
    def is_good(self) -> bool:
        """Whether a night would get a roster."""
        return not self.problem and all(one.tone == "good" for one in self.lists if one.name in CORE)

    @property
    def advice(self) -> list[str]:
        """What to do, each thing once."""
        return list(dict.fromkeys(one.advice for one in self.lists if one.advice))


def try_roster_server(registry: Registry, settings: Settings, district: RegisteredDistrict, *, actor: str) -> TriedServer:
    """Ask a district's roster server for one record of each list; the audit log says that somebody did.

    Raises SettingsError for a district whose roster is uploaded.
    """
    tried = _tried(registry, settings, district)
    detail = {
        "host": tried.host,
        "good": sum(one.tone == "good" for one in tried.lists),
        "lists": len(tried.lists),
        **({"problem": tried.problem} if tried.problem else {}),
    }
    with registry.begin() as session:
        record_event(session, TRIED, actor=actor, district_id=district.district_id, detail=detail)
    return tried


def asked_server(registry: Registry, settings: Settings, district: RegisteredDistrict, until: float) -> RosterServer:
    """The server of a district, asked once for each thing and until then. Its host has to be closed.

    Raises SettingsError for a district whose roster is uploaded, KeyringError, and SecretsError for missing secrets.
    """
    roster = district.settings.roster
    if roster.url is None or roster.auth is None:
        raise SettingsError(f"the roster of {district.district_id} is uploaded, and no server is asked for it.")
    secrets = open_secrets(registry, Keyring(settings.paths), district.district_id)
    name = host_of(roster.url)
    signing = signing_of(roster.auth, secrets, name)
    host = RosterHost(name, read_networks(settings.roster_networks), _PATIENCE)
    return RosterServer(host, roster.url, signing, until, tries=1)


def _tried(registry: Registry, settings: Settings, district: RegisteredDistrict) -> TriedServer:
    shown = roster_server(registry, district)
    host = host_of(district.settings.roster.url or "")
    if shown is not None and shown.missing:
        return TriedServer(host, [], f"Still missing: {', '.join(shown.missing)}. Enter it first, then test again.")
    try:
        server = asked_server(registry, settings, district, time.monotonic() + SECONDS)
    except KeyringError:
        return TriedServer(host, [], "The secrets cannot be opened on our side. Tell us; you cannot mend this.")
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        asked = {name: pool.submit(_records, server, name) for name in (*CORE, *OPTIONAL)}
        wait(asked.values(), timeout=SECONDS)
        lists = [_outcome(name, answer) for name, answer in asked.items()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        server.host.close()
    return TriedServer(host, lists, _common_problem(lists))


def _records(server: RosterServer, name: str) -> int | None:
    """How many records a list has, as far as the server says. Raises RosterServerError."""
    response, body = server.get(name, {"limit": "1", "offset": "0"})
    try:
        objects_of(without_passwords(body), name, f"{name} of {server.host.name}")
    except ValueError:
        raise FaultyPageError(f"{name} of {server.host.name} is no JSON.") from None
    total = response.headers.get("X-Total-Count", "").strip()
    return int(total) if total.isascii() and total.isdigit() and len(total) <= 12 else None


def _outcome(name: str, answer: Future[int | None]) -> TriedList:
    words, is_core = _LISTS[name], name in CORE
    try:
        error = answer.exception(timeout=0)
    except TimeoutError:
        error = OutOfTimeError()
    if error is None:
        return TriedList(name, words, "good", "Offered", answer.result())
    if not isinstance(error, RosterServerError):
        raise error
    if isinstance(error, NotOfferedError) and not is_core:
        return TriedList(name, words, "wait", "Not offered", advice="")
    short, advice = _said(error)
    return TriedList(name, words, "stop" if is_core else "look", short, advice=advice)


def _said(error: RosterServerError) -> tuple[str, str]:
    """What is wrong, and what to do about it, for a clerk."""
    short, advice = next(words for kind, words in _FAULTS.items() if isinstance(error, kind))
    return short, advice.format(error=error)


def _common_problem(lists: list[TriedList]) -> str:
    """What is wrong with all of them, said once."""
    needed = [one for one in lists if one.name in CORE]
    advice = {one.advice for one in needed}
    return advice.pop() if len({one.short for one in needed}) == 1 and needed[0].tone == "stop" else ""
