"""One warehouse for all the tests of a module that load files into it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reading.table import Table, open_table


@pytest.fixture(scope="module")
def table() -> Iterator[Table]:
    with tempfile.TemporaryDirectory() as directory, open_table(Path(directory)) as made:
        yield made
