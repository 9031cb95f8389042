"""Help: every command shows an example, and `subgroups --help` answers at once."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from subgroup_pipeline import __version__
from subgroup_pipeline.cli.main import app
from tests.support.command import SUBGROUPS, Shell


def _commands(group: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:  # noqa: ANN401 - typer has a click of its own
    found: dict[tuple[str, ...], click.Command] = {}
    for name, command in group.commands.items():
        found |= _commands(command, (*path, name)) if hasattr(command, "commands") else {(*path, name): command}
    return found


COMMANDS = _commands(typer.main.get_command(app))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_an_example_that_names_the_command(path: tuple[str, ...]) -> None:
    text = COMMANDS[path].help or ""
    assert re.search(rf"Example: (\w+=\S+ )?subgroups {' '.join(path)}\b", text)


def test_help_of_a_command_shows_it(tmp_path: Path) -> None:
    said = Shell(tmp_path).subgroups("district", "apply", "--help")
    assert said.status == 0
    assert "Example: subgroups district apply" in said.out
    assert list(tmp_path.iterdir()) == []


def test_help_takes_little_more_than_the_import_of_typer(tmp_path: Path) -> None:
    """Dagster alone would make it thirty times as much CPU; today it is 1.7 times."""
    shell = Shell(tmp_path)

    def seconds(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, env=shell.environment, cwd=tmp_path, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    typer_alone = min(seconds(sys.executable, "-c", "import typer") for _ in range(3))
    assert min(seconds(str(SUBGROUPS), "--help") for _ in range(3)) < 4 * typer_alone


def test_the_version(tmp_path: Path) -> None:
    assert Shell(tmp_path).subgroups("--version").out.strip() == __version__
