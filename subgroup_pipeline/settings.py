"""Settings of one installation (`SUBGROUPS_*`), and where its state lies under `$SUBGROUPS_HOME`.

What a *district* sets is in `registry.district_file`; this module knows nothing of districts.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgroup_pipeline.errors import SettingsError

SERVICE_ACCOUNT = "_pipeline"


class Settings(BaseSettings):
    """What an operator can set. `subgroups doctor --settings` lists these with their descriptions."""

    model_config = SettingsConfigDict(env_prefix="SUBGROUPS_", frozen=True, extra="forbid")

    home: Path = Field(Path(".subgroups"), description="Where all state lies; made and migrated by whatever comes first")
    database_url: str = Field("", description="Registry database; empty means registry.sqlite under the home")
    sftp_host: str = Field("127.0.0.1", description="Address the SFTP server listens on, and the pipeline fetches from")
    sftp_port: int = Field(2022, ge=1, le=65535, description="Port of the SFTP server")
    dagster_port: int = Field(3000, ge=1, le=65535, description="Port of the Dagster UI (bound to 127.0.0.1)")
    nightly_cron: str = Field("0 3 * * *", description="When the nightly run starts, as cron or as HH:MM")
    timezone: str = Field("UTC", description="Time zone of the nightly run")
    memory_limit: str = Field("8GB", description="Memory DuckDB may use, for example 8GB")
    threads: int = Field(2, ge=1, description="Threads DuckDB may use")
    settle_seconds: float = Field(
        60,
        ge=0,
        description="How long a file without a stronger proof of completeness must stand unchanged; 0 = no waiting",
    )
    retention_days: int = Field(30, ge=1, description="Days for which uploaded bytes of deliveries that are not live are kept")
    web_port: int = Field(8080, ge=1, le=65535, description="Port of the health page (/healthz), bound to 127.0.0.1")
    keep_snapshots: int = Field(7, ge=1, description="Published snapshots that are kept")

    @field_validator("nightly_cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        """Take `03:00` as well as five cron fields."""
        hours, colon, minutes = value.partition(":")
        if colon and hours.isdigit() and minutes.isdigit():
            return f"{int(minutes)} {int(hours)} * * *"
        if len(value.split()) != 5:
            raise ValueError("write HH:MM, for example 03:00, or five cron fields")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        """Refuse a name that the time zone database does not know."""
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("write an IANA name, for example America/Chicago") from error
        return value

    @cached_property
    def paths(self) -> Home:
        """The places under the home."""
        return Home(self.home.expanduser().absolute())

    @property
    def registry_url(self) -> str:
        """SQLAlchemy URL of the registry."""
        return self.database_url or f"sqlite:///{self.paths.root / 'registry.sqlite'}"


class Home:
    """Every place under `$SUBGROUPS_HOME`, named once. `make()` creates the private directories (mode 0700)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.archive = root / "archive"
        self.scratch = root / "scratch"
        self.logs = root / "logs"
        self.warehouse = root / "warehouse"
        self.raw_database = self.warehouse / "raw.duckdb"
        self.analytics_database = self.warehouse / "analytics.duckdb"
        self.warehouse_lock = self.warehouse / "lock"
        self.published = root / "published"
        self.current_snapshot = self.published / "current"
        self.pinned_snapshot = self.published / "pinned"
        self.published_database = self.published / "analytics.duckdb"
        self.dagster = root / "dagster"
        self.dbt = root / "dbt"
        self.dbt_target = self.dbt / "target"
        self.gx = root / "gx"
        self.keys = root / "keys"
        self.sftp = root / "sftp"

    def make(self) -> None:
        """Create what is missing. Raises SettingsError when the place cannot be written."""
        places = (
            self.root, self.archive, self.scratch, self.warehouse, self.published, self.dagster, self.dbt, self.gx,
            self.keys, self.sftp, self.logs,
        )  # fmt: skip
        try:
            for place in places:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"cannot create {error.filename}: {error.strerror}. Point SUBGROUPS_HOME at a directory you can write."
            ) from error


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with overrides for tests and the demo.

    Raises SettingsError in words, naming the variable, when a value is refused.
    """
    from pydantic import ValidationError

    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"SUBGROUPS_{str(e['loc'][0]).upper()}={e['input']!r}: {e['msg']}" for e in error.errors()]
        raise SettingsError("; ".join(lines) + ". `subgroups doctor --settings` lists what can be set.") from error


def bundled(name: str) -> Path:
    """Path of a directory that ships with the package: `dbt_project` or `expectations`.

    A checkout has it beside the package, a wheel inside it.
    """
    package = Path(__file__).parent
    inside = package / "_bundle" / name
    return inside if inside.is_dir() else package.parent / name


def private_umask() -> None:
    """Make every file this process writes readable by its owner only (design: bytes are kept at 0700/0600)."""
    os.umask(0o077)
