"""Homes with crawls in them, made through a Dagster instance of their own, so that its records are there as well."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources.build import build_resources
from mkt_assets.resources.opening import MADE, open_bucket, open_files
from mkt_assets.settings import Settings
from mkt_assets_tests.runs import LAST
from mkt_assets_tests.stand_ins import FakeModels

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

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


def with_lake(settings: Settings, lake: Lake, **others: object) -> Settings:
    """The settings with their warehouse in a lake."""
    there = {"warehouse": lake.catalog, "warehouse_data": lake.data, "lock_timeout_seconds": 60}
    return Settings.load(**settings.model_dump() | there | others)


def copied(folder: Path, to: Path) -> Settings:
    shutil.copytree(folder, to)
    return load(to)


def run(
    settings: Settings,
    models: FakeModels,
    crawl_date: date,
    *,
    last: Collection[str] = LAST,
    upstream: bool = True,
    without: Collection[str] = (),
) -> dg.ExecuteInProcessResult:
    """What is needed for the assets `last` for one crawl date, recorded in the home's Dagster instance.

    Without `upstream` these assets only, on what is stored. Those `without` are left out: charts take a third of a
    run's time.
    """
    selected = dg.AssetSelection.assets(*last)
    selected = (selected.upstream() if upstream else selected) - dg.AssetSelection.assets(*without)
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        return dg.materialize(
            build_assets(settings),
            selection=selected,
            partition_key=crawl_date.isoformat(),
            resources={**build_resources(settings), "models": models},
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def upload(folder: Path, address: str) -> None:
    bucket = open_bucket(address, patience_seconds=10)
    for path in folder.rglob("*"):
        if path.is_file():
            bucket.write(path.relative_to(folder).as_posix(), path.read_bytes())


def files(settings: Settings) -> dict[str, set[str]]:
    """Names of the mattes, charts and reports."""
    return {made: {file.name for file in open_files(settings, made).files()} for made in MADE}
