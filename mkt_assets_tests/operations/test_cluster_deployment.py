"""What is deployed for several machines: files that parse, and name only settings and keys that there are.

No Docker engine and no Kubernetes runs in the tests: what is asked here is what can be without.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import dagster as dg
import pytest
import yaml

from mkt_assets.orchestration.dagster_yaml import RECORDS_SCHEMA, with_storage
from mkt_assets.settings import PREFIX, PROJECT_DIR, Settings

CLUSTER = PROJECT_DIR / "deploy" / "cluster"
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}
COMPOSE: dict[str, Any] = yaml.safe_load((CLUSTER / "compose.yaml").read_text("utf-8"))
VALUES: dict[str, Any] = yaml.safe_load((CLUSTER / "values.yaml").read_text("utf-8"))
RECORDS_CONFIG = (CLUSTER / "dagster.yaml").read_text("utf-8")
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
# of the values of Dagster's chart, as its schema has them
CHART = {
    "": {"global", "generatePostgresqlPasswordSecret", "postgresql", "telemetry", "dagster-user-deployments"}
    | {"runLauncher", "dagsterDaemon", "dagsterWebserver"},
    "postgresql": {"enabled", "postgresqlScheme", "postgresqlHost", "postgresqlUsername"}
    | {"postgresqlDatabase", "postgresqlParams", "service"},
    "dagsterDaemon": {"runCoordinator", "runRetries", "runMonitoring"},
    "dagsterWebserver": {"service"},
    "global": {"postgresqlSecretName"},
}
DEPLOYMENT = {"name", "image", "port", "dagsterApiGrpcArgs", "includeConfigInLaunchedRuns", "env"} | {
    *("envSecrets", "volumes", "volumeMounts", "podSecurityContext", "securityContext")
}


def settings_of(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def deployment() -> dict[str, Any]:
    [made] = VALUES["dagster-user-deployments"]["deployments"]
    return cast("dict[str, Any]", made)


def helm_environment() -> dict[str, str]:
    return {each["name"]: each["value"] for each in deployment()["env"]}


def test_the_services_have_settings_that_exist_and_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    for environment in (*(service["environment"] for service in OURS.values()), helm_environment()):
        named = {name for name in environment if name.startswith(PREFIX)}
        assert named and named <= KNOWN
        shared = settings_of({name: environment[name] for name in named}, monkeypatch)
        assert shared.state and shared.warehouse and shared.warehouse_data


def test_no_password_is_in_a_file() -> None:
    for path in CLUSTER.iterdir():
        text = path.read_text("utf-8")
        assert not re.search(r"://[^/@\s:]+:[^/@\s]+@", text), path
        for name in ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "POSTGRES_PASSWORD"):
            assert not re.search(rf"^\s*{name}: (?!\$\{{)", text, re.MULTILINE), (path, name)


def test_nothing_is_published_beyond_the_host_and_only_the_daemon_may_start_containers() -> None:
    published = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000"]
    sees = [
        name for name, service in COMPOSE["services"].items() if "docker.sock" in str(service.get("volumes"))
    ]
    assert sees == ["daemon"]
    assert sum("dagster-daemon run" in str(service.get("command")) for service in OURS.values()) == 1


def test_the_records_of_the_containers_are_in_the_state_and_nothing_rewrites_their_file() -> None:
    environment = OURS["code"]["environment"]
    assert with_storage(RECORDS_CONFIG, environment["MKT_STATE"]) == RECORDS_CONFIG
    config = yaml.safe_load(RECORDS_CONFIG)
    launcher = config.pop("run_launcher")["config"]
    # a run has what the services have, and sees the same volumes
    assert set(launcher["env_vars"]) == set(environment) - {"DAGSTER_CURRENT_IMAGE"}
    volumes = {each["name"] for each in COMPOSE["volumes"].values() if each}
    mounted = [volume.split(":") for volume in launcher["container_kwargs"]["volumes"]]
    assert {name for name, *_ in mounted} == volumes
    assert [path for _, path, *_ in mounted] == [environment["MKT_HOME"], environment["MKT_DROPS"]]
    assert launcher["network"] == COMPOSE["networks"]["mkt"]["name"]
    config.pop("storage")
    everywhere = PROJECT_DIR / "mkt_assets" / "orchestration" / "dagster_instance.yaml"
    assert config == yaml.safe_load(everywhere.read_text("utf-8"))


def test_dagster_takes_the_file_of_the_containers(tmp_path: Path) -> None:
    text = with_storage(RECORDS_CONFIG, None)
    (tmp_path / "dagster.yaml").write_text(text, "utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert instance.get_ref().run_launcher_data is not None
        assert not instance.telemetry_enabled


def test_the_values_of_the_chart_are_those_it_knows() -> None:
    for part, known in CHART.items():
        assert set(VALUES[part] if part else VALUES) <= known, part
    assert set(deployment()) <= DEPLOYMENT
    assert set(VALUES["runLauncher"]) == {"type", "config"}
    assert VALUES["postgresql"]["postgresqlParams"] == {"options": f"-csearch_path={RECORDS_SCHEMA}"}
    assert {mount["name"] for mount in deployment()["volumeMounts"]} == {
        volume["name"] for volume in deployment()["volumes"]
    }


def test_pods_of_runs_have_the_user_and_the_rights_of_the_code_server() -> None:
    # the chart hands on to them the deployment's settings, secrets and volumes, but neither of its security contexts
    run = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert set(run) <= {"containerConfig", "podSpecConfig", "jobSpecConfig"}
    assert run["podSpecConfig"]["securityContext"] == deployment()["podSecurityContext"]
    assert run["containerConfig"]["securityContext"] == deployment()["securityContext"]
    assert deployment()["podSecurityContext"]["runAsNonRoot"]


def test_the_image_has_what_its_launchers_need() -> None:
    extras = OURS["code"]["build"]["args"]["EXTRAS"]
    assert extras == "--extra cluster --extra launchers"
    assert "ARG EXTRAS" in (PROJECT_DIR / "deploy" / "Dockerfile").read_text("utf-8")
