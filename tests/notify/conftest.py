"""A registry of its own on SQLite and on PostgreSQL, with two districts that have contacts; `beta` has one mail a day."""

from __future__ import annotations

import pytest

from subgroup_pipeline.registry.database import Registry
from subgroup_pipeline.settings import Settings, load_settings
from tests.registry.conftest import registry as bare_registry
from tests.support.home import apply

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
        apply(bare_registry, text)
    return bare_registry


@pytest.fixture
def settings() -> Settings:
    return load_settings(staff_mail=STAFF, public_url="https://subgroups.vendor.example")
