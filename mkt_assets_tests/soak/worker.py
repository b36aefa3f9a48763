"""Runs crawl dates in a process of its own, with the small stand-in models: what tests kill, and run side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from traceback import print_exc

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources.build import build_resources
from mkt_assets.settings import Settings
from mkt_assets_tests.processes import OTHERS
from mkt_assets_tests.stand_ins import FakeModels

LONGEST_WAIT_SECONDS = 30.0


def load(home: Path, drops: Path) -> Settings:
    """Settings under which a small crawl takes seconds: nothing is compared, and waits for the warehouse are short."""
    return Settings.load(
        home=home,
        drops=drops,
        workers=1,
        comparison_pictures=0,
        comparison_texts=0,
        lock_timeout_seconds=LONGEST_WAIT_SECONDS,
    )


def run(settings: Settings, crawl_date: date) -> dg.ExecuteInProcessResult:
    """Everything for one crawl date, recorded in the home's Dagster instance."""
    prepare_instance(settings)
    with dg.DagsterInstance.get() as instance:
        return dg.materialize(
            build_assets(settings),
            partition_key=crawl_date.isoformat(),
            resources={**build_resources(settings), "models": FakeModels()},
            instance=instance,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def begin(settings: Settings, dates: Sequence[date], log: Path) -> ForkServerProcess:
    """A process that runs these dates, one after the other; the file `log` is there once it begins."""
    worker = OTHERS.Process(target=_work, args=(settings.home, settings.drops_dir, dates, log))
    worker.start()
    return worker


def _work(home: Path, drops: Path, dates: Sequence[date], log: Path) -> None:
    settings = load(home, drops)
    with log.open("w", encoding="utf-8", buffering=1) as said, redirect_stderr(said):
        try:
            for crawl_date in dates:
                result = run(settings, crawl_date)
                retried = [
                    event.step_key
                    for event in result.all_events
                    if event.event_type_value == "STEP_UP_FOR_RETRY"
                ]
                assert not retried, (
                    f"{crawl_date}: a wait was longer than {LONGEST_WAIT_SECONDS} s: {retried}"
                )
        except Exception:
            print_exc()
            sys.exit(1)
