"""A crawl that is run once with all assets and checks, for the tests that only look: a run takes many seconds."""

from __future__ import annotations

import pytest

from mkt_assets.settings import Settings
from mkt_assets_tests.conftest import FakeModels
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import D1, LAST, Crawl, materialize


@pytest.fixture(scope="session")
def whole_crawl(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """Thirty posts; a test that would change anything takes a copy."""
    folder = tmp_path_factory.mktemp("whole_crawl")
    settings = Settings.load(home=folder / "home", drops=folder / "drops", workers=2)
    write_drop(settings.drops, D1, range(30))
    return Crawl(settings, materialize(settings, FakeModels(), D1, last=LAST, checks=True))
