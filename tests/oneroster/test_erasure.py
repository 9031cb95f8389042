"""An erased student of a district whose roster is fetched: gone from the pages, and the server brings nobody back."""

from __future__ import annotations

import pytest

from subgroup_pipeline.desk.one_student import erase
from subgroup_pipeline.intake.sources import oneroster_api
from subgroup_pipeline.warehouse.connection import open_warehouse
from tests.oneroster_server.oauth import Bearer
from tests.oneroster_server.server import District
from tests.support import small_district as small
from tests.support.roster_server import TOKEN, FetchedHome
from tests.support.traces import traces

STUDENTS = 10
_TRACES = r"s005\b|Given5\b|Family5\b|\b00005\b"
NEWEST = "2026-10-01T00:00:00.000Z"


def offered(home: FetchedHome) -> District:
    """A district of OneRoster 1.2 whose students are in every list that can name one, also as agents; its roster was landed."""
    made = small.made_roster(STUDENTS)
    made.add_gradebook(STUDENTS)
    made.rows["users"][2]["agentSourcedIds"] = "s005,s006"
    sexes = "".join(f"s{n:03},female\n" for n in range(STUDENTS))
    files = made.texts() | {"demographics.csv": f"sourcedId,sex\n{sexes}"}
    district = home.offer(access=Bearer(TOKEN), files=files, auth="{type: bearer}", behaviour={"version": "1.2"})
    for objects in district.lists.values():
        for number, one in enumerate(objects):
            one["dateLastModified"] = f"2026-09-01T00:00:{number:02}.000Z"
    home.fetch()
    home.land()
    assert len(traces(home.settings, _TRACES)) == 5, "four lists and the raw tables"
    return district


def landed(home: FetchedHome) -> dict[str, set[str]]:
    """The students that the tables have of the newest roster."""
    tables = {"users": "sourcedId", "demographics": "sourcedId", "results": "studentSourcedId"}
    tables |= dict.fromkeys(("roles", "enrollments"), "userSourcedId")
    with open_warehouse(home.settings) as connection:
        query = "select {} from raw.{} where delivery_id = '{}'"
        newest = home.came()[-1].delivery_id
        return {
            table: {row[0] for row in connection.execute(query.format(column, table, newest)).fetchall()}
            for table, column in tables.items()
        }


@pytest.mark.slow
def test_the_pages_lose_the_student_and_no_fetch_brings_the_student_back(
    home: FetchedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oneroster_api, "is_full_due", lambda *_: False)
    district = offered(home)
    done = erase(home.registry, home.settings, "alpha", "s005", by="M. Diaz", reason="asked", dry_run=False)
    assert done.removed["archive/"] == 5  # a user, an agent, a seat, a row of demographics, and a result
    assert traces(home.settings, _TRACES) == {}
    assert len(home.kept("users")) == STUDENTS, "the others keep their numbers in the list"

    assert home.fetch().seen_again == 1
    district.lists["users"][3] |= {"dateLastModified": NEWEST, "givenName": "Changed"}
    fetched = home.fetch()
    assert (len(fetched.new), fetched.faults) == (1, {})
    home.land()
    others = {f"s{n:03}" for n in range(STUDENTS)} - {"s005"}
    assert landed(home) == dict.fromkeys(("users", "roles", "enrollments", "demographics", "results"), others)
    assert ("ARC003", "/users", 1) in {(said.code, said.file, said.count) for said in home.came()[-1].findings}
    assert traces(home.settings, _TRACES) == {}, "not even in freed blocks of the warehouse"
