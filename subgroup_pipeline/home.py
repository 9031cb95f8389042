"""Where the state of an installation lies under `$SUBGROUPS_HOME`: every place, named once."""

from __future__ import annotations

from pathlib import Path

from subgroup_pipeline.errors import SettingsError


class Home:
    """Every place under `$SUBGROUPS_HOME`, named once. `make()` creates the private directories (mode 0700)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.registry_file = root / "registry.sqlite"
        self.reserve = root / "reserve"
        self.archive = root / "archive"
        self.scratch = root / "scratch"
        self.rehearsals = root / "rehearsals"
        self.logs = root / "logs"
        self.failing_rows = root / "failing_rows"
        self.reports = root / "reports"
        self.warehouse = root / "warehouse"
        self.raw_database = self.warehouse / "raw.duckdb"
        self.analytics_database = self.warehouse / "analytics.duckdb"
        self.warehouse_lock = self.warehouse / "lock"
        self.unproven_warehouse = self.warehouse / "unproven"
        self.history = root / "history"
        self.history_database = self.history / "history.duckdb"
        self.releases = root / "releases"
        self.releases_database = self.releases / "releases.duckdb"
        self.published = root / "published"
        self.current_snapshot = self.published / "current"
        self.pinned_snapshot = self.published / "pinned"
        self.published_database = self.published / "analytics.duckdb"
        self.noticeboard = root / "noticeboard"
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
            self.keys, self.sftp, self.logs, self.history, self.releases, self.rehearsals, self.failing_rows, self.reports,
            self.noticeboard,
        )  # fmt: skip
        try:
            for place in places:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"cannot create {error.filename}: {error.strerror}. Point SUBGROUPS_HOME at a directory you can write."
            ) from error
