"""The groups whose students are shown one by one: every value of a subgroup that may be, with the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from subgroup_pipeline.desk.dashboard.counted import EVERYONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from subgroup_pipeline.desk.dashboard.shown_rows import ShownRows

_BY_STUDENT = "coalesce(is_on_student_pages, sensitivity <> 'nsla')"
"""What is shown student by student: 42 U.S.C. 1758(b)(6) limits who may see which student gets free meals."""


@dataclass(frozen=True)
class Group:
    """A value of a subgroup. `is_member` is None in an open column."""

    subgroup: str
    value: str
    subgroup_label: str
    value_label: str
    is_member: bool | None

    @property
    def words(self) -> str:
        """What people call it: `English learner: Yes`, and `All students`."""
        return self.subgroup_label if self.subgroup == EVERYONE else f"{self.subgroup_label}: {self.value_label}"


@dataclass(frozen=True)
class Words:
    """The words for subgroups and values that are shown student by student."""

    labels: dict[str, str]
    """By subgroup, in the order of the settings."""
    groups: dict[tuple[str, str], Group]

    @classmethod
    def of(cls, groups: Sequence[Group]) -> Self:
        """The words of these groups."""
        labels = {group.subgroup: group.subgroup_label for group in groups}
        return cls(labels, {(group.subgroup, group.value): group for group in groups})

    def value(self, subgroup: str, value: str) -> str:
        """What people call a value; a value that is not set up any more is its own word."""
        group = self.groups.get((subgroup, value))
        return group.value_label if group else value

    def place(self, subgroup: str) -> int:
        """The place of a subgroup in the order of the settings."""
        return list(self.labels).index(subgroup)


def list_groups(shown: ShownRows) -> list[Group]:
    """Every group whose students may be listed, all students first, then in the order of the settings."""
    query = f"""
        select subgroup, value, subgroup_label, value_label, is_member from marts.dim_subgroup
        where {_BY_STUDENT} order by subgroup <> '{EVERYONE}', display_order
    """
    return shown.kept(Group, query)
