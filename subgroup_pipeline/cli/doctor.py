"""`subgroups doctor`: what is wrong with this installation, each with its mend."""

from __future__ import annotations

import importlib.metadata
import shutil
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subgroup_pipeline.registry.database import Registry
    from subgroup_pipeline.settings import Settings

_LEAST_FREE = 2 * 1024**3
_PINNED = ("dagster", "dagster-dbt", "dbt-core", "dbt-duckdb", "duckdb", "great-expectations", "paramiko")

Complaint = dict[str, str]


def list_settings() -> list[dict[str, Any]]:
    """Every setting by its variable, with the value in force and what it means."""
    from subgroup_pipeline.settings import Settings, load_settings

    settings = load_settings()
    return [
        {"setting": f"SUBGROUPS_{name.upper()}", "value": settings.shown(name), "meaning": field.description}
        for name, field in Settings.model_fields.items()
    ]


def examine(settings: Settings, registry: Registry) -> list[Complaint]:
    """Look at versions, disk, warehouse, districts, the SFTP server and what is published."""
    return [
        *_versions(),
        *_disk(settings),
        *_warehouse(settings),
        *_districts(registry),
        *_server(settings),
        *_published(settings),
    ]


def _complaint(level: str, what: str, mend: str) -> Complaint:
    return {"level": level, "what": what, "mend": mend}


def _versions() -> list[Complaint]:
    """Versions other than the pinned ones: the bridge to Great Expectations and the incremental models rely on them."""
    wanted = {}
    for requirement in importlib.metadata.requires("subgroup-pipeline") or []:
        name, pinned, version = requirement.partition("==")
        if pinned:
            wanted[name.strip()] = version.strip()
    return [
        _complaint("error", f"{name} is {have}, not {wanted[name]}.", "Install from requirements.txt (make setup).")
        for name in _PINNED
        if name in wanted and (have := importlib.metadata.version(name)) != wanted[name]
    ]


def _disk(settings: Settings) -> list[Complaint]:
    free = shutil.disk_usage(settings.paths.root).free
    if free > _LEAST_FREE:
        return []
    what = f"{free / 1024**3:.1f} GiB are free under {settings.paths.root}."
    return [_complaint("error", what, "Free space: a night needs room for a second copy of the warehouse.")]


def _warehouse(settings: Settings) -> list[Complaint]:
    from subgroup_pipeline.errors import WarehouseBusyError
    from subgroup_pipeline.landing.warehouse import warehouse_lock

    try:
        with warehouse_lock(settings):
            return []
    except WarehouseBusyError as error:
        return [_complaint("note", str(error), "")]


def _districts(registry: Registry) -> list[Complaint]:
    from subgroup_pipeline.registry.districts import key_fingerprints, registered_districts

    districts = registered_districts(registry)
    if not districts:
        return [_complaint("note", "No district is registered.", "`subgroups district apply FILE` registers one.")]
    keys = key_fingerprints(registry)
    return [
        _complaint(
            "warning",
            f"{district.district_id} has no SSH key, so it cannot upload.",
            f"`subgroups district authorize {district.district_id} --public-key FILE` adds one.",
        )
        for district in districts
        if district.settings.server is None and district.district_id not in keys
    ]


def _server(settings: Settings) -> list[Complaint]:
    try:
        with socket.create_connection((settings.sftp_host, settings.sftp_port), timeout=2):
            return []
    except OSError:
        what = f"No SFTP server answers on {settings.sftp_host} port {settings.sftp_port}."
        return [_complaint("warning", what, "`subgroups up` starts it; districts cannot upload and nothing can be fetched.")]


def _published(settings: Settings) -> list[Complaint]:
    import duckdb

    from subgroup_pipeline.errors import PublishError
    from subgroup_pipeline.publish.reader import open_published

    if not settings.paths.published_database.exists():
        return [_complaint("note", "Nothing is published yet.", "`subgroups run` publishes what was delivered.")]
    try:
        with open_published(settings) as connection:
            connection.execute("select count(*) from marts.dim_district")
    except (PublishError, duckdb.Error) as error:
        return [_complaint("error", str(error), "")]
    return []
