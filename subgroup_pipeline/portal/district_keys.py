"""`/d/<id>/roster/keys`: the metadata keys of a roster, which of them are subgroups, and putting that in force.

What a person chooses is sent twice, to be looked at and to be applied, and is made into settings here each time: nobody of a
district changes a setting that this page does not show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.metadata_keys import keys_of_roster, keys_of_sample
from subgroup_pipeline.desk.metadata_mapping import mapped_keys, mapped_text, own_subgroup, proposed_choice, read_choices
from subgroup_pipeline.desk.new_columns import subgroup_choices
from subgroup_pipeline.desk.settings_change import apply_text, review
from subgroup_pipeline.districts.header_name import canonical
from subgroup_pipeline.districts.registered import settings_text
from subgroup_pipeline.errors import SettingsError, StaleSettingsError
from subgroup_pipeline.portal.district_frame import district_of, district_page
from subgroup_pipeline.portal.district_roster import require_patience
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from starlette.responses import Response

    from subgroup_pipeline.desk.metadata_keys import FoundKeys

_AT = "/d/{district_id}/roster/keys"


def keys(visit: Visit) -> Response:
    """The keys of the roster that is in use."""
    return _page(visit, keys_of_roster(visit.registry, visit.settings, district_of(visit)))


def sample(visit: Visit) -> Response:
    """The keys of a few students, asked of the roster server now."""
    district = district_of(visit)
    require_patience(visit, district)
    try:
        return _page(visit, keys_of_sample(visit.registry, visit.settings, district))
    except SettingsError as error:
        raise HTTPException(404) from error


def look(visit: Visit) -> Response:
    """What the choices would change, before anything is in force."""
    return _review(visit)


def apply(visit: Visit) -> Response:
    """Put the choices in force, as a new version of the settings."""
    district = district_of(visit)
    try:
        text = _text(visit)
        made_from = int(visit.given("made_from")) if visit.given("made_from").isdigit() else 0
        number = apply_text(visit.registry, text, district.district_id, made_from=made_from, actor=visit.who)
    except StaleSettingsError:
        return _review(visit, problem="Somebody else changed your settings meanwhile. Look again at what would change now.")
    except SettingsError:
        return _review(visit)
    words = f"Version {number} of your settings is in force from the next run on. It reads these keys."
    return visit.go(f"/d/{district.district_id}/settings", said=words)


def _review(visit: Visit, problem: str = "") -> Response:
    district = district_of(visit)
    found = None
    try:
        found = review(visit.registry, _text(visit), district.district_id)
    except SettingsError as error:
        problem = str(error)
    is_wrong = found is None or bool(found.faults)
    return district_page(
        visit,
        "district_keys_review.html",
        district,
        status=422 if is_wrong else 409 if problem else 200,
        review=found,
        problem=problem,
        chosen=_chosen(visit),
    )


def _text(visit: Visit) -> str:
    district = district_of(visit)
    before = settings_text(visit.registry, district.district_id)
    return mapped_text(before, district.settings.subgroups, read_choices(_chosen(visit)))


def _chosen(visit: Visit) -> dict[str, str]:
    """The fields of the form that say something of a key."""
    return {
        name: value
        for name, value in visit.form.items()
        if isinstance(value, str) and name.partition(".")[0] in ("column", "subgroup", "values", "blank", "open")
    }


def _page(visit: Visit, found: FoundKeys) -> Response:
    district = district_of(visit)
    mapped = mapped_keys(district.settings.subgroups)
    return district_page(
        visit,
        "district_keys.html",
        district,
        found=found,
        asked=[
            (key, proposed_choice(key), own_subgroup(key.column))
            for key in found.keys
            if canonical(key.column) not in mapped and key.students and (key.proposed is None or key.proposed.state != "left_out")
        ],
        mapped=[(key, mapped[canonical(key.column)]) for key in found.keys if canonical(key.column) in mapped],
        others=[
            key
            for key in found.keys
            if canonical(key.column) not in mapped
            and (not key.students or (key.proposed is not None and key.proposed.state == "left_out"))
        ],
        choices=subgroup_choices(),
        is_fetched=district.settings.roster.is_fetched,
    )


PAGES = [
    Page(_AT, Need.DELIVERIES, get=keys, post=sample),
    Page(f"{_AT}/look", Need.DELIVERIES, post=look),
    Page(f"{_AT}/apply", Need.DELIVERIES, post=apply),
]
