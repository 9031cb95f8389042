"""Faults of a OneRoster server: what is tried again, and what makes a district fail for the night and nobody else."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from starlette.responses import JSONResponse, Response

from subgroup_pipeline.intake.oneroster import server as requests
from subgroup_pipeline.intake.sources import oneroster_api
from subgroup_pipeline.registry.ledger import all_deliveries, district_findings
from tests.oneroster_server.server import Asked, Fault
from tests.support import small_district as small
from tests.support.roster_server import FetchedHome, roster, settings


def on(collection: str, offset: int, answer: Callable[[Asked], Response | None], times: int = 1000) -> Fault:
    """A fault of one page, the first so many times that it is asked for."""

    def fault(asked: Asked) -> Response | None:
        is_it = (asked.collection, asked.offset) == (collection, offset) and asked.time <= times
        return answer(asked) if is_it else None

    return fault


def status(code: int, **headers: str) -> Callable[[Asked], Response]:
    return lambda _: JSONResponse({}, code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def cut_off(asked: Asked) -> Response:
    whole = asked.answer()
    return Response(bytes(whole.body)[:-40], headers={"X-Total-Count": whole.headers["X-Total-Count"]})


def first_object_leaves(asked: Asked) -> None:
    asked.district.lists[asked.collection].pop(0)


def one_comes_first(asked: Asked) -> None:
    objects = asked.district.lists[asked.collection]
    objects.insert(0, objects[0] | {"sourcedId": f"a{asked.time}"})


def another_total(asked: Asked) -> Response:
    answer = asked.answer()
    answer.headers["X-Total-Count"] = "9"
    return answer


def said(home: FetchedHome) -> dict[str, str]:
    """Code of the one finding of each district that has one."""
    with home.registry.begin() as session:
        return {finding.district_id: finding.code for finding in district_findings(session)}


HEALED: dict[str, Fault] = {
    "fails_once": on("users", 4, status(500), 1),
    "fails_thrice": on("users", 4, status(503), 3),
    "retry_after": on("users", 0, status(429, Retry_After="1"), 1),
    "again_later": on("enrollments", 8, cut_off, 1),
    "object_leaves": on("users", 4, first_object_leaves, 1),
    "object_comes": on("users", 4, one_comes_first, 1),
    "total_moves": on("users", 8, another_total, 1),
}


def test_what_another_try_mends_is_tried_again(home: FetchedHome) -> None:
    for fault, behaviour in HEALED.items():
        home.offer(fault, files=roster(12)).fault = behaviour
    assert home.fetch("again_later").faults == {}
    began = time.monotonic()
    assert home.fetch("retry_after").faults == {}
    assert time.monotonic() - began > 1
    fetched = home.fetch()
    assert (fetched.faults, fetched.seen_again) == ({}, 2)
    for fault in HEALED:
        for collection, objects in home.server.districts[fault].lists.items():
            assert home.kept(collection, fault) == objects


FAILING: dict[str, tuple[Fault, str, str]] = {
    "fails_always": (on("users", 4, status(500)), "API003", "answered 500 for users"),
    "answers_400": (on("users", 0, status(400)), "API003", "answered 400"),
    "answers_403": (on("users", 0, status(403)), "API002", "refused our sign-in for users"),
    "answers_404": (on("users", 0, status(404)), "API005", "has no users"),
    "page_is_missing": (on("users", 4, status(404)), "API003", "from 4 on"),
    "redirects": (on("orgs", 0, status(302, Location="https://elsewhere.example/")), "API003", "sends us elsewhere"),
    "cut_off": (on("enrollments", 8, cut_off), "API003", "from 8 on"),
    "no_list": (on("orgs", 0, lambda _: JSONResponse([])), "API003", "no list of orgs"),
    "no_ids": (on("orgs", 0, lambda _: JSONResponse({"orgs": [{"name": "x"}]})), "API003", "no list of orgs"),
    "no_json": (on("orgs", 0, lambda _: Response("<html>Please wait</html>")), "API003", "no list of orgs"),
    "always_moves": (on("users", 4, one_comes_first), "API004", "users"),
    "never_adds_up": (on("users", 8, another_total), "API004", "changed while it was fetched"),
    "too_large": (on("orgs", 0, lambda _: Response(b" " * 6000)), "API003", "more than"),
}


def test_what_stays_faulty_fails_the_district_alone_and_keeps_nothing(home: FetchedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_BYTES", 5000)
    home.offer("fine", page_size=1)
    for fault, (behaviour, _, _) in FAILING.items():
        home.offer(fault, files=roster(12)).fault = behaviour
    fetched = home.fetch()
    assert fetched.faults.keys() == FAILING.keys()
    assert said(home) == {fault: code for fault, (_, code, _) in FAILING.items()}
    for fault, (_, _, words) in FAILING.items():
        assert words in fetched.faults[fault]
        assert home.came(fault) == []
    kept = {file.sha256 for file in home.came("fine")[0].files}
    assert {path.name for path in home.settings.paths.archive.rglob("*") if path.is_file()} == kept
    for fault in FAILING:
        home.server.districts[fault].fault = None
    assert (home.fetch().faults, said(home)) == ({}, {})


def test_a_server_that_is_gone_or_slow_is_said_in_words(home: FetchedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    home.offer("alpha")
    home.apply(settings("alpha", "http://127.0.0.1:9/ims/oneroster/v1p1"))
    assert "127.0.0.1:9 did not answer for orgs (ConnectError)" in home.fetch().faults["alpha"]
    assert said(home) == {"alpha": "API001"}
    home.apply(settings("alpha", home.server.root("alpha")))
    monkeypatch.setattr(oneroster_api, "LONGEST", 0.0)
    assert "in the time that a district has" in home.fetch().faults["alpha"]
    assert said(home) == {"alpha": "API006"}


def test_a_gradebook_never_stops_a_roster(home: FetchedHome) -> None:
    for code in (200, 404, 403, 500):
        home.offer(f"answers_{code}", files=small.graded_roster()).fault = on("results", 0, status(code)) if code != 200 else None
    assert home.fetch().faults == {}
    home.land()
    found = {delivery.district_id: delivery for delivery in all_deliveries(home.registry)}
    assert {name.removeprefix("answers_") for name, d in found.items() if "results.csv" in d.record.files} == {"200"}
    about = {name.removeprefix("answers_"): [(f.code, f.file) for f in d.findings] for name, d in found.items()}
    assert about == {"200": [], "404": [], "403": [], "500": [("GRD601", None)]}
