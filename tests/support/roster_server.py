"""Districts whose rosters come from the OneRoster server of the tests: their settings, secrets and signing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subgroup_pipeline.desk.secrets import keep_secret
from subgroup_pipeline.districts.registered import registered_districts
from subgroup_pipeline.intake.archive import DistrictArchive
from subgroup_pipeline.intake.fetch import Fetched, fetch_deliveries
from subgroup_pipeline.reading.listed_pages import pages_file
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import Delivery
from tests.oneroster_server.oauth import Access, Bearer, Signed
from tests.oneroster_server.server import District, OneRosterServer
from tests.support import small_district as small
from tests.support.home import Home

CLIENT_ID, CLIENT_SECRET, TOKEN = "our-client", "s3cret of our+client/%", "t0ken-of-our-client"
METADATA = """\
subgroups:
  sources: [roster_metadata]
  matches: users.sourcedId
  columns:
    ell:  {subgroup: english_learner, values: {y: yes, n: no}}
    sped: {subgroup: students_with_disabilities, values: {y: yes, n: no}, blank: no}
"""
OAUTH1 = "{type: oauth1, signature: HMAC-SHA256}"


def settings(name: str, url: str, *, auth: str = OAUTH1, page_size: int = 4, parallel: int = 4, subgroups: str = METADATA) -> str:
    """A district's YAML, with its roster at this address."""
    return f"""\
district: {name}
name: Made-up {name}
timezone: America/Chicago
as_of: 2026-10-01
roster:
  source: oneroster_api
  url: {url}
  auth: {auth}
  page_size: {page_size}
  parallel: {parallel}
{subgroups}guards: {{first_delivery: accept, match_rate: 0.5}}
"""


def roster(students: int = 10) -> dict[str, str]:
    """The small roster, with subgroups in `metadata`: every third `ell`, every fifth a blank `sped`."""
    made = small.made_roster(students)
    for n, user in enumerate(made.rows["users"]):
        user["metadata.ell"] = "y" if n % 3 == 0 else "n"
        user["metadata.sped"] = "" if n % 5 == 0 else "n"
    return made.texts()


class FetchedHome(Home):
    """A home whose districts are fetched from a OneRoster server."""

    server: OneRosterServer

    def offer(
        self,
        name: str = "alpha",
        access: Access | None = None,
        files: Mapping[str, str | bytes] | None = None,
        *,
        auth: str = OAUTH1,
        behaviour: Mapping[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - as `settings` takes them
    ) -> District:
        """A district on the server, registered with its settings and secrets."""
        signed = access or Signed(CLIENT_ID, CLIENT_SECRET)
        district = self.server.add(name, signed, files or roster(), **(behaviour or {}))
        self.apply(settings(name, self.server.root(name), auth=auth, **options))
        given = {"token": TOKEN} if isinstance(signed, Bearer) else {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        for secret, value in given.items():
            keep_secret(self.registry, self.settings, name, secret, value, actor="test")
        return district

    def fetch(self, *names: str) -> Fetched:
        """Fetch from the server."""
        return fetch_deliveries(self.registry, self.settings, registered_districts(self.registry, list(names) or None))

    def pages(self, collection: str, name: str = "alpha") -> bytes:
        """The pages of a list as they are kept of a district's newest delivery."""
        file = next(file for file in self.came(name)[-1].files if file.name == pages_file(collection))
        archive = DistrictArchive(self.settings.paths, name)
        with archive.opened(file.sha256, self.settings.paths.scratch) as path:
            return gzip.decompress(path.read_bytes())

    def kept(self, collection: str, name: str = "alpha") -> list[dict[str, Any]]:
        """The objects in them."""
        return [one for page in self.pages(collection, name).splitlines() for one in json.loads(page)[collection]]

    def came(self, name: str = "alpha") -> list[Delivery]:
        """Deliveries of a district, oldest first."""
        return [delivery for delivery in all_deliveries(self.registry, [name]) if delivery.sha256 is not None]


def fetched_home(path: Path, server: OneRosterServer, **settings: Any) -> FetchedHome:  # noqa: ANN401 - as `load_settings` takes them
    """A home in this directory, for this server."""
    home = FetchedHome.at(path, **settings)
    home.server = server
    return home
