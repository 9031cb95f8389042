"""The named moments of the table are functions that exist: a renamed one would never be reached, and nothing would be said."""

from __future__ import annotations

import importlib
from functools import reduce

import pytest

from tests.torture.cases import CRASHES
from tests.torture.kills import KillAt

FUNCTIONS = sorted({m.function for crash in CRASHES for m in (crash.moment, crash.again) if isinstance(m, KillAt)})


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_named_moment_is_a_function_that_exists(function: str) -> None:
    module, _, name = function.partition(":")
    assert callable(reduce(getattr, name.split("."), importlib.import_module(module)))
