"""Steps that speak only of what they did: an asset that was not built and a check that was not tested get no event.

Dagster's decorators let a step leave out checks only when a person may also run each alone, so the definitions are made here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_Step = Callable[..., Any]
_MAY_BE_ABSENT = dg.Out(dg.Nothing, is_required=False)


def assets_that_were_built(
    specs: Sequence[dg.AssetSpec], check_specs: Sequence[dg.AssetCheckSpec]
) -> Callable[[_Step], dg.AssetsDefinition]:
    """One step for assets with their checks, none of which runs alone; it yields results of those that it built and tested."""
    assets = {spec.key.to_python_identifier(): spec.key for spec in specs}
    checks = {spec.get_python_identifier(): spec for spec in check_specs}
    upstream = {dep.asset_key for spec in specs for dep in spec.deps} - set(assets.values())

    def define(step: _Step) -> dg.AssetsDefinition:
        return dg.AssetsDefinition(
            keys_by_input_name=_inputs(upstream),
            keys_by_output_name=assets,
            node_def=_op(step, upstream, [*assets, *checks]),
            specs=[spec.replace_attributes(skippable=True) for spec in specs],
            check_specs_by_output_name=checks,
        )

    return define


def checks_of_what_ran(
    check_specs: Sequence[dg.AssetCheckSpec], *, after: dg.AssetsDefinition
) -> Callable[[_Step], dg.AssetChecksDefinition]:
    """One step for checks of assets that other steps built; it follows them and `after`, and yields results of those it made."""
    checks = {spec.get_python_identifier(): spec for spec in check_specs}
    upstream = {*(spec.asset_key for spec in check_specs), *after.keys}

    def define(step: _Step) -> dg.AssetChecksDefinition:
        made: dg.AssetChecksDefinition = dg.AssetChecksDefinition.create(
            keys_by_input_name=_inputs(upstream),
            node_def=_op(step, upstream, checks),
            check_specs_by_output_name=checks,
            can_subset=False,
        )
        return made

    return define


def _inputs(upstream: Collection[dg.AssetKey]) -> dict[str, dg.AssetKey]:
    return {key.to_python_identifier(): key for key in sorted(upstream)}


def _op(step: _Step, upstream: Collection[dg.AssetKey], outputs: Collection[str]) -> dg.OpDefinition:
    return dg.op(
        name=step.__name__,
        ins=dict.fromkeys(_inputs(upstream), dg.In(dg.Nothing)),
        out=dict.fromkeys(outputs, _MAY_BE_ABSENT),
    )(step)
