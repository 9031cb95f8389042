"""Functions that a test stands around: what happens before, after or instead of their calls, and a kill at one of them."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce, wraps
from typing import Any, Literal

import pytest

Around = Callable[[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]], Any]
"""Called in the place of a function, with the function, its arguments and its named arguments; gives what is given."""


class Killed(BaseException):
    """What a kill does to code that runs: nothing after this line happens."""


def wrap(real: Callable[..., Any], around: Around) -> Callable[[], None]:
    """Put `around` in the place of a function, wherever a module that is loaded holds it by its name.

    Gives what puts the function back. Raises LookupError for a function that cannot be found where it says it stands.
    """
    *classes, name = real.__qualname__.split(".")
    owner = reduce(getattr, classes, sys.modules[real.__module__])
    if getattr(owner, name) is not real:
        raise LookupError(f"{real.__qualname__} of {real.__module__} is another function: it cannot be wrapped")

    @wraps(real)
    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return around(real, args, kwargs)

    modules = [module for module in list(sys.modules.values()) if getattr(module, "__dict__", {}).get(name) is real]
    holders = [owner] if classes else modules

    def undo() -> None:
        for holder in holders:
            setattr(holder, name, real)

    for holder in holders:
        setattr(holder, name, wrapper)
    return undo


@contextmanager
def wrapped(real: Callable[..., Any], around: Around) -> Iterator[None]:
    """Have `around` called in the place of a function for as long as this is open."""
    undo = wrap(real, around)
    try:
        yield
    finally:
        undo()


@contextmanager
def killed(function: Callable[..., Any], when: Literal["before", "after"] = "before", call: int = 1) -> Iterator[None]:
    """Kill what runs in here before or after a call of a function, counted from 1. Fails if no such call comes."""
    calls = itertools.count(1)

    def around(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        is_meant = next(calls) == call
        if is_meant and when == "before":
            raise Killed
        result = real(*args, **kwargs)
        if is_meant:
            raise Killed
        return result

    with wrapped(function, around), pytest.raises(Killed):
        yield
