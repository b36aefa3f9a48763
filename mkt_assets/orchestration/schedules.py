"""Schedules: once a day, what the sensor could not finish is caught up.

Not here: new and changed drops (orchestration/sensors).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dagster as dg

from mkt_assets.orchestration.drop_state import DropState, drop_states, run_request
from mkt_assets.orchestration.jobs import CRAWL_JOB
from mkt_assets.orchestration.partitions import register_crawl_dates
from mkt_assets.orchestration.sensors import INTERVAL_SECONDS, is_ticking
from mkt_assets.resources.opening import open_drops
from mkt_assets.settings import Settings


def build_daily_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Every morning: crawl dates whose run failed or never came; the others are skipped with the reason."""

    @dg.schedule(
        name="daily_catch_up",
        job_name=CRAWL_JOB,
        cron_schedule="0 7 * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every morning, runs the crawl dates whose drop is not materialized as it is (a failed run, a "
        "missed tick). A drop that is, is skipped: nothing is ever run twice.",
    )
    def daily_catch_up(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now = context.scheduled_execution_time.astimezone(ZoneInfo(settings.timezone))
        register_crawl_dates(context.instance, settings)
        # while the sensor ticks, what has just arrived is its to run: both at once would run it twice
        quiet = 5 * INTERVAL_SECONDS if is_ticking(context.instance, now=now.timestamp()) else 0
        states = list(
            drop_states(
                context.instance,
                settings,
                today=now.date(),
                retry_failed=True,
                quiet_seconds=max(quiet, settings.drop_quiet_seconds),
            )
        )
        due = [state for state in states if state.skip_reason is None]
        for state in due:
            yield run_request(state, run_key=f"{state.crawl_date}:{state.digest}:{now:%Y-%m-%d}")
        if not due:
            yield dg.SkipReason(_why_nothing(states, now, settings))

    return daily_catch_up


def _why_nothing(states: Sequence[DropState], now: datetime, settings: Settings) -> str:
    yesterday = (now - timedelta(days=1)).date()
    reasons = [f"{state.crawl_date}: {state.skip_reason}" for state in states]
    if all(state.crawl_date != yesterday for state in states):
        reasons.append(f"{yesterday}: there is no drop {open_drops(settings).location(yesterday)}")
    return "; ".join(reasons[-30:])
