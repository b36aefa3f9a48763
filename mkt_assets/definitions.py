"""What Dagster loads: `build_defs(**overrides)` puts the parts together; `defs` is what it gives by default."""

from __future__ import annotations

import os

import dagster as dg

from mkt_assets.assets import build_assets
from mkt_assets.orchestration.checks import build_checks
from mkt_assets.orchestration.jobs import crawl_job
from mkt_assets.orchestration.notifications import build_failure_sensor
from mkt_assets.orchestration.schedules import build_daily_schedule
from mkt_assets.orchestration.sensors import build_drop_sensor
from mkt_assets.orchestration.upkeep import build_upkeep_schedule
from mkt_assets.resources.build import build_resources
from mkt_assets.settings import Settings, misspelt_variables


def build_defs(settings: Settings | None = None, **overrides: object) -> dg.Definitions:
    """The code location; `overrides` replace resources by name, as tests do."""
    settings = settings or Settings.load()
    for sentence in misspelt_variables(os.environ):
        dg.get_dagster_logger().warning(sentence)
    return dg.Definitions(
        assets=build_assets(settings),
        asset_checks=build_checks(settings),
        jobs=[crawl_job],
        schedules=[
            s for s in (build_daily_schedule(settings), build_upkeep_schedule(settings)) if s is not None
        ],
        sensors=[build_drop_sensor(settings), build_failure_sensor(settings)],
        resources={**build_resources(settings), **overrides},
        # a process a step would load Dagster, and then the models, again and again
        executor=dg.in_process_executor,
    )


defs = build_defs()
