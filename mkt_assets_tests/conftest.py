"""What many tests need: settings on a temporary home, and small models that stand in for the real ones."""

from __future__ import annotations

import gc
import math
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

# Before numpy comes: workers side by side would only wait for each other's threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from mkt_assets.compute import processes, threads
from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.migrations import bring_up_to_date
from mkt_assets.settings import Settings
from mkt_assets_tests.lakes import empty_lake, lake, postgres, state_url
from mkt_assets_tests.report.browser import address_of_page, devtools, page
from mkt_assets_tests.shortcuts import SHORTCUTS
from mkt_assets_tests.stand_ins import FakeModels
from mkt_assets_tests.stores import bucket, store_server

__all__ = [
    "address_of_page",
    "bucket",
    "devtools",
    "empty_lake",
    "lake",
    "page",
    "postgres",
    "state_url",
    "store_server",
]

# Dagster's SQLite and DuckDB wait for the disk at every commit: several times as long as the tests compute.
_MEMORY = Path("/dev/shm")
if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > 4e9:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))

_SLOW = {"whole_crawl", "copied_crawl", "two_crawls", "planted_crawl", "devtools"}
"""Fixtures that run a whole crawl, or a browser."""

_FIRST = (
    "test_readme.py",
    "test_ui.py",
    "test_cluster.py",
    "test_kills.py",
    "test_backfill.py",
    "test_planted_truth.py",
    "test_elsewhere.py",
    "test_bucket.py",
    "test_state.py",
    "test_sampled_clusters.py",
    "test_automation.py",
    "test_method_comparison.py",
    "test_declared_settings.py",
)
"""Files whose single tests take longest: begun last, they would keep one worker busy while the others are done."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs them as slow, and begin with what takes longest."""
    items.sort(key=lambda item: _FIRST.index(item.path.name) if item.path.name in _FIRST else len(_FIRST))
    for item in items:
        if isinstance(item, pytest.Function) and _SLOW.intersection(item.fixturenames):
            item.add_marker(pytest.mark.slow)


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not in what was imported: together 6 % of the time of tests that run crawls."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def shortcuts() -> Iterator[None]:
    with ExitStack() as taken:
        for shortcut in SHORTCUTS:
            taken.enter_context(shortcut)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_processes_begun() -> Iterator[None]:
    """Workers that test keep all cores busy: processes beside them would be begun for nothing, five CPU seconds each.

    Tests of processes begin them, and those that are there are used.
    """
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(threads, "map_apart", partial(processes.map_apart, patience=math.inf))
        yield


@pytest.fixture(scope="session", autouse=True)
def empty_warehouse_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new warehouse is 300 statements, and nearly every test begins with one: here a copy of the first."""
    write, empty = FileDatabase.write, tmp_path_factory.mktemp("empty") / "empty.duckdb"

    def written(database: FileDatabase, tables: Collection[str], work: Callable[[Any], Any]) -> Any:
        if tables is TABLES and not database.exists():
            if not empty.exists():
                write(FileDatabase(empty), TABLES, bring_up_to_date)
            database.path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(empty, database.path)
        return write(database, tables, work)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FileDatabase, "write", written)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings on a temporary home and an empty folder of drops, without the comparison of methods: it takes long."""
    drops = tmp_path / "drops"
    drops.mkdir()
    return Settings.load(
        home=tmp_path / "home", drops=drops, workers=2, comparison_pictures=0, comparison_texts=0
    )


@pytest.fixture
def comparing(settings: Settings) -> Settings:
    """The same, with it."""
    return Settings.load(home=settings.home, drops=settings.drops_dir, workers=2)


@pytest.fixture
def fake_models() -> FakeModels:
    """Fast stand-ins for the three models."""
    return FakeModels()
