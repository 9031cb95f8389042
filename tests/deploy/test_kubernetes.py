"""The example for Kubernetes holds together: its YAML is read, its settings by the product, and what Dagster gets by Dagster."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._core.instance import InstanceRef

from subgroup_pipeline.cli.up import PARTS
from subgroup_pipeline.orchestration.instance import prepare_instance
from subgroup_pipeline.settings import Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "subgroups.yaml"
SHARDS = 2


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], Any]:
    """The objects by kind and name."""
    found = [one for one in yaml.safe_load_all(EXAMPLE.read_text(encoding="utf-8")) if one]
    assert all(one["apiVersion"] in ("v1", "apps/v1") for one in found)
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


def containers(objects: dict[tuple[str, str], Any]) -> list[dict[str, Any]]:
    sets = [one for (kind, _), one in objects.items() if kind == "StatefulSet"]
    return [container for one in sets for container in one["spec"]["template"]["spec"]["containers"]]


def test_its_settings_are_ours_and_their_values_are_taken(objects: dict[tuple[str, str], Any], tmp_path: Path) -> None:
    given = objects["ConfigMap", "subgroups"]["data"] | objects["Secret", "subgroups"]["stringData"]
    for container in containers(objects):
        given |= {one["name"]: one["value"] for one in container["env"] if "value" in one}
    settings = {name.removeprefix("SUBGROUPS_").lower(): value for name, value in given.items() if name.startswith("SUBGROUPS_")}
    assert settings.keys() <= Settings.model_fields.keys()
    assert load_settings(**settings | {"home": tmp_path}).own_shard.of == SHARDS


def test_dagster_takes_what_a_shard_gives_it(
    objects: dict[tuple[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    url = objects["Secret", "subgroups"]["stringData"]["SUBGROUPS_DATABASE_URL"]
    settings = load_settings(home=tmp_path / "home", database_url=url, shard="1/2")
    prepare_instance(settings)
    reference = InstanceRef.from_dir(str(settings.paths.dagster))  # raises where Dagster's schema does not take it
    assert "postgres" not in reference.storage_data.module_name  # type: ignore[union-attr]


def test_every_shard_has_a_pod_and_is_joined(objects: dict[tuple[str, str], Any]) -> None:
    shards = objects["StatefulSet", "subgroups-shard"]["spec"]
    assert shards["replicas"] == SHARDS
    script = shards["template"]["spec"]["containers"][0]["command"][2]
    said = [_shard_of(script, index) for index in range(SHARDS)]
    assert said == ["1/2", "2/2"]
    join = next(one for one in containers(objects) if one["name"] == "join")
    mounted = {mount["mountPath"] for mount in join["volumeMounts"]}
    for number in range(1, SHARDS + 1):
        assert f"/shards/{number}" in join["command"][2]
        assert f"/shards/{number}/published" in mounted


def test_every_part_of_an_installation_runs_and_every_volume_is_there(objects: dict[tuple[str, str], Any]) -> None:
    commands = [" ".join(container["command"]) for container in containers(objects)]
    assert {part for part in PARTS if any(f"--only {part}" in command for command in commands)} == set(PARTS)
    for (kind, _), one in objects.items():
        if kind != "StatefulSet":
            continue
        spec = one["spec"]
        there = {volume["name"] for volume in spec["template"]["spec"]["volumes"]}
        there |= {claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]}
        used = {mount["name"] for c in spec["template"]["spec"]["containers"] for mount in c["volumeMounts"]}
        assert used == there
        assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]


def _shard_of(script: str, index: int) -> str:
    """What the pod's shell makes of its number."""
    only_set = script.partition(";")[0] + '; printf %s "$SUBGROUPS_SHARD"'
    done = subprocess.run(["sh", "-c", only_set], env={"POD_INDEX": str(index)}, capture_output=True, text=True, check=True)
    return done.stdout
