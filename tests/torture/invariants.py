"""What must hold: of readers at any moment, and of an installation once a night ran to its end.

States are compared with an undisturbed twin's, cell by cell; ids and times differ between two runs and are left out.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from subgroup_pipeline.intake.archive import archived_files
from subgroup_pipeline.intake.archive_proof import changed_files
from subgroup_pipeline.landing.delta import CARRIED_OVER
from subgroup_pipeline.publish.lake import DIRECTORY, district_hash, tables_of
from subgroup_pipeline.publish.manifest import DATABASE, Manifest
from subgroup_pipeline.registry.database import open_registry
from subgroup_pipeline.registry.ledger import all_deliveries
from subgroup_pipeline.registry.schema import Delivery
from subgroup_pipeline.settings import Settings

_OWN = {
    "delivery_id", "roster_delivery_id", "subgroup_delivery_id", "roster_received_at", "subgroup_received_at",
    "received_at", "published_at", "valid_from", "valid_to", "effective_at",
}  # fmt: skip
Rows = dict[str, list[str]]

LEGAL = {"received", "screened", "landed", "held", "accepted", "published", "superseded", "rejected"}
SETTLED = {"held", "published", "superseded", "rejected"}
"""States in which the scenarios' deliveries may rest once a night ran to its end."""


@dataclass
class State:
    """An installation as it compares: what readers see, the ledger, rows in `raw`, and bytes in the archive."""

    shown: Rows = field(default_factory=dict)
    ledger: list[str] = field(default_factory=list)
    raw: dict[str, int] = field(default_factory=dict)
    archive: list[str] = field(default_factory=list)


def read_state(settings: Settings) -> State:
    """Read everything that is compared. No night may run meanwhile."""
    return State(shown(settings), _ledger(settings), _raw(settings), _archived(settings))


def shown(settings: Settings) -> Rows:
    """What a reader sees who opens the published file now: rows by table, and its names; empty before the first publish."""
    link = settings.paths.published_database
    if not link.exists():
        return {}
    connection = duckdb.connect(str(link.resolve()), read_only=True)
    try:
        return tables_in(connection)
    finally:
        connection.close()


def tables_in(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Rows of every table and view of a published file, sorted, without ids and times."""
    query = (
        "select table_schema, table_name, list(column_name order by ordinal_position) from information_schema.columns "
        "where table_schema in ('marts', 'quality') group by all"
    )
    found: Rows = {}
    for schema, table, columns in connection.execute(query).fetchall():
        kept = ", ".join(f'"{column}"' for column in columns if column not in _OWN)
        rows = connection.execute(f"select {kept} from {schema}.{table}").fetchall()
        found[f"{schema}.{table}"] = sorted(map(str, rows))
    return found


def torn(settings: Settings, before: State, after: State) -> list[str]:
    """What is wrong with what readers see after a kill: it must be one whole snapshot, the old or the new."""
    found = []
    link = settings.paths.published_database
    try:
        now = shown(settings)
    except (duckdb.Error, OSError) as error:
        return [f"a reader cannot open what is published: {error}"]
    if now not in (before.shown, after.shown):
        found.append(f"readers see neither the old snapshot nor the new: {differences(after.shown, now)}")
    if now:
        found += _not_whole(link.resolve().parent)
    return found


def _not_whole(snapshot: Path) -> list[str]:
    """Hold a snapshot's files against its manifest."""
    manifest = Manifest.model_validate_json((snapshot / "manifest.json").read_bytes())
    found = [
        f"{name} is not the file that the manifest names"
        for name, sha256 in manifest.files.items()
        if hashlib.sha256((snapshot / name).read_bytes()).hexdigest() != sha256
    ]
    lake = {path.name.removeprefix("district_id=") for path in (snapshot / "lake").glob("*/*")}
    if lake != set(manifest.districts):
        found.append(f"the lake has {sorted(lake)}, the manifest {sorted(manifest.districts)}")
    found += [
        f"the lake of {district_id} is not what the manifest names"
        for district_id, sha256 in manifest.lake.items()
        if district_hash(snapshot, district_id) != sha256
    ]
    connection = duckdb.connect(str(snapshot / DATABASE), read_only=True)
    try:
        off = connection.execute(
            "select count(*) from (select 1 from marts.rpt_district_subgroup group by district_id, subgroup "
            "having sum(student_count) <> any_value(total_students))"
        ).fetchone()
        found += [
            f"the lake has other rows of {table}" for table in tables_of(snapshot) if not _has_rows(connection, snapshot, table)
        ]
    finally:
        connection.close()
    if off != (0,):
        found.append("counts do not add up in the district report")
    return found


def _has_rows(connection: duckdb.DuckDBPyConnection, snapshot: Path, table: str) -> bool:
    """Whether the lake of a snapshot has the rows of a table, no other and no fewer."""
    lake = f"read_parquet('{snapshot}/{DIRECTORY}/{table}/*/*.parquet', hive_types = {{'district_id': varchar}})"
    columns = ", ".join(f'"{row[0]}"' for row in connection.execute(f"describe {table}").fetchall())
    ours, theirs = f"(select {columns} from {table})", f"(select {columns} from {lake})"
    query = f"select count(*) from (({ours} except all {theirs}) union all ({theirs} except all {ours}))"
    return connection.execute(query).fetchone() == (0,)


def not_converged(settings: Settings, twin: State) -> list[str]:
    """What is wrong once a night ran to its end: everything as the twin has it, nothing left over."""
    now = read_state(settings)
    found = []
    if now.shown != twin.shown:
        found.append(f"readers see something else than the twin's: {differences(twin.shown, now.shown)}")
    if now.ledger != twin.ledger:
        gone, new = Counter(twin.ledger) - Counter(now.ledger), Counter(now.ledger) - Counter(twin.ledger)
        found.append(f"the ledger differs: missing {list(gone)}, extra {list(new)}")
    if now.raw != twin.raw:
        found.append(f"rows in raw differ: {dict(set(now.raw.items()) ^ set(twin.raw.items()))}")
    if now.archive != twin.archive:
        found.append(f"the archive differs by {sorted(set(now.archive) ^ set(twin.archive))}")
    if now.shown:
        found += _not_whole(settings.paths.published_database.resolve().parent)
    return found + unaccounted(settings) + leftovers(settings)


def unaccounted(settings: Settings) -> list[str]:
    """Bytes and rows that the ledger does not account for, exactly once; states that cannot be."""
    found: list[str] = []
    deliveries = _deliveries(settings)
    uploads = {f.sha256 for d in deliveries for f in d.files if not f.member_of}
    archived = archived_files(settings.paths)
    found += [f"archived bytes are not what their name says: {path}" for path in changed_files(settings.paths, archived)]
    if uploads != {path.name for path in archived}:
        found.append("archive and ledger name other files")
    contents = Counter((d.district_id, d.feed, d.content_sha256) for d in deliveries)
    found += [f"one upload is {count} deliveries: {key[:2]}" for key, count in contents.items() if count > 1]
    found += [f"a delivery of {d.district_id} rests in state {d.state}" for d in deliveries if d.state not in SETTLED]
    found += [f"{path.name} is still in an inbox" for path in settings.paths.sftp.glob("*/inbox/*/*")]
    live = Counter((d.district_id, d.feed) for d in deliveries if d.state == "published")
    found += [f"{key} has {count} published deliveries" for key, count in live.items() if count > 1]
    return found + _miscounted(settings, deliveries)


def _miscounted(settings: Settings, deliveries: list[Delivery]) -> list[str]:
    """Hold the rows in `raw` of every delivery and file against the records that its file has."""
    expected = {
        (d.delivery_id, name): file.records - file.set_aside
        for d in deliveries
        if d.state in ("published", "accepted", "held")
        for name, file in d.record.files.items()
        if file.records - file.set_aside
    }
    landed = _raw_rows(settings)
    # A delivery that was replaced this night is forgotten by the next one.
    replaced = {d.delivery_id for d in deliveries if d.state == "superseded"}
    actual = {key: count for key, count in landed.items() if key[0] not in replaced and key[1] != CARRIED_OVER}
    if actual == expected:
        return []
    wrong = {key: (expected.get(key), actual.get(key)) for key in expected | actual if expected.get(key) != actual.get(key)}
    return [f"rows in raw are not the records of the files (expected, actual): {wrong}"]


def leftovers(settings: Settings) -> list[str]:
    """Files that a killed night left and no later one removed."""
    paths = settings.paths
    left = [*paths.scratch.rglob("*"), *paths.archive.rglob(".*"), *paths.published.glob(".*")]
    left += [path for path in paths.warehouse.iterdir() if path.name not in ("raw.duckdb", "analytics.duckdb", "lock")]
    return [f"left over: {path.relative_to(paths.root)}" for path in left]


def differences(expected: Rows, actual: Rows) -> str:
    """The first differences, in short."""
    said = []
    for table in sorted(expected.keys() | actual.keys()):
        one, other = Counter(expected.get(table, [])), Counter(actual.get(table, []))
        if one != other:
            said.append(f"{table}: -{list((one - other).elements())[:3]} +{list((other - one).elements())[:3]}")
    return "; ".join(said)[:1500]


def ledger_states(settings: Settings) -> Counter[str]:
    """Deliveries by state, as a kill left them."""
    return Counter(delivery.state for delivery in _deliveries(settings))


def _deliveries(settings: Settings) -> list[Delivery]:
    registry = open_registry(settings)
    try:
        return all_deliveries(registry)
    finally:
        registry.close()


def _ledger(settings: Settings) -> list[str]:
    """The ledger, oldest first, in the words that compare."""

    def told(delivery: Delivery) -> str:
        files = [(file.name, file.member_of, file.sha256) for file in delivery.files]
        findings = sorted((f.stage, f.code, f.file or "", f.line or 0, f.column or "", f.count or 0) for f in delivery.findings)
        facts: dict[str, Any] = {
            "district": delivery.district_id,
            "feed": delivery.feed,
            "state": delivery.state,
            "verdict": delivery.verdict,
            "proof": delivery.proof,
            "counts": delivery.record.as_json(),
            "findings": findings,
            "files": hashlib.sha256(json.dumps(files).encode()).hexdigest()[:12],
            "names": [file.name for file in delivery.files if not file.member_of],
        }
        return json.dumps(facts, sort_keys=True)

    # Districts are fetched side by side, so only the order within a feed says something.
    ordered = sorted(_deliveries(settings), key=lambda d: (d.district_id, d.feed, d.received_at, d.delivery_id))
    return [told(delivery) for delivery in ordered]


def _raw_rows(settings: Settings) -> dict[tuple[str, str], int]:
    """Rows by delivery and file."""
    if not settings.paths.raw_database.exists():
        return {}
    connection = duckdb.connect(":memory:")
    try:
        # Opened by itself the catalog would be `raw`, like the schema.
        path = str(settings.paths.raw_database).replace("'", "''")
        connection.execute(f"attach '{path}' as warehouse (read_only)")
        query = "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'raw'"
        tables = connection.execute(query).fetchall()
        found: dict[tuple[str, str], int] = {}
        for (table,) in tables:
            query = f"select delivery_id, file_name, count(*) from warehouse.raw.{table} group by all"
            found |= {(row[0], row[1]): row[2] for row in connection.execute(query).fetchall()}
        return found
    finally:
        connection.close()


def _raw(settings: Settings) -> dict[str, int]:
    """Rows of live and held deliveries by district, feed and file."""
    names = {d.delivery_id: (d.district_id, d.feed, d.state) for d in _deliveries(settings)}
    rows = Counter[str]()
    for (delivery_id, file_name), count in _raw_rows(settings).items():
        district, feed, state = names.get(delivery_id, ("?", "?", "unknown"))
        if state != "superseded":
            rows[f"{district} {feed} {state} {file_name}"] += count
    return dict(rows)


def _archived(settings: Settings) -> list[str]:
    return sorted(path.name for path in archived_files(settings.paths))
