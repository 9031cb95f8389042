"""The standard subgroups and what is known of them without a district's word (`subgroup_catalogue.yml`, with its sources)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Sensitivity = Literal["standard", "nsla"]


@dataclass(frozen=True)
class StandardSubgroup:
    """A subgroup of the catalogue; `order` counts from 1. `value_labels` has the values whose words alone are not their name."""

    name: str
    label: str
    order: int
    essa_group: str | None
    sensitivity: Sensitivity
    value_labels: Mapping[str, str]


def standard_subgroup(name: str) -> StandardSubgroup | None:
    """What the catalogue says of a subgroup; None of one that is a district's own."""
    return _catalogue()[0].get(name)


def standard_order(name: str, place: int) -> int:
    """Where a subgroup stands among all: in the order of the catalogue, a district's own after them by `place`, from 1."""
    standard = standard_subgroup(name)
    return standard.order if standard else len(_catalogue()[0]) + place


def default_sensitivity(name: str, values: Iterable[str]) -> Sensitivity:
    """How sensitive a subgroup with these values is, where the settings do not say it."""
    subgroups, of_meals = _catalogue()
    if name in subgroups and subgroups[name].sensitivity == "nsla":
        return "nsla"
    return "standard" if of_meals.isdisjoint(values) else "nsla"


@cache
def _catalogue() -> tuple[dict[str, StandardSubgroup], frozenset[str]]:
    from ruamel.yaml import YAML

    text = files(__package__).joinpath("subgroup_catalogue.yml").read_text(encoding="utf-8")
    read: dict[str, Any] = YAML(typ="base", pure=True).load(text)
    subgroups = {
        name: StandardSubgroup(
            name=name,
            label=given["label"],
            order=order,
            essa_group=given.get("essa_group"),
            sensitivity=given.get("sensitivity", "standard"),
            value_labels=read["values"][given["values"]] if "values" in given else {},
        )
        for order, (name, given) in enumerate(read["subgroups"].items(), start=1)
    }
    return subgroups, frozenset(read["nsla_values"])
