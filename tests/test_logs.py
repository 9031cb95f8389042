"""The log of an installation: several processes write one file, and it does not grow without end."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import cycle
from pathlib import Path

from subgroup_pipeline.settings import load_settings

_WRITER = """
import sys
from pathlib import Path
from subgroup_pipeline.logs import log_event, open_log
from subgroup_pipeline.settings import load_settings

open_log(load_settings(home=Path(sys.argv[1])), most_bytes=int(sys.argv[2]))
for turn in sys.stdin:
    log_event("line", turn=int(turn))
    print("written", flush=True)
"""


def _write(home: Path, writers: int, lines: int, most_bytes: int) -> list[Path]:
    """Have several processes write in turns; gives the log and the older files beside it, newest first."""
    load_settings(home=home).paths.make()
    command = [sys.executable, "-c", _WRITER, str(home), str(most_bytes)]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(writers)
    ]
    for turn, process in zip(range(lines), cycle(processes), strict=False):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{turn}\n")
        assert process.stdout.readline() == "written\n"
    for process in processes:
        process.communicate(timeout=60)
    return sorted((home / "logs").iterdir())


def _turns(files: list[Path]) -> list[int]:
    return [json.loads(line)["turn"] for file in reversed(files) for line in file.read_text().splitlines()]


def test_no_line_of_several_processes_is_lost_when_the_file_is_set_aside(tmp_path: Path) -> None:
    files = _write(tmp_path, writers=3, lines=120, most_bytes=3000)
    assert _turns(files) == list(range(120))
    assert 4 <= len(files) <= 6
    assert all(2500 < file.stat().st_size <= 3000 for file in files[1:])


def test_only_so_many_old_files_stay(tmp_path: Path) -> None:
    files = _write(tmp_path, writers=1, lines=100, most_bytes=500)
    assert [file.name for file in files] == ["subgroups.jsonl", *(f"subgroups.jsonl.{number}" for number in range(1, 6))]
    turns = _turns(files)
    assert turns == list(range(100 - len(turns), 100))
