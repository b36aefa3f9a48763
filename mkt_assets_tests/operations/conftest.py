"""A home with two crawls, made once and copied for each test: making it takes many seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mkt_assets.settings import Settings
from mkt_assets_tests.conftest import FakeModels
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.operations.homes import D1, D2, run


@pytest.fixture(scope="session")
def two_crawls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with drops and home: posts by five accounts on two crawl dates, and all that runs make of them."""
    folder = tmp_path_factory.mktemp("two_crawls")
    settings = Settings.load(home=folder / "home", drops=folder / "drops", workers=2)
    write_drop(settings.drops, D1, range(20))
    write_drop(settings.drops, D2, range(10, 30))
    before = os.environ.get("DAGSTER_HOME")
    for day in (D1, D2):
        assert run(settings, FakeModels(), day).success
    if before is None:
        os.environ.pop("DAGSTER_HOME", None)
    yield folder


@pytest.fixture
def home(two_crawls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A copy of it, of a test's own; no setting comes from the environment."""
    for name in list(os.environ):
        if name.startswith("MKT_"):
            monkeypatch.delenv(name)
    shutil.copytree(two_crawls, tmp_path / "copy")
    settings = Settings.load(home=tmp_path / "copy" / "home", drops=tmp_path / "copy" / "drops", workers=2)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    return settings
