"""Settings of one installation (`SUBGROUPS_*`), and where its state lies under `$SUBGROUPS_HOME`.

What a *district* sets is in `districts.district_file`; this module knows nothing of districts.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from subgroup_pipeline.cron import as_cron
from subgroup_pipeline.database_url import DRIVER, with_driver, without_secrets
from subgroup_pipeline.errors import SettingsError
from subgroup_pipeline.home import Home
from subgroup_pipeline.local_time import zone_name
from subgroup_pipeline.networks import NetworksText
from subgroup_pipeline.shard import Shard
from subgroup_pipeline.smtp_url import SmtpServer, read_smtp_url

LOOPBACK = "127.0.0.1"
"""Where the portal and the Dagster UI listen; a proxy in front lets others in."""
SERVICE_ACCOUNT = "_pipeline"
REPORTS_KEPT = timedelta(days=90)
"""How long error reports stay, and the rows behind them: a district has that long to look back at an upload. Logs and the
history of runs, which answer questions about a report, stay as long."""
MAIL_ADDRESS = re.compile(r"[^@\s,<>\x00-\x20]+@[^@\s,<>]+\.[^@\s,<>]+")


class Settings(BaseSettings):
    """What an operator can set. `subgroups doctor --settings` lists these with their descriptions."""

    model_config = SettingsConfigDict(env_prefix="SUBGROUPS_", frozen=True, extra="forbid", hide_input_in_errors=True)

    home: Path = Field(Path(".subgroups"), description="Where all state lies; made and migrated by whatever comes first")
    database_url: SecretStr = Field(
        SecretStr(""),
        description="Registry and Dagster's tables: postgresql://user:password@host:port/name; empty means SQLite under the home",
    )
    shard: str = Field(
        "",
        description="The districts that this home takes where several share a registry: 1/2 the first half, 0/2 none (it joins "
        "the others); empty means all",
    )
    sftp_host: str = Field("127.0.0.1", description="Address the SFTP server listens on, and the pipeline fetches from")
    sftp_port: int = Field(2022, ge=1, le=65535, description="Port of the SFTP server")
    dagster_port: int = Field(3000, ge=1, le=65535, description="Port of the Dagster UI (bound to 127.0.0.1)")
    nightly_cron: str = Field("0 3 * * *", description="When the nightly run starts, as cron or as HH:MM")
    timezone: str = Field("UTC", description="Time zone of the nightly run")
    memory_limit: str = Field("5GB", description="Memory DuckDB may use, for example 8GB; a run takes up to a GB or two more")
    threads: int = Field(2, ge=1, description="Threads DuckDB may use")
    settle_seconds: float = Field(
        60,
        ge=0,
        description="How long a file without a stronger proof of completeness must stand unchanged; 0 = no waiting",
    )
    release_minutes: float = Field(
        30, ge=0, description="Minutes that a run spends on releases once its marts are out; the next run goes on with the rest"
    )
    retention_days: int = Field(30, ge=1, description="Days for which uploaded bytes of deliveries that are not live are kept")
    web_port: int = Field(8080, ge=1, le=65535, description="Port of the portal, bound to 127.0.0.1")
    public_url: str = Field("", description="Address of the portal as people reach it; empty means http://127.0.0.1:<WEB_PORT>")
    public_sftp_host: str = Field("", description="Host that districts upload to, as they reach it; empty means SFTP_HOST")
    public_sftp_port: int = Field(0, ge=0, le=65535, description="Port that districts upload to; 0 means SFTP_PORT")
    noticeboard: str = Field(
        "",
        description="Folder where released numbers are laid out for a noticeboard that another account runs; empty means one "
        "under the home, which `subgroups up` serves itself",
    )
    smtp_url: SecretStr = Field(
        SecretStr(""),
        description="Where mail goes out: smtp+starttls://user:password@host:587 or smtps://…; empty means that mail is kept and "
        "shown. The server's certificate is checked; SSL_CERT_FILE names a CA of your own",
    )
    mail_from: str = Field("", description="Address that mail is sent from; empty means CONTACT_MAIL")
    staff_mail: str = Field("", description="Mail addresses of the vendor's staff, separated by commas")
    oidc_issuer: str = Field("", description="OpenID Connect issuer for signing in, for example https://login.example.com")
    oidc_client_id: str = Field("", description="Our client ID at that issuer")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Our client secret at that issuer")
    sftpgo_secret: SecretStr = Field(
        SecretStr(""),
        description="What SFTPGo sends in X-Subgroups-Secret where it stands in place of our SFTP server",
    )
    oidc_role_claim: str = Field("", description="Claim that gives a role; empty means that only people on record may sign in")
    oidc_roles: str = Field(
        "",
        description="What that claim says and our roles, the one that goes first first: k12-admin=vendor,data-manager=district",
    )
    oidc_district_claim: str = Field("district_id", description="Claim with our key of the person's district")
    oidc_schools_claim: str = Field("school_ids", description="Claim with the list of the person's schools (role school)")
    mirror_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL database that BI tools read what is published from: postgresql://user:password@host:port/name; "
        "empty means none",
    )
    export_url: str = Field(
        "",
        description="Where `subgroups export` writes without a DIRECTORY: a path, or an object store such as s3://bucket/prefix",
    )
    export_options: SecretStr = Field(
        SecretStr(""),
        description="Options of that store as JSON, for S3 key, secret and endpoint_url; empty means that its library looks "
        "where it always does (environment, role of the machine)",
    )
    roster_networks: NetworksText = Field("", description="Private networks rosters may be fetched from: 10.20.0.0/16, fd00::/8")
    keep_snapshots: int = Field(7, ge=1, description="Published snapshots that are kept")
    contact_name: str = Field("", description="Whom a district reaches where a report says 'us': a person or a team")
    contact_mail: str = Field("", description="Mail address of that contact")
    contact_phone: str = Field("", description="Phone number of that contact")

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        """Take a PostgreSQL URL with or without the driver's name; keep it with."""
        return SecretStr(with_driver(value.get_secret_value()))

    @field_validator("mirror_url")
    @classmethod
    def _mirror(cls, value: SecretStr) -> SecretStr:
        """Take a PostgreSQL URL, as for the registry, but no other database's."""
        url = with_driver(value.get_secret_value())
        if url and not url.startswith(DRIVER):
            raise ValueError("write postgresql://user:password@host:port/name")
        return SecretStr(url)

    @field_validator("shard")
    @classmethod
    def _shard(cls, value: str) -> str:
        return str(Shard.read(value))

    @field_validator("nightly_cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        """Take `03:00` as well as five cron fields."""
        return as_cron(value)

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        """Take a web address without a path; links are made by adding to it."""
        if value and not re.fullmatch(r"https?://[^/\s?#@]+/?", value):
            raise ValueError("write the address that people type, for example https://subgroups.example.com")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr) -> SecretStr:
        """Refuse what no mail could go out by."""
        if value.get_secret_value():
            read_smtp_url(value.get_secret_value())
        return value

    @field_validator("mail_from", "staff_mail")
    @classmethod
    def _mail_addresses(cls, value: str) -> str:
        """Take addresses without a name; the name beside the sender is CONTACT_NAME."""
        for address in between_commas(value):
            if not MAIL_ADDRESS.fullmatch(address):
                raise ValueError("write plain mail addresses, for example data@example.com")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        """Take an issuer over TLS, or one on this machine for trying it out (OpenID Connect Core, section 1.2)."""
        if value and not re.fullmatch(r"(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s?#]+", value):
            raise ValueError("write its https address, for example https://login.example.com")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _roles(cls, value: str) -> str:
        """Take pairs of what a claim says and one of our roles."""
        if not all(re.fullmatch(r"[^=]+=(vendor|district|school|aggregate)", pair) for pair in between_commas(value)):
            raise ValueError("write VALUE=ROLE with commas between, where ROLE is vendor, district, school or aggregate")
        return value

    @field_validator("memory_limit")
    @classmethod
    def _memory(cls, value: str) -> str:
        """Refuse what DuckDB would refuse in the middle of a night."""
        if not re.fullmatch(r"\d+(\.\d+)?\s*[KMGT]i?B", value, re.IGNORECASE):
            raise ValueError("write a number with KB, MB, GB or TB, for example 8GB")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return zone_name(value)

    @cached_property
    def paths(self) -> Home:
        """The places under the home."""
        return Home(self.home.expanduser().absolute())

    @property
    def noticeboard_folder(self) -> Path:
        """Where what is released is laid out for the noticeboard."""
        return Path(self.noticeboard).absolute() if self.noticeboard else self.paths.noticeboard

    @property
    def is_on_postgres(self) -> bool:
        """Whether the registry is in PostgreSQL."""
        return self.database_url.get_secret_value().startswith(DRIVER)

    @property
    def own_shard(self) -> Shard:
        """Which districts this home takes."""
        return Shard.read(self.shard)

    @property
    def has_dagster_on_postgres(self) -> bool:
        """Whether Dagster's tables are in PostgreSQL. Each shard has its own: a daemon runs what it finds in its tables."""
        return self.is_on_postgres and self.own_shard.is_whole

    @property
    def registry_url(self) -> str:
        """SQLAlchemy URL of the registry, with the password; not for people."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.paths.registry_file}"

    @property
    def smtp_server(self) -> SmtpServer | None:
        """Where mail goes out; None where it is kept and shown."""
        url = self.smtp_url.get_secret_value()
        return read_smtp_url(url) if url else None

    @property
    def sender_address(self) -> str:
        """The address that mail is sent from; empty when none is set."""
        return self.mail_from or self.contact_mail

    @property
    def staff_addresses(self) -> list[str]:
        """Where mail for the vendor's staff goes."""
        return between_commas(self.staff_mail)

    @property
    def portal_url(self) -> str:
        """Address of the portal as people reach it, without a slash at its end."""
        return self.public_url or f"http://127.0.0.1:{self.web_port}"

    @property
    def upload_host(self) -> str:
        """The host that districts upload to, as they reach it."""
        return self.public_sftp_host or self.sftp_host

    @property
    def upload_port(self) -> int:
        """The port that districts upload to, as they reach it."""
        return self.public_sftp_port or self.sftp_port

    @property
    def oidc_role_of(self) -> dict[str, str]:
        """Our role for what the role claim says; of several the first counts."""
        pairs = (pair.rpartition("=") for pair in between_commas(self.oidc_roles))
        return {said.strip(): role.strip() for said, _, role in pairs}

    def shown(self, name: str) -> str:
        """The value of a setting for people: of a URL neither the password nor the options, which may hold one."""
        value = getattr(self, name)
        if not isinstance(value, SecretStr) or not value.get_secret_value():
            return str(value)
        url = value.get_secret_value()
        return without_secrets(url) if "://" in url else "(set)"


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with overrides for tests and the demo.

    Raises SettingsError in words, naming the variable, when a value is refused.
    """
    from pydantic import ValidationError

    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"SUBGROUPS_{_refused(str(e['loc'][0]), e['input'])}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        ]
        raise SettingsError("; ".join(lines) + ". `subgroups doctor --settings` lists what can be set.") from error


def _refused(name: str, value: object) -> str:
    """A setting and its refused value, unless the value is a secret."""
    field = Settings.model_fields.get(name)
    return name.upper() if field is not None and field.annotation is SecretStr else f"{name.upper()}={value!r}"


def between_commas(text: str) -> list[str]:
    """What stands between commas, without blanks around it."""
    return [trimmed for part in text.split(",") if (trimmed := part.strip())]


def bundled(name: str) -> Path:
    """Path of a directory that ships with the package: `dbt_project` or `expectations`.

    A checkout has it beside the package, a wheel inside it.
    """
    package = Path(__file__).parent
    inside = package / "_bundle" / name
    return inside if inside.is_dir() else package.parent / name


def private_umask() -> None:
    """Make every file this process writes readable by its owner only."""
    os.umask(0o077)
