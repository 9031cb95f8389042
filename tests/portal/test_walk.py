"""The walk of a new district, as people take it: from a sample file to published reports, with nobody sending a password.

Everything is real: `subgroups up` with its SFTP server, portal and Dagster, Debian's Chromium, and OpenSSH's own client.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import small_district as small
from tests.support.browser import chromium, opened
from tests.support.command import Shell, free_port
from tests.support.installation import zip_of
from tests.support.waiting import waited

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.needs_chromium, pytest.mark.needs_sshd]

STUDENTS = 40
PASSWORD = "seven green walnuts under a bridge"
STAFF, CLERK = "staff@vendor.example", "data@maple.example"
RUN_SECONDS = 300
"""Within which a run has begun and ended: half a minute on a quiet machine."""


class Walk:
    """What the two people of the walk share: an installation that runs, and files on the district's disk."""

    def __init__(self, directory: Path) -> None:
        self.shell = Shell(
            directory,
            {
                "SUBGROUPS_WEB_PORT": str(free_port()),
                "SUBGROUPS_DAGSTER_PORT": str(free_port()),
                "SUBGROUPS_SETTLE_SECONDS": "5",
            },
        )
        (directory / "roster.zip").write_bytes(zip_of(small.roster(STUDENTS)))
        self.shell.write("good.csv", small.subgroups(STUDENTS))
        head, *rows = small.subgroups(STUDENTS).splitlines()
        faulty = [head.replace("sped", "special_ed"), *rows]
        faulty[3] = faulty[3].replace(",Y,", ",maybe,").replace(",N,", ",maybe,")
        self.shell.write("faulty.csv", "\n".join(faulty) + "\n")
        answer = directory / "answer"
        answer.write_text(f"#!/bin/sh\necho '{PASSWORD}'\n")
        answer.chmod(0o700)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.shell.environment['SUBGROUPS_WEB_PORT']}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """`subgroups up`, stopped as a person stops it."""
        with self.shell.up() as up:
            try:
                yield
            finally:
                up.send_signal(signal.SIGTERM)
                up.wait(20)

    def sftp(self, *lines: str) -> None:
        """Upload with OpenSSH's client, which asks for the password as it would ask a person."""
        batch = self.shell.write("batch", "\n".join(lines) + "\n")
        known = self.shell.home / "keys" / "known_hosts"
        options = (f"UserKnownHostsFile={known}", "StrictHostKeyChecking=yes", "PubkeyAuthentication=no", "BatchMode=no")
        done = subprocess.run(
            ["sftp", "-F", "none", "-P", self.shell.port, *(f"-o{option}" for option in options), "-b", batch, "maple@127.0.0.1"],
            cwd=self.shell.directory,
            env=os.environ | {"SSH_ASKPASS": str(self.shell.directory / "answer"), "SSH_ASKPASS_REQUIRE": "force"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr

    def show(self, page: Page, name: str) -> None:
        """Keep a picture of a page, for whoever looks at them."""
        page.screenshot(path=self.shell.directory / f"{name}.png", full_page=True)


def test_from_a_sample_to_published_reports(tmp_path: Path) -> None:
    walk = Walk(tmp_path)
    shell = walk.shell
    assert shell.subgroups("user", "add", STAFF, "--role", "vendor").status == 0
    with (
        walk.running(),
        chromium() as browser,
        opened(browser, walk.url) as staff,
        opened(browser, walk.url) as district,
    ):
        staff.goto(shell.subgroups("user", "link", STAFF, "--json").data["url"])
        staff.get_by_role("button", name="Sign in").click()
        _register(walk, staff)
        link = _invite(walk, staff)
        _set_up(walk, district, link)
        _sign_in(walk, staff, district)

        walk.sftp("put faulty.csv inbox/subgroups/subgroups.csv", "put roster.zip inbox/roster/roster.zip")
        _check_now(district)
        _read_what_is_wrong(walk, district)
        _approve(walk, staff, "Roster of Maple Valley ISD", "The first roster, and it is whole")

        walk.sftp("put good.csv inbox/subgroups/subgroups.csv")
        _check_now(district)
        district.get_by_role("link", name="Overview").click()
        district.get_by_role("heading", name="An upload is on hold: a person looks at it.").wait_for()
        _approve(walk, staff, "Subgroup file of Maple Valley ISD", "The numbers are those that they told us")
        staff.get_by_role("button", name="Run now").click()
        staff.get_by_text("A run was asked for.").wait_for()

        waited(lambda: _published(district), RUN_SECONDS, every=2)
        walk.show(district, "published")
    learners = "select student_count from rpt_district_subgroup where subgroup = 'english_learner' and value = 'yes'"
    assert shell.subgroups("sql", learners, "--json").data == [{"student_count": 14}]


def _register(walk: Walk, staff: Page) -> None:
    """Staff have settings proposed from the district's files, look at them and register the district."""
    staff.goto("/staff/districts/new")
    staff.get_by_role("link", name="Start with a sample").click()
    staff.get_by_label("Sample of the subgroup file").set_input_files(walk.shell.directory / "good.csv")
    staff.get_by_label("Roster (may be left out)").set_input_files(walk.shell.directory / "roster.zip")
    staff.get_by_label("Key of the district").fill("maple")
    staff.get_by_label("Its name").fill("Maple Valley ISD")
    staff.get_by_label("Its time zone").fill("America/Chicago")
    staff.get_by_role("button", name="Propose settings").click()
    staff.get_by_role("heading", name="The settings").wait_for(timeout=120_000)
    walk.show(staff, "proposed")
    staff.get_by_role("button", name="Look before it is registered").click()
    staff.get_by_role("button", name="Register the district").wait_for()
    walk.show(staff, "reviewed")
    staff.get_by_role("button", name="Register the district").click()
    staff.get_by_role("heading", name="Maple Valley ISD").wait_for()


def _invite(walk: Walk, staff: Page) -> str:
    """Staff make the link, which is shown once."""
    staff.get_by_role("link", name="Invite", exact=True).click()
    staff.get_by_role("button", name="Make the link").click()
    link = staff.locator("#made-link").inner_text().strip()
    walk.show(staff, "invited")
    assert link.startswith(f"{walk.url}/setup/")
    return link


def _set_up(walk: Walk, district: Page, link: str) -> None:
    """The district chooses its password."""
    district.goto(link)
    walk.show(district, "setup")
    district.get_by_label("Password", exact=True).fill(PASSWORD)
    district.get_by_label("The same password again").fill(PASSWORD)
    district.get_by_role("button", name="Save this password").click()
    district.get_by_role("heading", name="You are set up").wait_for()
    walk.show(district, "connected")


def _sign_in(walk: Walk, staff: Page, district: Page) -> None:
    """Staff let the district's clerk in, who signs in with the link."""
    staff.get_by_role("link", name="People").click()
    staff.get_by_label("Mail address", exact=True).fill(CLERK)
    staff.locator("#role").select_option("district")
    staff.get_by_label("Key of their district").fill("maple")
    staff.get_by_role("button", name="Add", exact=True).click()
    staff.get_by_role("button", name="Show it to me").click()
    district.goto(staff.locator("#link").inner_text().strip())
    district.get_by_role("button", name="Sign in").click()
    district.get_by_role("heading", name="Nothing has arrived yet.").wait_for()
    walk.show(district, "first_page")


def _check_now(district: Page) -> None:
    """The district says that it has uploaded; the page tells by itself when its files were checked."""
    district.goto("/d/maple")
    district.get_by_role("link", name="I have uploaded").click()
    district.get_by_role("button", name="I have uploaded: check now").click()
    district.get_by_role("heading", name="The check has ended.").wait_for(timeout=1000 * RUN_SECONDS)


def _read_what_is_wrong(walk: Walk, district: Page) -> None:
    """The report names the column that is missing and where a value is wrong."""
    walk.show(district, "checked")
    district.get_by_role("link", name="Overview").click()
    district.get_by_role("heading", name="An upload could not be used.").wait_for()
    walk.show(district, "not_used")
    district.get_by_role("link", name="Read the report").first.click()
    district.get_by_role("heading", level=1).wait_for()
    walk.show(district, "report")
    assert district.get_by_text("sped", exact=False).count()


def _approve(walk: Walk, staff: Page, upload: str, reason: str) -> None:
    """Staff look at what waits, and what approving would change, and approve it with a reason."""
    staff.get_by_role("navigation", name="Staff").get_by_role("link", name="On hold").click()
    staff.get_by_role("link", name=upload).click()
    staff.get_by_role("heading", name="What approving would change").wait_for()
    walk.show(staff, f"hold of {upload.partition(' ')[0]}")
    staff.get_by_role("textbox", name="Why").fill(reason)
    staff.get_by_role("button", name="Approve").click()
    staff.get_by_text("Approved. The next run of the district publishes it.").wait_for()


def _published(district: Page) -> bool:
    """Whether the district's page says so of both files."""
    district.goto("/d/maple")
    both = district.get_by_text("Published", exact=True).and_(district.locator("td .pill"))
    return both.count() == 2 and district.get_by_role("heading", name="Everything is fine.").count() == 1
