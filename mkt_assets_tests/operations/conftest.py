"""A home with two crawls, on its disk or in a lake, made once and copied for each test: making it takes long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mkt_assets.operations.move import move_to_lake
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.lakes import Server, copied_lake
from mkt_assets_tests.once import made_once
from mkt_assets_tests.operations.homes import D1, D2, copied, load, run, with_lake
from mkt_assets_tests.stand_ins import FakeModels

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake


@pytest.fixture(scope="session")
def two_crawls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with drops and home: posts by five accounts on two crawl dates, and all that runs make of them."""

    def make(folder: Path) -> None:
        settings = load(folder)
        write_drop(settings.drops_dir, D1, range(20))
        write_drop(settings.drops_dir, D2, range(10, 30))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DAGSTER_HOME", str(settings.dagster_home))
            for day in (D1, D2):
                assert run(settings, FakeModels(), day).success

    return made_once(tmp_path_factory, "two_crawls", make)


@pytest.fixture
def home(two_crawls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of it, of a test's own; no setting comes from the environment."""
    for name in list(os.environ):
        if name.startswith("MKT_"):
            monkeypatch.delenv(name)
    settings = copied(two_crawls, tmp_path / "copy")
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    return settings


@pytest.fixture(scope="session")
def filled_lake(
    two_crawls: Path, postgres: Server, empty_lake: Lake, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lake]:
    """A lake that the two crawls were moved into, to be copied."""
    from mkt_assets.resources.lake import forget_connections

    folder = tmp_path_factory.mktemp("filled_lake")
    with copied_lake(postgres, empty_lake, folder / "lake") as lake:
        move_to_lake(with_lake(copied(two_crawls, folder / "copy"), lake))
        forget_connections()
        yield lake


@pytest.fixture
def in_lake(home: Settings, postgres: Server, filled_lake: Lake, tmp_path: Path) -> Iterator[Settings]:
    """The home with two crawls, its warehouse in a lake of the test's own."""
    with copied_lake(postgres, filled_lake, tmp_path / "lake") as lake:
        home.warehouse_path.unlink()  # as `mkt move` says
        yield with_lake(home, lake)
