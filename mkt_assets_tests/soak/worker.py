"""Runs crawl dates in a process of its own, with the small stand-in models: what tests kill, and run side by side.

    python -m mkt_assets_tests.soak.worker HOME DROPS DATE [DATE ...]

Says "ready" when it begins with the first, and "done DATE" after each.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources import build_resources
from mkt_assets.settings import Settings
from mkt_assets_tests.conftest import FakeModels

LONGEST_WAIT_SECONDS = 30.0


def load(home: Path, drops: Path) -> Settings:
    """Settings under which a small crawl takes seconds, and no wait for the warehouse may be long."""
    return Settings.load(
        home=home,
        drops=drops,
        workers=1,
        comparison_pictures=20,
        comparison_texts=20,
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


def main() -> None:
    """The command line."""
    settings = load(Path(sys.argv[1]), Path(sys.argv[2]))
    print("ready", flush=True)
    for text in sys.argv[3:]:
        result = run(settings, date.fromisoformat(text))
        retried = [
            event.step_key for event in result.all_events if event.event_type_value == "STEP_UP_FOR_RETRY"
        ]
        if retried:
            sys.exit(f"{text}: retried {retried}: a wait was longer than {LONGEST_WAIT_SECONDS} s")
        print(f"done {text}", flush=True)


if __name__ == "__main__":
    main()
