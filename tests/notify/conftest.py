"""A registry of its own on SQLite and on PostgreSQL, with two districts that have contacts; `beta` has one mail a day."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.district_file import parse_district
from subgroup_pipeline.districts.registered import apply_settings
from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.settings import Settings, load_settings
from tests.registry.conftest import registry as bare_registry

__all__ = ["bare_registry"]

CONTACTS = {
    "alpha": "contacts: [data@alpha.example, it@alpha.example]\n",
    "beta": "contacts: [data@beta.example]\nmail: {digest: '07:00'}\n",
}
STAFF = "staff@vendor.example"


@pytest.fixture
def registry(bare_registry: Registry) -> Registry:
    for district, contacts in CONTACTS.items():
        text = f"district: {district}\nname: Made-up {district}\ntimezone: America/Chicago\nschedule: '02:00'\n{contacts}"
        apply_settings(bare_registry, parse_district(text), text, actor="test")
    return bare_registry


@pytest.fixture
def settings() -> Settings:
    return load_settings(staff_mail=STAFF, public_url="https://subgroups.vendor.example")
