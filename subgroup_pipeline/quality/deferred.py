"""Libraries that Great Expectations imports for expectations and charts which our suites do not have.

They take two fifths of its import (1.3 s of CPU in every night and every check, measured). Each is loaded when it is first used.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_UNUSED = ("altair", "scipy.stats")


class _Deferred(ModuleType):
    """Stands for a module until something of it is asked for. `importlib.util.LazyLoader` loads on `import` already."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer_unused() -> None:
    """Put stand-ins where these libraries would be; a library that is loaded already stays."""
    for name in _UNUSED:
        sys.modules.setdefault(name, _Deferred(name))
