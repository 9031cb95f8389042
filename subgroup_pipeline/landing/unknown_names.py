"""What may be said of a header that we did not write: a text of it goes into findings only when it is surely a column's name.

The first line of a file without a header is a student's row, and its cells must stand nowhere but in the archive.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from subgroup_pipeline.districts.header_name import canonical, nearest_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_ENOUGH = 2
"""With so many known names a line is a header."""
_NAME = re.compile(r"[^\W\d_][\w .\-/()#%]{1,39}")
_VALUES = frozenset({"yes", "no", "true", "false", "null", "none", "nan", "active", "tobedeleted"})


def looks_like_name(text: str) -> bool:
    """Whether a text may be the name of a column: it begins with a letter, is short, and is none of the usual values."""
    return _NAME.fullmatch(text) is not None and text.casefold() not in _VALUES


class Header:
    """The names of a file's columns as they came; `known` ones, in canonical form, tell a header from a student's row."""

    def __init__(self, names: Sequence[str], known: Collection[str], key: str) -> None:
        self.names = tuple(name.strip() for name in names)
        self.forms = tuple(map(canonical, names))
        self._known = frozenset(known)
        found = self._known & set(self.forms)
        self._is_header = len(found) >= _ENOUGH or canonical(key) in found

    def shown(self, position: int) -> str:
        """A column's name, or where it stands when its name may be a student's value."""
        name = self.names[position]
        if self.forms[position] in self._known or (self._is_header and looks_like_name(name)):
            return name
        return f"column {position + 1}"

    def twice(self) -> list[str]:
        """Names, in canonical form, that stand more than once, in the order of the file."""
        return [form for form, count in Counter(self.forms).items() if form and count > 1]

    def nearest(self, wanted: str, used: Collection[str] = ()) -> str:
        """The name most like a wanted one among those that are nothing else; empty when none is like it."""
        free = {
            form: self.shown(n)
            for n, form in enumerate(self.forms)
            if form and form not in used and self.shown(n) == self.names[n]
        }
        return free.get(nearest_name(canonical(wanted), free.keys()), "")
