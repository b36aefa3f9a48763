"""`mkt explore`: the page over all crawls, served on this machine.

Not here: what the server answers (explore/app).
"""

from __future__ import annotations

import os
import resource
import sys
import webbrowser
from threading import Timer
from typing import Annotated

import typer
from rich.console import Console

from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.commands.ui import HOST, refuse_port_in_use
from mkt_assets.settings import Settings

PORT = 3030
_BYTES_PER_MAXRSS = 1 if sys.platform == "darwin" else 1024


@plain_errors
def explore(
    port: Annotated[int, typer.Option(min=1, max=65535, help="port of the address")] = PORT,
    address: Annotated[
        str, typer.Option(help="another one only behind a login: whoever reaches it sees all posts")
    ] = HOST,
    host: Annotated[
        list[str] | None,
        typer.Option(help="a name besides localhost by which a reverse proxy calls it; may be repeated"),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="open the page in this machine's browser")
    ] = True,
) -> None:
    """Search, filter and look at the posts of all crawls in a browser; Ctrl-C ends it."""
    import uvicorn

    from mkt_assets.explore.app import Explorer, build_app

    settings = Settings.load()
    refuse_port_in_use(port)
    explorer = Explorer.of_home(settings)
    explorer.index.cursor().close()  # before anybody waits for it, and where there is nothing it says so
    page = f"http://{HOST}:{port}"
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_PER_MAXRSS / 1e6
    Console().print(
        f"Explore at {page} (Ctrl-C ends it). It uses {used:,.0f} MB; vectors are read when something similar "
        "is asked for. What you save from it is yours to look after.",
        highlight=False,
        soft_wrap=True,
    )
    if open_browser and (
        sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        Timer(0.5, webbrowser.open, [page]).start()
    uvicorn.run(
        build_app(explorer, hosts=host or ()),
        host=address,
        port=port,
        log_level="warning",
        server_header=False,
    )
