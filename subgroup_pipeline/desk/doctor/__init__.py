"""`subgroups doctor`: what is wrong with this installation, each with its mend.

The checks are small and know nothing of each other. A new one is a function in one of these modules and a line in `_OF_THE_HOME`
(it needs the settings only, and runs when the registry is damaged or away) or `_OF_THE_REGISTRY`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from subgroup_pipeline.desk.doctor import districts, environment, mail, mirror, portal, publication, server, storage
from subgroup_pipeline.desk.doctor.complaint import Complaint
from subgroup_pipeline.errors import SubgroupsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_OF_THE_HOME: tuple[Callable[[Settings], list[Complaint]], ...] = (
    environment.versions,
    environment.unknown_variables,
    storage.disk,
    storage.warehouse,
    storage.warehouse_files,
    storage.bookkeeping,
    server.sftp_server,
    mail.mail_server,
    portal.public_url,
    portal.readable_key,
    storage.keys,
    publication.published_marts,
    publication.pinned_rollback,
    publication.damaged_manifests,
    mirror.postgres_mirror,
)
_OF_THE_REGISTRY: tuple[Callable[[Settings, Registry], list[Complaint]], ...] = (
    districts.own_shard,
    districts.without_a_way_in,
    districts.without_secrets,
    districts.shared_keys,
    districts.first_deliveries,
    portal.without_staff,
    mail.failed_mail,
    storage.registry_pages,
    storage.archive,
    storage.damage,
)


@dataclass(frozen=True)
class SettingInForce:
    """A setting by its variable, its value (without secrets) and its meaning."""

    setting: str
    value: str
    meaning: str


def examine() -> list[Complaint]:
    """Make every check; what keeps one from being made is a complaint, and the others are made all the same."""
    from subgroup_pipeline.settings import load_settings, private_umask

    private_umask()
    try:
        settings = load_settings()
    except SubgroupsError as error:
        return [Complaint("error", str(error)), *environment.unknown_variables()]
    found = [said for check in _OF_THE_HOME for said in _made(check, settings)] + _of_the_registry(settings)
    return [said for at, said in enumerate(found) if said not in found[:at]]


def _of_the_registry(settings: Settings) -> list[Complaint]:
    from subgroup_pipeline.registry.database import open_registry

    try:
        registry = open_registry(settings)
    except SubgroupsError as error:
        return [Complaint("error", str(error))]
    try:
        return [said for check in _OF_THE_REGISTRY for said in _made(check, settings, registry)]
    finally:
        registry.close()


def _made(check: Callable[..., list[Complaint]], *looked_at: object) -> list[Complaint]:
    try:
        return check(*looked_at)
    except SubgroupsError as error:
        return [Complaint("error", str(error))]
    except Exception as error:  # noqa: BLE001 - what is damaged may fail in any way, and the other checks still count
        said = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        what = f"The check `{check.__name__.replace('_', ' ')}` could not be made: {said}."
        return [Complaint("error", what, "Look at the place that it names; `subgroups backup FILE` first, if that still works.")]


def list_settings() -> list[SettingInForce]:
    """Every setting by its variable, with the value in force and what it means."""
    from subgroup_pipeline.settings import Settings, load_settings

    settings = load_settings()
    return [
        SettingInForce(f"SUBGROUPS_{name.upper()}", settings.shown(name), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
