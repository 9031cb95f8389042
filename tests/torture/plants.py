"""Conditions that a scenario plants in a night's own process: what no upload can bring about, or only in weeks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from subgroup_pipeline.build.scope import set_scope
from tests.support.wrapped import Around, wrap

HELD_BACK = "beta"
"""The district that fails a test of the models where that is planted."""


def slips_in(district_id: str) -> Around:
    """Let a row slip in after the checks, for `set_scope`: the district's as_of is doubled, so that tests of the models fail."""

    def around(real: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        in_scope = real(*args, **kwargs)
        args[0].execute(
            "insert into control.run_scope select * replace (as_of_date + 1 as as_of_date) from control.run_scope "
            "where district_id = ?",
            [district_id],
        )
        return in_scope

    return around


def _fail_a_test() -> None:
    wrap(set_scope, slips_in(HELD_BACK))


def _compact() -> None:
    """The weekly rewrite is due."""
    from subgroup_pipeline.publish import snapshot

    snapshot.REWRITTEN = timedelta(0)


def _change_models() -> None:
    """The models are other ones than those of the last night, so that they are parsed and their manifest is written."""
    from subgroup_pipeline.build import parsed_project
    from subgroup_pipeline.settings import load_settings

    home = load_settings().paths
    parsed_project.PREPARED = home.dbt / "none"
    (home.dbt / "parsed_version").unlink(missing_ok=True)


def _measure_nothing() -> None:
    """Room is not measured before the night: something else fills the disk while it runs."""
    from subgroup_pipeline import disk

    disk._MARGIN = -(2**60)


PLANTS: dict[str, Callable[[], None]] = {
    "failing test": _fail_a_test,
    "weekly rewrite": _compact,
    "changed models": _change_models,
    "unmeasured disk": _measure_nothing,
}


def shift_clock(seconds: float) -> None:
    """Let every module of the package see another time of day."""

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)  # times that others made are times, too

    class Shifted(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:  # noqa: ANN401 - a datetime, so that comparisons hold
            return datetime.now(tz) + timedelta(seconds=seconds)

    for name, module in list(sys.modules.items()):
        if name.startswith("subgroup_pipeline") and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]
