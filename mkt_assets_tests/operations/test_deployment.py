"""What is deployed: units, image and compose files name what exists, install it, and bind to this machine only."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import entry_points
from itertools import takewhile
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from mkt_assets.operations.doctor import Verdict, examine
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import PREFIX, Settings

PROJECT = Path(__file__).parents[2]
DEPLOY = PROJECT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
GUIDE = (PROJECT / "docs" / "operations.md").read_text("utf-8")
INSTALLED = "/opt/mkt_assets"


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text("utf-8"))
    return parser


def commands() -> list[list[str]]:
    from_units = [unit(path)["Service"]["ExecStart"] for path in UNITS]
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    cluster = yaml.safe_load((DEPLOY / "cluster" / "compose.yaml").read_text("utf-8"))["services"]
    services |= {f"cluster {name}": each for name, each in cluster.items() if "build" in each}
    from_units += [
        service["ExecStartPost"] for path in UNITS if "ExecStartPost" in (service := unit(path)["Service"])
    ]
    from_compose = [str(service["command"]) for service in services.values()]
    of_shells = r"^\S*sh -c ['\"]| >/dev/null 2>&1|; do sleep 1; done|['\"]$"
    lines = [
        part.removeprefix("exec ").removeprefix("until ")
        for line in [*from_units, *from_compose]
        for part in re.sub(of_shells, "", line).split(" && ")
    ]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_a_deployed_command_and_its_options_exist(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = Path(sys.executable).with_name(Path(command[0]).name)
    assert program.exists()
    words = list(takewhile(lambda word: not word.startswith("-"), command[1:]))
    # what the program calls; a process each would import Dagster again
    (entry,) = entry_points(group="console_scripts", name=program.name)
    monkeypatch.setattr(sys, "argv", [str(program), *words, "--help"])
    with pytest.raises(SystemExit) as ended:
        entry.load()()
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for option in (word for word in command[1:] if word.startswith("-")):
        assert re.search(rf"(^|[\s,]){re.escape(option)}\b", shown), option


@pytest.mark.parametrize("name", ["compose.yaml", "cluster/compose.yaml"])
def test_a_code_server_is_healthy_when_it_says_that_it_serves(name: str) -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))["services"]
    *_, check = services["code"]["healthcheck"]["test"]
    servicer = health.HealthServicer()
    server = grpc.server(ThreadPoolExecutor(1))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        servicer.set("DagsterApi", health_pb2.HealthCheckResponse.SERVING)
        exec(check.replace(":4000", f":{port}"), {})
        servicer.set("DagsterApi", health_pb2.HealthCheckResponse.NOT_SERVING)
        with pytest.raises(AssertionError):
            exec(check.replace(":4000", f":{port}"), {})
    finally:
        server.stop(None).wait()
    with pytest.raises(grpc.RpcError):
        exec(check.replace(":4000", f":{port}"), {})


def test_the_image_installs_into_the_python_that_it_names(tmp_path: Path) -> None:
    """uv takes a bare name for that of a virtual environment, which an image has not."""
    log = tmp_path / "log"
    stub = tmp_path / "python"
    stub.write_text(f'#!/bin/sh\necho "$@" >> {log}\n', "utf-8")
    stub.chmod(0o755)
    (install,) = re.findall(r"sh deploy/install.sh python", (DEPLOY / "Dockerfile").read_text("utf-8"))
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run(shlex.split(install), cwd=PROJECT, env=os.environ | {"PATH": path}, check=True)
    with_uv = [line for line in log.read_text("utf-8").splitlines() if line.startswith("-m uv")]
    assert with_uv and all(f"--python {stub} " in line for line in with_uv)


def test_a_file_that_is_mounted_into_a_volume_lies_in_a_folder_of_the_image() -> None:
    """Docker would make the folder, as root's."""
    (made,) = re.findall(
        r"mkdir -p (.+) && chown -R mkt:mkt /srv/mkt", (DEPLOY / "Dockerfile").read_text("utf-8")
    )
    cluster = yaml.safe_load((DEPLOY / "cluster" / "compose.yaml").read_text("utf-8"))["services"]
    mounted = [str(each) for service in cluster.values() for each in service.get("volumes", [])]
    files = {each.split(":")[1] for each in mounted if each.startswith("./")}
    assert files and {str(Path(file).parent) for file in files} <= set(made.split())


def test_nothing_is_published_beyond_this_machine() -> None:
    for path in UNITS:
        words = shlex.split(unit(path)["Service"]["ExecStart"])
        assert "-h" not in words or words[words.index("-h") + 1] == "127.0.0.1"
        assert "0.0.0.0" not in words
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:3000:3000", "127.0.0.1:3001:3000", "127.0.0.1:3030:3030"]


def test_the_daemon_is_up_only_while_the_code_answers() -> None:
    daemon, code = unit(DEPLOY / "systemd/mkt-daemon.service"), unit(DEPLOY / "systemd/mkt-code.service")
    assert daemon["Unit"]["After"] == daemon["Unit"]["BindsTo"] == "mkt-code.service"
    assert code["Unit"]["Wants"] == "mkt-daemon.service"
    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    for waiting in (code["Service"]["ExecStartPost"], str(compose["daemon"]["command"])):
        assert "until" in waiting and "grpc-health-check" in waiting


@pytest.mark.parametrize("name", ["workspace.yaml", "workspace.compose.yaml"])
def test_a_workspace_names_the_code_server_of_its_deployment(name: str) -> None:
    (location,) = yaml.safe_load((DEPLOY / name).read_text("utf-8"))["load_from"]
    assert location["grpc_server"]["port"] == 4000
    assert location["grpc_server"]["location_name"] == "mkt_assets"


def test_the_services_read_the_settings_where_the_guide_puts_them() -> None:
    (file,) = re.findall(
        r"^EnvironmentFile=(.*)$", (DEPLOY / "systemd/mkt-.service.d/common.conf").read_text(), re.M
    )
    assert f"install -m 640 -g mkt deploy/mkt.env {file}\n" in GUIDE and f". {file} &&" in GUIDE


def test_the_settings_of_the_services_exist() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {"DAGSTER_HOME"}
    lines = [
        line for line in (DEPLOY / "mkt.env").read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    assert {line.partition("=")[0] for line in lines} <= known
    assert set(re.findall(r"\bMKT_[A-Z_]+\b", GUIDE)) <= known


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze on this machine")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_systemd_accepts_the_unit(path: Path, tmp_path: Path) -> None:
    # by names without a blank, whatever their own are: no unit quotes its paths
    environment, project = tmp_path / "environment", tmp_path / "project"
    environment.symlink_to(sys.prefix)
    project.symlink_to(PROJECT)
    for other in [*UNITS, *(DEPLOY / "systemd").glob("*/*.conf")]:
        text = other.read_text("utf-8").replace(f"{INSTALLED}/.venv", str(environment))
        copy = tmp_path / other.relative_to(DEPLOY / "systemd")
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(text.replace(INSTALLED, str(project)).replace("=mkt\n", "=root\n"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(tmp_path / path.name)],
        check=False,
        capture_output=True,
        text=True,
    )
    complaints = [line for line in done.stderr.splitlines() if path.name in line or "common.conf" in line]
    assert complaints == []


def test_the_guides_backup_is_restored_as_the_guide_says(home: Settings, tmp_path: Path) -> None:
    backup, restore, *_ = re.findall(r"```sh\n(.*?)```", GUIDE, flags=re.DOTALL)
    (home.home / "names.csv").write_text("modality,identity,name\n", "utf-8")
    before = {name: open_warehouse(home).read(name) for name in ("raw_posts", "clusters", "cluster_profiles")}
    run_guide(backup, home)
    shutil.rmtree(home.home)
    run_guide(f"backup=$MKT_HOME/../backup\n{restore}", home)
    assert {name: open_warehouse(home).read(name) for name in before} == before
    assert (home.home / "names.csv").exists()
    problems = [f.what for f in examine(home) if f.verdict is Verdict.problem]
    assert all("charts" in what or "report" in what for what in problems), problems


def run_guide(script: str, settings: Settings) -> None:
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "MKT_HOME": str(settings.home),
        "MKT_DROPS": str(settings.drops_dir),
    }
    done = subprocess.run(
        ["bash", "-euc", script], check=False, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
