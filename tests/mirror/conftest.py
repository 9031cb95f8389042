"""Two published districts, and mirrors of them in databases of their own, with roles of BI tools that ask there."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from subgroup_pipeline.desk.mirror import let_see
from subgroup_pipeline.settings import load_settings
from tests.support.home import Home
from tests.support.postgres import Server
from tests.support.published_marts import MadeUp, publish_made_up

ODD = ("a\tb\n\r\\N", "\\N", "\\.", 'it\'s "quoted"', "{a,b}", "ä 🙂")
"""What COPY could trip over: tabs, line ends, its word for null, its end of data, quotes, and an array's brackets."""
OF_ALDER = MadeUp(students=40, subgroups={"english_learner": ("yes", "no"), "home_language": ODD})
OF_BIRCH = MadeUp(students=25, subgroups={"english_learner": ("no", "yes", "no")})


@dataclass
class Mirror(Home):
    """A home whose mirror is a new database, and the roles that a test made in its server."""

    server: Server
    roles: list[str] = field(default_factory=list)

    @property
    def database(self) -> str:
        return self.settings.mirror_url.get_secret_value().rpartition("/")[2]

    def role(self, *districts: str, options: str = "") -> str:
        """A new role that can sign in, granted these districts."""
        name = f"bi_{secrets.token_hex(4)}"
        self.server.run(f"create role {name} login password 'secret' {options}")
        self.roles.append(name)
        if districts:
            let_see(self.settings, self.registry, name, districts, by="test")
        return name

    def ask(self, statement: str, *, role: str = "") -> list[tuple[Any, ...]]:
        """What a role gets to a statement, or the administrator; raises what the server says, and changes nothing then."""
        url = self.server.administrator.url.set(database=self.database)
        engine = sa.create_engine(url.set(username=role, password="secret") if role else url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            done = connection.execute(sa.text(statement).execution_options(no_parameters=True))
            return [tuple(row) for row in done] if done.returns_rows else []

    def districts_of(self, role: str, table: str = "marts.dim_student") -> dict[str, int]:
        """Rows by district, as a role sees them."""
        return dict(self.ask(f"select district_id, count(*) from {table} group by 1", role=role))

    def clear(self) -> None:
        """Remove the database and the roles."""
        self.server.drop_database(self.database)
        for role in self.roles:
            self.server.run(f"drop role if exists {role}")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A home with alder and birch published, for tests that publish nothing more."""
    home = Home.at(tmp_path_factory.mktemp("mirrored"))
    for district in ("alder", "birch"):
        home.add(district)
    publish_made_up(home, {"alder": OF_ALDER, "birch": OF_BIRCH})
    yield home
    home.close()


def new_mirror(home: Home, server: Server) -> Mirror:
    """An empty mirror of what this home publishes; `clear` removes it."""
    settings = load_settings(home=home.settings.home, mirror_url=server.make_database())
    return Mirror(settings, home.registry, server)


@pytest.fixture
def mirror(published: Home, postgres_server: Server) -> Iterator[Mirror]:
    """An empty mirror of what is published."""
    mirror = new_mirror(published, postgres_server)
    yield mirror
    mirror.clear()


@pytest.fixture
def own_mirror(published: Home, tmp_path: Path, postgres_server: Server) -> Iterator[Mirror]:
    """A mirror of a home of its own, for a test that publishes."""
    shutil.copytree(published.settings.home, tmp_path / "home", symlinks=True)
    home = Home.at(tmp_path / "home")
    mirror = new_mirror(home, postgres_server)
    yield mirror
    mirror.clear()
    home.close()
