"""Which of a district's settings the past depends on: two hashes, of what is read of its files and of what that means.

A build of the history that was read under another key is read again from the archive, as far back as that reaches.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from subgroup_pipeline.districts.district_file import DistrictSettings


def reading_key(settings: DistrictSettings) -> str:
    """Hash of what is read: the columns with their places and blank words, and what students are matched by."""
    subgroups = settings.subgroups
    if subgroups is None:
        return _hash(None)
    columns = {
        name: [
            column.subgroup,
            sorted(column.aliases),
            [(place.source, place.column) for place in subgroups.places(name)],
            sorted(subgroups.words_read_as_blank(name)),
        ]
        for name, column in subgroups.columns.items()
    }
    return _hash([subgroups.student_id_column, subgroups.match_field, columns])


def meaning_key(settings: DistrictSettings) -> str:
    """Hash of what the cells mean, with what is read."""
    subgroups = settings.subgroups
    return _hash([reading_key(settings), subgroups.model_dump(mode="json") if subgroups else None])


def _hash(said: Any) -> str:  # noqa: ANN401 - whatever JSON takes
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
