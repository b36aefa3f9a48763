from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from mkt_assets.explore.app import Explorer, build_app
from mkt_assets.explore.index import Index, open_index
from mkt_assets.settings import Settings
from mkt_assets_tests.explore.planted import plant


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def index(home: Settings) -> Index:
    return open_index(home.snapshot_path)


@pytest.fixture(scope="module")
def port(home: Settings) -> Iterator[int]:
    """A server, as `mkt explore` begins it, on a free port."""
    config = uvicorn.Config(
        build_app(Explorer.of_home(home), hosts=["explore.example.org"]),
        host="127.0.0.1",
        port=0,
        log_level="warning",
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
