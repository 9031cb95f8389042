"""Shares in words."""

from __future__ import annotations

import pytest

from subgroup_pipeline.districts.limits import share_in_words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1, "100%"),
        (0.99999, "99.9%"),
        (1937 / 1957, "98.9%"),
        (0.29, "29%"),
        (0.57, "57%"),
        (0.0512, "5.1%"),
        (0, "0%"),
        (2.5, "250%"),
    ],
)
def test_a_share_never_reads_as_more_than_it_is(share: float, words: str) -> None:
    """1,937 of 1,957 IDs once read "99%; below 99% we tell you"."""
    assert share_in_words(share) == words
