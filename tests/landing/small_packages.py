"""The small roster and subgroup file that tests of screening change, deliver and land."""

from __future__ import annotations

from tests.support import small_district as small
from tests.support.installation import zip_of
from tests.support.place import Place

ROSTER = small.roster()
SUBGROUPS = small.subgroups()


def landed(place: Place, files: dict[str, str]) -> str:
    """Deliver a roster as a zip and land it."""
    place.add()
    delivery = place.deliver("roster", {"roster.zip": zip_of(files)})
    place.land()
    return delivery


def manifest(**replacements: str) -> dict[str, str]:
    text = ROSTER["manifest.csv"]
    for old, new in replacements.items():
        assert old in text, old
        text = text.replace(old, new)
    return ROSTER | {"manifest.csv": text}
