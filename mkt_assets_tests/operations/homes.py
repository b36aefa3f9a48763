"""Homes with crawls in them, made through a Dagster instance of their own, so that its records are there as well."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources import build_resources
from mkt_assets.settings import Settings
from mkt_assets_tests.conftest import FakeModels

D1, D2 = date(2024, 6, 13), date(2024, 6, 14)


def load(folder: Path) -> Settings:
    """Home and drops in a folder; methods are not compared, which takes half of a run's time."""
    return Settings.load(
        home=folder / "home",
        drops=folder / "drops",
        workers=2,
        comparison_pictures=0,
        comparison_texts=0,
    )


def copied(folder: Path, to: Path) -> Settings:
    shutil.copytree(folder, to)
    return load(to)


def run(
    settings: Settings, models: FakeModels, crawl_date: date, *, without: Collection[str] = ()
) -> dg.ExecuteInProcessResult:
    """Everything for one crawl date but the assets `without`, recorded in the home's Dagster instance.

    Charts take a third of a run's time.
    """
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        return dg.materialize(
            build_assets(settings),
            selection=dg.AssetSelection.all() - dg.AssetSelection.assets(*without),
            partition_key=crawl_date.isoformat(),
            resources={**build_resources(settings), "models": models},
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
