"""`mkt ui`: Dagster's UI and its daemon on the home, once a home, on a port that is free.

Not here: the services that are always on (deploy/).
"""

from __future__ import annotations

import fcntl
import http.client
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings

HOST = "127.0.0.1"
LOCK_NAME = "ui.lock"
_SERVER_INFO_SECONDS = 2


class UiError(ValueError):
    """The UI cannot be begun here; the message says what is in the way, and what to do."""


@plain_errors
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="on this machine only (127.0.0.1)")] = 3000,
) -> None:
    """Open the Dagster UI on the home, with the daemon that runs new drops; Ctrl-C ends both."""
    from mkt_assets.orchestration.instance import prepare_instance

    settings = Settings.load()
    hold_home(settings.home)
    refuse_port_in_use(port)
    hold_state(settings)
    home = prepare_instance(settings)
    workspace = home / "workspace.yaml"  # an installed package has no clone with one beside it
    workspace.write_text("load_from: [{python_module: mkt_assets.definitions}]\n", encoding="utf-8")
    dg = Path(sys.executable).with_name("dg")
    arguments = ["dev", "-w", str(workspace), "-h", HOST, "-p", str(port)]
    os.execve(dg, [str(dg), *arguments], {**os.environ, "DAGSTER_HOME": str(home)})  # noqa: S606


def hold_home(home: Path) -> None:
    """Hold the home for a UI until this process, and what it becomes, ends.

    Raises:
        UiError: if another one holds it: two daemons would look at the same drops.
    """
    from mkt_assets.resources.locks import lock_holders

    home.mkdir(parents=True, exist_ok=True)
    path = home / LOCK_NAME
    # never closed: the lock is the file descriptor's, and goes with it to Dagster
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        who = ", ".join(map(str, lock_holders(path))) or "unknown"
        raise UiError(
            f"a UI and a daemon of {home} are at work already (process {who}): use that one, or end it with "
            "Ctrl-C or kill, and try again. One daemon a home."
        ) from None
    os.set_inheritable(held, True)


def hold_state(settings: Settings) -> None:
    """Hold the state that the home shares, if it shares one, for a daemon, as `hold_home` holds the home.

    Raises:
        UiError: if a daemon is at work on another machine.
    """
    from mkt_assets.resources.database import DatabaseBusyError
    from mkt_assets.resources.opening import open_state

    if (state := open_state(settings)) is None:
        return
    from mkt_assets.resources.state_presence import StatePresence

    try:
        StatePresence(state).hold_for_daemon()
    except DatabaseBusyError as error:
        raise UiError(str(error)) from error


def refuse_port_in_use(port: int) -> None:
    """See that nothing listens on the port: Dagster's webserver would end, and leave its daemon running alone.

    Raises:
        UiError: if something does.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise UiError(
                f"port {port} is the system's alone: take another one, as in --port 3001."
            ) from None
        except OSError:
            raise UiError(
                f"port {port} is in use by {_server_on(port)}: if it is the UI you want, open http://{HOST}:{port}; "
                f"else end that program (fuser {port}/tcp names its process), or take another port: "
                f"--port {port + 1}, or make ui PORT={port + 1}."
            ) from None


def _server_on(port: int) -> str:
    connection = http.client.HTTPConnection(HOST, port, timeout=_SERVER_INFO_SECONDS)
    try:
        connection.request("GET", "/server_info")
        answer = connection.getresponse().read(1000)
    except (OSError, http.client.HTTPException):
        return "another program"
    finally:
        connection.close()
    return "a Dagster UI" if b"dagster_webserver_version" in answer else "another program"
