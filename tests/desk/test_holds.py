"""What approving a held delivery would change, as tables for a person."""

from __future__ import annotations

from subgroup_pipeline.desk.holds import shown_preview
from subgroup_pipeline.registry.delivery_record import GroupCount, Preview


def _count(subgroup: str, value: str | None, before: int | None, now: int) -> GroupCount:
    return GroupCount(subgroup=subgroup, value=value, before=before, now=now)


def test_subgroups_in_which_a_number_changes_stand_apart() -> None:
    shown = shown_preview(
        Preview(
            groups=(
                _count("english_learner", "yes", 30, 0),
                _count("english_learner", "no", 70, 100),
                _count("title_i", "yes", 50, 50),
                _count("title_i", "no", 50, 50),
                _count("home_language", None, 100, 100),
            )
        )
    )
    assert {name: [line.change for line in lines] for name, lines in shown.changed.items()} == {"English learner": [-30, 30]}
    assert list(shown.unchanged) == ["Title I", "Home language"]


def test_without_a_live_delivery_every_subgroup_is_new() -> None:
    shown = shown_preview(Preview(groups=(_count("gifted", "yes", None, 5),)))
    assert (list(shown.changed), shown.unchanged) == (["Gifted and talented"], {})
