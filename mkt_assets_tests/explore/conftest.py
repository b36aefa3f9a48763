from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from mkt_assets.explore.app import Explorer, build_app
from mkt_assets.explore.index import Index, open_index
from mkt_assets.resources import open_files
from mkt_assets.resources.tags import Tags
from mkt_assets.settings import Settings
from mkt_assets_tests.explore.planted import plant
from mkt_assets_tests.report.browser import PROGRAM, Tab, chromium, tab


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def index(home: Settings) -> Index:
    return open_index(home.snapshot_path)


@pytest.fixture(scope="module")
def port(home: Settings) -> Iterator[int]:
    """A server, as `mkt explore` begins it, on a free port."""
    explorer = Explorer(
        home.snapshot_path,
        media=open_files(home, "media"),
        reports=open_files(home, "reports"),
        charts=open_files(home, "charts"),
        tags=Tags(home.tags_file),
    )
    config = uvicorn.Config(
        build_app(explorer, hosts=["explore.example.org"]), host="127.0.0.1", port=0, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended"
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    assert PROGRAM is not None
    with chromium(PROGRAM, Path(tmp_path_factory.mktemp("profile"))) as address:
        yield address


@pytest.fixture
def page(devtools: str) -> Iterator[Tab]:
    with tab(devtools) as opened:
        yield opened
