"""A district whose subgroup file carries names, and three bad rows; the next night it is mended."""

from __future__ import annotations

from tests.support import small_district as small
from tests.support.installation import Installation, zip_of

DISTRICT = "named"
STAFF_MAIL = "staff@vendor.example"
NAMES = ("Given", "Family")
"""Every student of the made-up roster has a name that begins so; the subgroup file carries names too."""


def _with_names(students: int) -> str:
    rows = small.subgroups(students).splitlines()
    named = [f"{row},Given{n} Family{n}" for n, row in enumerate(rows[1:])]
    unknown = ["x900,Y,n,Given900 Family900", ",Y,n,Given901 Family901", "x901,Maybe,n,Given902 Family902"]
    return "\n".join([f"{rows[0]},student_name", *named, *unknown]) + "\n"


def first_evening(installation: Installation) -> None:
    installation.apply(small.settings(DISTRICT) + "contacts: [data@named.example]\n")
    installation.upload(DISTRICT, "roster", {"roster.zip": zip_of(small.roster())})
    installation.upload(DISTRICT, "subgroups", {"subgroups.csv": _with_names(10)})


def second_evening(installation: Installation) -> None:
    installation.upload(DISTRICT, "subgroups", {"subgroups.csv": small.subgroups(10) + ",Y,n\n"})
