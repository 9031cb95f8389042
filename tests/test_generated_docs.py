"""The generated pages say what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.generated_docs import pages

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_generated_page_is_up_to_date(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == pages()[name], "run `make docs`"
