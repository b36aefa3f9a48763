"""A home with two crawls, made once and copied for each test: making it takes many seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mkt_assets.settings import Settings
from mkt_assets_tests.conftest import FakeModels
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.once import made_once
from mkt_assets_tests.operations.homes import D1, D2, copied, load, run


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
