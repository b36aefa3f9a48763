"""Crawls that are run once for all tests that only look at what a run leaves: a run takes many seconds.

A conftest imports those that its tests need.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import D1, LAST, PINS, Crawl, Record, materialize, record
from mkt_assets_tests.stand_ins import FakeModels


def _settings(folder: Path) -> Settings:
    return Settings.load(home=folder / "home", drops=folder / "drops", workers=2)


@pytest.fixture(scope="session")
def whole_crawl(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """Thirty posts in three styles and topics, with all assets and checks, of which nothing may be changed."""

    def make(folder: Path) -> None:
        settings = _settings(folder)
        write_drop(settings.drops_dir, D1, range(30))
        result = materialize(settings, FakeModels(), D1, last=LAST, checks=True, run_config=PINS)
        (folder / "record.json").write_text(json.dumps(asdict(record(result))), "utf-8")

    folder = made_once(tmp_path_factory, "whole_crawl", make)
    return Crawl(_settings(folder), Record(**json.loads((folder / "record.json").read_text("utf-8"))))


@pytest.fixture
def copied_crawl(whole_crawl: Crawl, tmp_path: Path) -> Settings:
    """Home and drops of the whole crawl, to be changed; its comparison of methods is not made again."""
    for name in ("home", "drops"):
        shutil.copytree(whole_crawl.settings.home.parent / name, tmp_path / "copied" / name)
    folder = tmp_path / "copied"
    return Settings.load(
        home=folder / "home",
        drops=folder / "drops",
        workers=2,
        comparison_pictures=0,
        comparison_texts=0,
    )
