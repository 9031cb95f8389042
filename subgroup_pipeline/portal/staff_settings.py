"""`/staff/districts/<id>/settings`: a district's settings as a form and as YAML, each change shown before it is in force.

What a form or a text would change is reviewed first; the review holds the whole text and the version that it was made from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from subgroup_pipeline.access.roles import Need
from subgroup_pipeline.desk.new_district import settings_template
from subgroup_pipeline.desk.settings_change import apply_text, as_written, compare, review, versions
from subgroup_pipeline.desk.settings_form import NEW_COLUMNS, edited_text, settings_form
from subgroup_pipeline.errors import SettingsError, StaleSettingsError, UnknownDistrictError
from subgroup_pipeline.portal.page import Page, Visit

if TYPE_CHECKING:
    from subgroup_pipeline.desk.settings_change import Review, Version

_AT = "/staff/districts/{district_id}/settings"
_STALE = "Somebody else changed these settings meanwhile. Look again: below is what your text changes in the newest version."


def settings(visit: Visit) -> Response:
    """The form, the text, and the versions there were."""
    found = _versions(visit)
    form = settings_form(found[0].text)
    return visit.page(
        "staff_settings.html",
        district_id=visit.district_id,
        newest=found[0],
        versions=found,
        form=form,
        new_columns=range(len(form.columns), len(form.columns) + NEW_COLUMNS),
    )


def look(visit: Visit) -> Response:
    """What the form, a pasted text, a file or an older version would change."""
    found = _versions(visit)
    newest = found[0]
    made_from = _number(visit.given("made_from")) or newest.number
    way = visit.given("way")
    if way == "form":
        made_of = next((one for one in found if one.number == made_from), newest)
        fields = {name: value for name, value in visit.form.items() if isinstance(value, str)}
        text = edited_text(made_of.text, fields)
    elif way == "version":
        text, made_from = _one(found, _number(visit.given("number"))).text, newest.number
    else:
        text = _given_text(visit)
    found_now = review(visit.registry, text, visit.district_id)
    is_stale = made_from != newest.number
    return _review(visit, found_now, problem=_STALE, status=409) if is_stale else _review(visit, found_now)


def apply(visit: Visit) -> Response:
    """Put a reviewed text in force."""
    _versions(visit)
    return _apply(visit, visit.district_id)


def version(visit: Visit) -> Response:
    """One version with what it changed; `?number=` says which. `&download=1` gives the YAML as a file."""
    found = _versions(visit)
    shown = _one(found, _number(visit.asked("number")) or found[0].number)
    if visit.asked("download"):
        name = f"{visit.district_id}.yml" if shown is found[0] else f"{visit.district_id}_version_{shown.number}.yml"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(shown.text, media_type="application/yaml", headers=headers)
    before = next((one for one in found if one.number == shown.number - 1), None)
    diff = compare(before.text if before else "", shown.text)
    return visit.page("staff_settings_version.html", district_id=visit.district_id, shown=shown, newest=found[0], diff=diff)


def new(visit: Visit) -> Response:
    """A new district: from a pasted text, a file, or the template, which `?id=` fills in."""
    district_id = visit.asked("id").strip()
    wrong, text = "", ""
    if district_id:
        try:
            text = settings_template(district_id)
        except SettingsError as error:
            wrong = str(error)
    return visit.page("staff_new_district.html", district_id=district_id, text=text, wrong=wrong)


def look_at_new(visit: Visit) -> Response:
    """What a new district would be; a text that comes from another page of ours is looked at in the same way."""
    return _review(visit, review(visit.registry, _given_text(visit)))


def apply_new(visit: Visit) -> Response:
    """Register it."""
    found = review(visit.registry, visit.given("yaml"))
    return _review(visit, found, status=422) if found.faults else _apply(visit, found.district_id)


def _apply(visit: Visit, district_id: str) -> Response:
    text, made_from = visit.given("yaml"), _number(visit.given("made_from"))
    try:
        number = apply_text(visit.registry, text, district_id, made_from=made_from, actor=visit.who)
    except StaleSettingsError:
        return _review(visit, review(visit.registry, text, district_id), problem=_STALE, status=409)
    except SettingsError:
        return _review(visit, review(visit.registry, text, district_id), status=422)
    return visit.go(f"/staff/districts/{district_id}", f"Version {number} of the settings is in force from the next run on.")


def _review(visit: Visit, found: Review, *, problem: str = "", status: int = 200) -> Response:
    status = 422 if found.faults and status == 200 else status
    is_new = not found.made_from or "district_id" not in visit.request.path_params
    return visit.page("staff_settings_review.html", status=status, review=found, problem=problem, is_new=is_new)


def _versions(visit: Visit) -> list[Version]:
    try:
        return versions(visit.registry, visit.district_id)
    except UnknownDistrictError as error:
        raise HTTPException(404) from error


def _one(found: list[Version], number: int) -> Version:
    chosen = next((one for one in found if one.number == number), None)
    if chosen is None:
        raise HTTPException(404)
    return chosen


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _given_text(visit: Visit) -> str:
    """The file that was chosen, else the text that was pasted. Raises HTTPException (400) for a file that is no text."""
    file = visit.given_file("file")
    if file is None:
        return visit.given("yaml")
    try:
        return as_written(file.file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise HTTPException(400, "This file is not UTF-8 text. Choose the district's YAML file.") from error


PAGES = [
    Page("/staff/districts/new", Need.STAFF, get=new, post=look_at_new),
    Page("/staff/districts/new/apply", Need.STAFF, post=apply_new),
    Page(_AT, Need.STAFF, get=settings, post=look),
    Page(f"{_AT}/apply", Need.STAFF, post=apply),
    Page(f"{_AT}/version", Need.STAFF, get=version),
]
