"""Student IDs that a program or a person changed on the way: zeros lost, `.0` added, brackets, capital letters and the like.

Nothing here makes an ID match. It is told which IDs would match a student whom nobody in the file meets, and what differs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from subgroup_pipeline.quality.check_session import fact_query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import duckdb

ZEROS, CAPITALS, UNSEEN = "zeros at the front", "capital letters", "spaces or characters that cannot be seen"


_PLAIN = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code).isalnum())
_WIDE = "".join(chr(0xFEE0 + ord(plain)) for plain in _PLAIN)
_AROUND = "=''\"`{}[]()<>\u00b4\u2018\u2019\u201a\u201c\u201d\u201e"
_THOUSANDS = "^([0-9]{1,3})" + 4 * "(?:[.,]([0-9]{3}))?" + "[.,]([0-9]{3})$"


def _without(pattern: str, kept: str = "", options: str = "") -> Callable[[str], str]:
    return lambda key: f"regexp_replace({key}, '{pattern}', '{kept}'{options})"


class Rewrite(NamedTuple):
    """A way in which two writings of one ID differ: its name in words, and the SQL that takes it out of a key.

    The key stands once in that SQL: all rewrites are nested into one expression.
    """

    words: str
    undone: Callable[[str], str]


REWRITES = (
    # translate() takes ten times as long as the others, and no other rewrite is nested into this first one.
    Rewrite(
        "full-width digits or letters",
        lambda key: f"if(regexp_matches({key}, '[{_WIDE}]'), translate({key}, '{_WIDE}', '{_PLAIN}'), {key})",
    ),
    Rewrite(UNSEEN, _without(r"[\s\p{Z}\p{C}]", options=", 'g'")),
    Rewrite("quotation marks, brackets or = around them", lambda key: f"trim({key}, '{_AROUND}')"),
    Rewrite("`.0` at the end", _without("^([0-9.,]*[0-9])[.,]00?$", r"\1")),
    Rewrite("commas or points between thousands", _without(_THOUSANDS, r"\1\2\3\4\5\6")),
    Rewrite("hyphens", _without(r"[-\x{2010}-\x{2015}]", options=", 'g'")),
    Rewrite(CAPITALS, lambda key: f"lower({key})"),
    Rewrite(ZEROS, _without("^0+([0-9]+)$", r"\1")),
)
"""In the order in which they are undone."""


def _undone(key: str, rewrites: Iterable[Rewrite]) -> str:
    for rewrite in rewrites:
        key = rewrite.undone(key)
    return key


def _is_at_play(position: int) -> str:
    """SQL: whether `key` and `student_key` differ once this rewrite alone is left out."""
    others = REWRITES[:position] + REWRITES[position + 1 :]
    return f"{_undone('key', others)} <> {_undone('student_key', others)}"


@dataclass(frozen=True)
class Difference:
    """IDs that differ from the roster's by the same: how many students they would meet, and the first of them to find lines by.

    `width` is the number of digits up to which zeros are missing, if that is all. Without ids in its repr: these are people's.
    """

    words: tuple[str, ...]
    students: int
    ids: tuple[str, ...] = field(repr=False)
    width: int | None = None


@dataclass
class RewriteFacts:
    """The differences of one file, each with its own IDs."""

    differences: list[Difference] = field(default_factory=list)

    @property
    def students(self) -> int:
        """Students whom IDs of the file would meet if they were written as in the roster."""
        return sum(one.students for one in self.differences)

    @property
    def padded(self) -> Difference | None:
        """The IDs that only lack zeros up to one width."""
        return next((one for one in self.differences if one.width), None)

    def only(self, words: str) -> list[Difference]:
        """The IDs that differ by this alone, however long they are."""
        return [one for one in self.differences if one.words == (words,) and not one.width]


def rewrite_facts(session: duckdb.DuckDBPyConnection) -> dict[str, RewriteFacts]:
    """Facts by delivery. Leaves checks.likely_key; reads checks.file_key and checks.unmet_key."""
    at_play = [(rewrite.words, _is_at_play(position)) for position, rewrite in enumerate(REWRITES)]
    session.execute(fact_query("subgroups/lost_zeros", zeros=ZEROS))
    session.execute(fact_query("subgroups/rewritten", form=_undone("key", REWRITES), differences=at_play))
    facts: dict[str, RewriteFacts] = {}
    for delivery_id, words, students, ids, width in session.execute(fact_query("subgroups/differences")).fetchall():
        facts.setdefault(delivery_id, RewriteFacts()).differences.append(Difference(tuple(words), students, tuple(ids), width))
    return facts


def in_words(differences: Iterable[Difference]) -> str:
    """What differs, the most frequent first, as `.0` at the end and zeros at the front (90); capital letters (3)."""
    counts: Counter[str] = Counter()
    for one in differences:
        counts[" and ".join(one.words)] += one.students
    return "; ".join(f"{words} ({count})" for words, count in counts.most_common())
