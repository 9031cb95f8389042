"""Which values of a subgroup mean being in the group, where a district's settings do not say so with `member:`."""

from __future__ import annotations

import re

NOT_A_MEMBER = frozenset(
    [
        *("no", "non", "not", "none", "never", "n", "0", "false", "ineligible", "unknown", "paid", "full_price"),
        *("former", "formerly", "exited", "reclassified", "redesignated", "monitored", "rfep"),
    ]
)
"""A value that is one of these words, or has one, denies membership: `not_eligible`, `exited_2024`."""


def means_membership(value: str, blank: str) -> bool:
    """Whether a value means being in the group, told by its words; `blank` is the value that blank cells of its column have.

    Blank cells mostly stand for students who are not in it, so their value is no membership unless it is `yes`.
    """
    words = re.split(r"[\s_-]+", value.strip().casefold())
    return NOT_A_MEMBER.isdisjoint([*words, "_".join(words)]) and (value != blank or value == "yes")
