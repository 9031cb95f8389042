"""Districts in the registry: versions of their settings."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import (
    registered_district,
    registered_districts,
    settings_text,
)
from subgroup_pipeline.errors import UnknownDistrictError
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.registry.schema import AuditEvent, DistrictSettingsVersion
from tests.support.home import apply

TEXT = "district: gamma\nname: Gamma\ntimezone: UTC\n"


def test_the_first_settings_are_version_one(registry: Registry) -> None:
    assert apply(registry, TEXT) == (1, True)


def test_the_same_settings_again_make_no_version(registry: Registry) -> None:
    apply(registry, TEXT)
    assert apply(registry, TEXT) == (1, False)


def test_another_way_of_writing_the_same_settings_makes_no_version(registry: Registry) -> None:
    apply(registry, TEXT)
    assert apply(registry, "# a comment\ntimezone: UTC\ndistrict: gamma\nname: 'Gamma'\nas_of: delivery\n") == (1, False)


def test_stored_settings_that_call_the_subgroup_file_sftp_are_those_that_call_it_file(registry: Registry) -> None:
    column = "{subgroup: a, open: true, from: [metadata.b, file]}"
    text = f"{TEXT}subgroups: {{sources: [roster_metadata, file], columns: {{a: {column}}}}}"
    apply(registry, text)
    with registry.begin() as session:
        stored = session.get_one(DistrictSettingsVersion, ("gamma", 1))
        stored.document = json.loads(json.dumps(stored.document).replace('"file"', '"sftp"'))
    assert registered_district(registry, "gamma").settings == parse_district(text)
    assert apply(registry, text.replace("file", "sftp")) == (1, False)


def test_changed_settings_make_a_version_and_keep_the_one_before(registry: Registry) -> None:
    apply(registry, TEXT)
    changed = TEXT + "as_of: 2026-10-01\n"
    assert apply(registry, changed) == (2, True)
    with registry.begin() as session:
        query = sa.select(DistrictSettingsVersion.yaml_text).filter_by(district_id="gamma").order_by("version")
        assert list(session.scalars(query)) == [TEXT, changed]


def test_going_back_to_old_settings_is_a_new_version(registry: Registry) -> None:
    for text in (TEXT, TEXT + "as_of: roster\n"):
        apply(registry, text)
    assert apply(registry, TEXT) == (3, True)


def test_a_date_comes_back_from_the_registry_as_a_date(registry: Registry) -> None:
    text = TEXT + "as_of: 2026-10-01\n"
    apply(registry, text)
    assert registered_district(registry, "gamma").settings == parse_district(text)


def test_the_text_comes_back_as_it_was_written(registry: Registry) -> None:
    apply(registry, TEXT + "# ours\n")
    assert settings_text(registry, "gamma") == TEXT + "# ours\n"


def test_an_application_is_audited_with_who_did_it(registry: Registry) -> None:
    apply(registry, TEXT)
    with registry.begin() as session:
        event = session.scalars(sa.select(AuditEvent).filter_by(district_id="gamma")).one()
    assert (event.kind, event.actor, event.detail) == ("district.settings_applied", "test", {"version": 1})


def test_districts_are_listed_by_key(registry: Registry) -> None:
    apply(registry, TEXT)
    assert [d.district_id for d in registered_districts(registry)] == ["alpha", "beta", "gamma"]
    assert [d.district_id for d in registered_districts(registry, ["gamma", "alpha"])] == ["alpha", "gamma"]


def test_settings_are_read_once_for_each_version_and_of_a_district_that_came_back_anew(registry: Registry) -> None:
    apply(registry, TEXT)
    first = registered_district(registry, "gamma")
    assert registered_districts(registry)[-1] is first
    apply(registry, TEXT + "as_of: roster\n")
    second = registered_district(registry, "gamma")
    assert (second.version, second.settings.as_of) == (2, "roster")
    with registry.begin() as session:
        stored = session.get_one(DistrictSettingsVersion, ("gamma", 2))
        stored.document = stored.document | {"name": "Another Gamma"}
        stored.applied_at += timedelta(microseconds=1)
    assert registered_district(registry, "gamma").settings.name == "Another Gamma"


def test_a_district_that_is_not_registered_is_named(registry: Registry) -> None:
    with pytest.raises(UnknownDistrictError, match=r"nowhere, zeta.*district list"):
        registered_districts(registry, ["alpha", "zeta", "nowhere"])
