"""Two nights over many small districts, of which each test file looks at its own: a night costs more than a district.

They are the bad uploads of `test_bad_input`, the rosters of `test_reconciliation`, the sources of `test_subgroup_sources`, a
district of `test_decisions` whose settings change between the nights, and one of `test_outbox_of_a_night`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh
import pytest
import sqlalchemy as sa

from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.registry.schema import Mail
from subgroup_pipeline.reports.outbox import deliver_reports
from tests.night import messy_rosters, named_students, roster_sources
from tests.night.bad_uploads import CASES, GOOD, SERVERS, good_roster, good_subgroups, zipped
from tests.support import small_district as small
from tests.support.installation import Installation, installation_in
from tests.support.outbox import outbox_of

MAPS = "maps"
"""Its subgroup file is held on the first night; then other settings let it in."""
Marts = dict[str, list[tuple[Any, ...]]]


@dataclass
class TwoNights:
    """The installation after both nights, and what was so between them.

    `before` has the marts of those districts with bad uploads that were published on the first night, `states_of_maps` the states
    of the subgroup file that was held, `first_outbox` and `first_mails` what the district of `named_students` got, and
    `reports_again` how many reports a second round wrote for it. `run_id` is that of the second night.
    """

    installation: Installation
    before: dict[str, Marts]
    states_of_maps: list[str]
    first_outbox: dict[str, bytes]
    first_mails: Sequence[Mail]
    reports_again: int
    run_id: str


def marts_of(installation: Installation, district: str) -> Marts:
    """Every published row of a district, by table."""
    tables = [row[0] for row in installation.ask("select table_name from information_schema.tables where table_schema = 'marts'")]
    return {
        table: sorted(installation.ask(f"from marts.{table} where district_id = '{district}'"), key=str)
        for table in sorted(tables)
    }


@pytest.fixture(scope="package")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoNights]:
    with installation_in(tmp_path_factory.mktemp("two_nights") / "home", staff_mail=named_students.STAFF_MAIL) as installation:
        _good_uploads(installation)
        messy_rosters.first_evening(installation)
        roster_sources.evening(installation)
        named_students.first_evening(installation)
        installation.apply(small.settings(MAPS, **{"match_rate: 0.5": "match_rate: 0.9"}))
        installation.drop(MAPS, "roster", small.roster(10))
        installation.drop(MAPS, "subgroups", {"s.csv": small.subgroups(10).replace("s00", "x00")})
        installation.night()
        before = {district: marts_of(installation, district) for district, case in CASES.items() if case.before}
        states = [delivery["state"] for delivery in installation.deliveries(MAPS, "subgroups")]
        outbox = outbox_of(installation, named_students.DISTRICT)
        with installation.registry.begin() as session:
            mails = session.scalars(sa.select(Mail).filter_by(district_id=named_students.DISTRICT)).all()
        its = [one for one in registered_districts(installation.registry) if one.district_id == named_students.DISTRICT]
        again = deliver_reports(installation.registry, installation.settings, its).reports
        _bad_uploads(installation)
        named_students.second_evening(installation)
        messy_rosters.second_evening(installation)
        installation.apply(small.settings(MAPS, **{"match_rate: 0.5": "match_rate: 0.0"}))
        result = installation.night()
        yield TwoNights(installation, before, states, outbox, mails, again, result.run_id)


def _good_uploads(installation: Installation) -> None:
    """What the districts of `bad_uploads` had published before."""
    for district, case in CASES.items():
        installation.apply(small.settings(district))
        if case.before:
            installation.drop(district, "roster", zipped(good_roster(case.students)))
            installation.drop(district, "subgroups", good_subgroups(students=case.students))
    installation.apply(small.settings("better"))
    installation.drop("better", "roster", zipped(good_roster()))


def _bad_uploads(installation: Installation) -> None:
    for district, case in CASES.items():
        installation.drop(district, "roster", case.roster or {})
        installation.drop(district, "subgroups", case.subgroups or {})
    installation.drop("better", "roster", zipped(good_roster(12)))
    for twin in GOOD[1:]:
        installation.apply(small.settings(twin))
        installation.drop(twin, "roster", good_roster())
        installation.drop(twin, "subgroups", good_subgroups())
    _servers(installation)


def _servers(installation: Installation) -> None:
    """Two districts with servers of their own: nobody answers, and one that shows another host key."""
    host_key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(installation.settings.paths.keys / "own_server"))
    for district, port in zip(SERVERS, (1, installation.settings.sftp_port), strict=True):
        server = f"server: {{host: 127.0.0.1, port: {port}, username: us, private_key: own_server, host_key: {host_key}}}\n"
        installation.apply(small.settings(district) + server)
