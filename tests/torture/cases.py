"""The table of moments. A new case is one line: a name, a moment, and the scenario it strikes in.

Run one with `python -m tests.torture --only NAME`; `make torture` runs the table and seeded moments beside it.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from dbt.cli.main import dbtRunner
from dbt_common.clients.system import write_json

from subgroup_pipeline.build import history, isolation, scope
from subgroup_pipeline.intake import archive
from subgroup_pipeline.intake.sources import sftp
from subgroup_pipeline.landing import delta, land, load
from subgroup_pipeline.publish import compaction, current, lake, manifest, quality_tables, snapshot, verification
from subgroup_pipeline.quality import family_totals, validation
from subgroup_pipeline.registry import builds, findings, ledger, receiving
from subgroup_pipeline.upkeep import runner
from subgroup_pipeline.warehouse import rows
from tests.torture.kills import KillAfter, KillAt, Moment

STATES = ("received", "screened", "landed", "held", "accepted", "published", "superseded", "rejected")


BUILT = "changes, built"
"""The scenario `changes` when all is done but the publish."""


@dataclass(frozen=True)
class Crash:
    """A night that is killed, and perhaps the one that mends it too."""

    name: str
    moment: Moment
    scenario: str = "changes"
    again: Moment | None = None
    step: str = ""

    def __str__(self) -> str:
        """For a line of a report."""
        again = f", then {self.again}" if self.again else ""
        return f"{self.scenario}: {self.moment}{again}"


CRASHES = (
    # Intake: bytes into the archive, row into the ledger, then the upload is removed.
    Crash("a file half fetched", KillAt(archive.IncomingFile.write, call=3)),
    Crash("before a file is kept", KillAt(archive.IncomingFile.keep, call=2)),
    Crash("after a file is kept", KillAt(archive.IncomingFile.keep, "after", call=2)),
    Crash("before the ledger knows", KillAt(receiving.register_delivery, call=2)),
    Crash("before the ledger commits", KillAt(receiving.register_delivery, "after", call=2)),
    Crash("before an upload is removed", KillAt(sftp.SftpConnection.remove, call=2)),
    Crash("after an upload is removed", KillAt(sftp.SftpConnection.remove, "after", call=2)),
    Crash("one of two uploads entered", KillAt(sftp.SftpConnection.remove, call=1), "two at once"),
    Crash("one of two uploads removed", KillAt(sftp.SftpConnection.remove, "after", call=1), "two at once"),
    Crash("two uploads, one judged", KillAt(ledger.advance, "after", about="'accepted'"), "two at once"),
    *(
        Crash(f"a loose set, {call} removed", KillAt(sftp.SftpConnection.remove, "after", call, "/beta/inbox/roster/"))
        for call in (1, 3, 6)
    ),
    # Landing and checks.
    Crash("before old rows go", KillAt(rows.delete_deliveries, call=2)),
    Crash("before loading", KillAt(load.load_files)),
    Crash("half loaded", KillAt(load._insert, "after", call=3)),
    Crash("loaded, not entered", KillAt(load.load_files, "after")),
    Crash("some entered as landed", KillAt(ledger.advance, "after", call=3, about="'landed'")),
    Crash("landed, not noted", KillAt(land._note_versions)),
    Crash("noted, scratch not cleared", KillAt(land._note_versions, "after")),
    Crash("before the checks", KillAt(validation.validate)),
    Crash("during the checks", KillAt(validation.validate, "during", delay=0.3)),
    Crash("between roster and subgroups", KillAt(validation.validate, call=2)),
    Crash("findings without a verdict", KillAt(findings.store_findings, "after", call=4, about="'quality'")),
    Crash("some accepted", KillAt(ledger.advance, "after", call=2, about="'accepted'", delay=0.01)),
    Crash("judged, not noted", KillAt(family_totals.note_failures)),
    # Scope and models.
    Crash("before the scope", KillAt(scope.set_scope)),
    Crash("before districts are marked", KillAt(scope._mark)),
    Crash("scope set", KillAt(scope.set_scope, "after")),
    Crash("before dbt run", KillAt(dbtRunner.invoke, about="'run'")),
    Crash("early in dbt run", KillAt(dbtRunner.invoke, "during", about="'run'", delay=0.7)),
    Crash("late in dbt run", KillAt(dbtRunner.invoke, "during", about="'run'", delay=1.6)),
    Crash("dbt writes its manifest", KillAt(write_json, "during", about="manifest.json", delay=0.003), "changed models"),
    Crash("dbt run done", KillAt(dbtRunner.invoke, "after", about="'run'")),
    Crash("during dbt test", KillAt(dbtRunner.invoke, "during", about="'test'", delay=0.8)),
    Crash("before the history is written", KillAt(history.keep_history)),
    Crash("the history is written, not noted", KillAt(builds.note_build)),
    Crash("the history is noted", KillAt(history.keep_history, "after")),
    Crash("before built is marked", KillAt(scope.mark_built)),
    Crash("built is marked", KillAt(scope.mark_built, "after")),
    Crash("before a failed district is held", KillAt(isolation.hold_failed), "failing test"),
    Crash("a failed district is held", KillAt(isolation.hold_failed, "after"), "failing test"),
    Crash("a failed district's rows are put back", KillAt(verification.mart_tables_in), "failing test"),
    # Publish.
    Crash("quality tables", KillAt(quality_tables.write_quality_tables, "after")),
    Crash("before the copy", KillAt(shutil.copyfile, about=".building")),
    Crash("during the copy", KillAt(shutil.copyfile, "during", about=".building", delay=0.0005)),
    Crash("copied, not verified", KillAt(verification.verify_file)),
    Crash("half the lake", KillAt(lake.write_table, "after", call=7)),
    Crash("before the manifest", KillAt(manifest.write_manifest)),
    Crash("before the snapshot has its name", KillAt(Path.rename, about=".building")),
    Crash("the snapshot has its name", KillAt(Path.rename, "after", about=".building")),
    Crash("before the link", KillAt(current._replace_link)),
    Crash("the link is made beside", KillAt(Path.replace, about=".current.new")),
    Crash("the link is swapped", KillAt(Path.replace, "after", about=".current.new")),
    Crash("swapped, the ledger behind", KillAt(snapshot.mend_ledger, call=2)),
    Crash("published, nothing cleared", KillAt(runner.run_upkeep)),
    Crash("old rows forgotten, the rest not cleared", KillAt(runner._remove, "after")),
    Crash("between two links of the first", KillAt(current._replace_link, "after"), "first night"),
    Crash("first night, half loaded", KillAt(load._insert, "after", call=3), "first night"),
    Crash("first night, late in dbt run", KillAt(dbtRunner.invoke, "during", about="'run'", delay=1.6), "first night"),
    Crash("during the rewrite", KillAt(compaction.compact_working_file, "during", delay=0.02), "weekly rewrite"),
    Crash("before the rewrite counts", KillAt(Path.replace, about=".compacting"), "weekly rewrite"),
    Crash("rewritten", KillAt(Path.replace, "after", about=".compacting"), "weekly rewrite"),
    # Changes only, decisions of a person, and a rollback.
    Crash("before the changes are applied", KillAt(delta.compose_delta), "delta"),
    Crash("the changes are half applied", KillAt(delta.compose_delta, "during", delay=0.01), "delta"),
    Crash("the changes are applied", KillAt(delta.compose_delta, "after"), "delta"),
    Crash("the changes are accepted", KillAt(ledger.advance, "after", about="'accepted'"), "delta"),
    Crash("the changes are built", KillAt(scope.mark_built), "delta"),
    Crash("before a replay is loaded", KillAt(rows.delete_deliveries, call=2), "decisions"),
    Crash("a replay is loaded", KillAt(load.load_files, "after"), "decisions"),
    Crash("a replay is noted", KillAt(land._note_versions, "after"), "decisions"),
    Crash("a refusal is built", KillAt(scope.mark_built, "after"), "decisions"),
    Crash("a refusal is shown, the ledger behind", KillAt(snapshot.mend_ledger, call=2), "decisions"),
    Crash("before the rollback shows", KillAt(current.swap), "rollback", step="rollback"),
    Crash("the rollback is made beside", KillAt(Path.replace, about=".current.new"), "rollback", step="rollback"),
    Crash("the rollback shows", KillAt(current.swap, "after"), "rollback", step="rollback"),
    # The night that mends is killed too.
    Crash("twice: loaded", KillAt(load.load_files, "after"), again=KillAt(load._insert, "after", call=4)),
    Crash("twice: judged", KillAt(validation.validate, call=2), again=KillAt(validation.validate, "after")),
    Crash("twice: built", KillAt(scope.mark_built), again=KillAt(scope.mark_built, "after")),
    Crash("twice: swap", KillAt(current._replace_link), again=KillAt(snapshot.mend_ledger, call=1)),
    Crash("twice: swap again", KillAt(current._replace_link), again=KillAt(current._replace_link)),
)  # fmt: skip

SAMPLE = (
    "after a file is kept", "a loose set, 3 removed", "half loaded", "landed, not noted", "noted, scratch not cleared",
    "some accepted", "late in dbt run", "built is marked", "before the snapshot has its name", "the link is made beside",
    "twice: swap",
)  # fmt: skip
"""Cases for CI: one a room, all of one scenario, so that its twin is made once."""


def at_states(seed: int, each: int) -> list[Crash]:
    """Kills just after a delivery came to a state, `each` of them a state; seeded."""
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    crashes = []
    for state in STATES:
        for number in range(each):
            delay = chance.choice((0.0, chance.uniform(0.001, 0.05), chance.uniform(0.05, 0.8)))
            call = chance.randint(1, {"held": 1, "published": 5, "superseded": 3, "rejected": 1}.get(state, 5))
            if state == "received":
                moment = KillAt(receiving.register_delivery, "after", call, delay=delay)
            else:
                moment = KillAt(ledger.advance, "after", call, f"'{state}'", delay)
            crashes.append(Crash(f"{state} {number}", moment))
    return crashes


def around_the_swap(seed: int, count: int) -> list[Crash]:
    """Kills around the moment in which readers change over, three in ten of them also in the publish that mends; seeded."""
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    marks = (
        (snapshot.make_snapshot, 0.15),
        (verification.verify_file, 0.08),
        (Path.rename, 0.02),
        (current.swap, 0.004),
        (current._replace_link, 0.002),
    )

    def moment() -> Moment:
        function, window = chance.choice(marks)
        return KillAt(function, "during", delay=chance.uniform(0, window))

    return [
        Crash(f"swap {number}", moment(), BUILT, moment() if chance.random() < 0.3 else None, "publish")
        for number in range(count)
    ]


def at_random(seed: int, count: int, seconds: float) -> list[Crash]:
    """Kills at any moment of a night that takes so many seconds, a third of them followed by one of the next night."""
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    crashes = []
    for number in range(count):
        again = KillAfter(chance.uniform(0, seconds)) if chance.random() < 1 / 3 else None
        crashes.append(Crash(f"random {number}", KillAfter(chance.uniform(0, seconds)), again=again))
    return crashes
