"""`mkt ui` begins only where it can serve, and once a home; Ctrl-C ends a command as shells expect."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.commands.ui import HOST, LOCK_NAME, UiError, hold_home, hold_state, refuse_port_in_use
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop


class _DagsterUi(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"dagster_webserver_version": "1.0"}')

    def log_message(self, format: str, *args: object) -> None:
        """Not on the tests' output."""


def test_a_port_that_another_program_has_is_refused_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UiError) as refused:
            refuse_port_in_use(port)
    assert f"port {port} is in use by another program" in str(refused.value)
    assert f"make ui PORT={port + 1}" in str(refused.value)


def test_a_port_that_a_dagster_ui_has_is_said_to_be_so() -> None:
    with HTTPServer((HOST, 0), _DagsterUi) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(UiError, match="in use by a Dagster UI: if it is the UI you want, open http://"):
            refuse_port_in_use(server.server_port)
        server.shutdown()


def test_a_free_port_is_not_refused() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        port = other.getsockname()[1]
    refuse_port_in_use(port)


def test_a_port_in_use_begins_no_daemon(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKT_HOME", str(settings.home))
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        result = CliRunner().invoke(app, ["ui", "--port", str(other.getsockname()[1])])
    assert result.exit_code == 2
    assert "is in use" in result.output
    assert not settings.dagster_home.exists()


def test_a_second_ui_of_a_home_is_refused_until_the_first_ends(settings: Settings) -> None:
    first = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import pathlib, sys, time; from mkt_assets.commands.ui import hold_home;"
            "hold_home(pathlib.Path(sys.argv[1])); print('held', flush=True); time.sleep(60)",
            str(settings.home),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    assert first.stdout.readline() == "held\n"
    with pytest.raises(UiError, match=f"process {first.pid}"):
        hold_home(settings.home)
    first.kill()
    first.wait()
    hold_home(settings.home)
    assert (settings.home / LOCK_NAME).is_file()


def test_ctrl_c_ends_a_run_with_a_sentence_and_the_exit_code_of_shells(tmp_path: Path) -> None:
    environment = {**os.environ, "MKT_HOME": str(tmp_path / "home"), "MKT_DROPS": str(tmp_path / "drops")}
    write_drop(tmp_path / "drops", date(2024, 6, 13), range(12))
    run = subprocess.Popen(
        [sys.executable, "-m", "mkt_assets", "run"], env=environment, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list((tmp_path / "home").glob("mkt.duckdb")):
        assert time.monotonic() < deadline, run.poll()
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=120)
    assert run.returncode == 130
    assert "stopped. What was finished is kept; the same command goes on from there." in " ".join(
        said.split()
    )
    assert "Traceback" not in said


def test_of_homes_that_share_a_state_one_has_a_daemon_until_what_it_became_ends(
    settings: Settings, state_url: str, tmp_path: Path
) -> None:
    shared = {"warehouse": state_url, "warehouse_data": str(tmp_path / "lake"), "state": state_url}
    first = Settings.load(**settings.model_dump() | shared)
    code = (
        "import json, os, sys; from mkt_assets.commands.ui import hold_state;"
        "from mkt_assets.settings import Settings; hold_state(Settings.load(**json.loads(sys.argv[1])));"
        "print('held', flush=True); os.execvp('sleep', ['sleep', '600'])"
    )
    given = json.dumps({**shared, "home": str(first.home), "drops": str(first.drops)})
    other = subprocess.Popen([sys.executable, "-c", code, given], stdout=subprocess.PIPE, text=True)
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(UiError, match=rf"is at work already \(mkt \S+ {other.pid}\b"):
            hold_state(first)
    finally:
        other.kill()
        other.wait()
    hold_state(first)
