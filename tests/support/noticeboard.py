"""The noticeboard under test: the real process, as `subgroups up` starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from subgroup_pipeline.cli.children import Children, start_noticeboard
from subgroup_pipeline.portal.released import open_door
from subgroup_pipeline.settings import Settings
from tests.support.waiting import waited


@contextmanager
def noticeboard_running(settings: Settings) -> Iterator[Children]:
    """A noticeboard that answers."""
    children = start_noticeboard(settings)
    try:
        waited(lambda: _answers(settings))
        yield children
    finally:
        children.stop()


def _answers(settings: Settings) -> bool:
    try:
        open_door(settings.noticeboard_folder).close()
    except OSError:
        return False
    return True
