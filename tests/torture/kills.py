"""A moment at which a night is killed: around the n-th call of a function, or so many seconds after it began."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tests.support.wrapped import wrap


@dataclass(frozen=True)
class KillAt:
    """A call of a function. `delay` is in seconds; `during` kills `delay` after the call began, while it goes on.

    `function` stands at the top of a module or in a class, so that it is the same one in the process that is to be killed;
    only calls whose arguments show `about` count.
    """

    function: Callable[..., Any]
    when: Literal["before", "after", "during"] = "before"
    call: int = 1
    about: str = ""
    delay: float = 0.0

    def __str__(self) -> str:
        """For a line of a report."""
        about = f" about {self.about}" if self.about else ""
        delay = f" + {self.delay * 1000:.0f} ms" if self.delay else ""
        return f"{self.when} call {self.call} of {self.function.__qualname__}{about}{delay}"


@dataclass(frozen=True)
class KillAfter:
    """A moment by the clock: seconds after the night began."""

    seconds: float

    def __str__(self) -> str:
        """For a line of a report."""
        return f"{self.seconds:.2f} s into the night"


Moment = KillAt | KillAfter


def arm(moment: Moment) -> None:
    """Make this process kill itself at that moment, with SIGKILL: no handler, no `finally`, no flush."""
    if isinstance(moment, KillAfter):
        _die_later(moment.seconds)
        return
    calls = 0
    lock = threading.Lock()

    def around(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        nonlocal calls
        if moment.about not in repr((args, dict(kwargs))):
            return real(*args, **kwargs)
        with lock:
            calls += 1
            is_meant = calls == moment.call
        if is_meant and moment.when != "after":
            _die_later(moment.delay) if moment.when == "during" or moment.delay else _die()
        result = real(*args, **kwargs)
        if is_meant and moment.when == "after":
            _die_later(moment.delay) if moment.delay else _die()
        return result

    wrap(moment.function, around)


def _die_later(seconds: float) -> None:
    timer = threading.Timer(seconds, _die)
    timer.daemon = True
    timer.start()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
