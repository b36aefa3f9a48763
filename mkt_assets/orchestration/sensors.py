"""Sensors: a new or changed drop is run, once.

Not here: what failed or was missed (orchestration/schedules).
"""

from collections.abc import Iterator
from itertools import islice

import dagster as dg

from mkt_assets.orchestration.drop_state import SETTLED, drop_states, run_request
from mkt_assets.orchestration.jobs import CRAWL_JOB
from mkt_assets.orchestration.partitions import register_crawl_dates, today_of
from mkt_assets.orchestration.records import Recorded, rerun_requests, stale_by_settings, tell_of_stale
from mkt_assets.resources.opening import open_presence
from mkt_assets.resources.running import fail_dead_runs
from mkt_assets.settings import Settings

SENSOR = "new_drops"
MAX_RUNS_A_TICK = 20
MAX_RERUNS_A_TICK = 3
INTERVAL_SECONDS = 60


def build_drop_sensor(settings: Settings) -> dg.SensorDefinition:
    """Looks at the drops every minute; runs those that are new, or not what was materialized.

    What was made with other settings is marked at its assets; with `rerun_changed_settings` it is run again, a few
    crawl dates a tick.
    """
    known: dict[int, Recorded] = {}

    @dg.sensor(
        name=SENSOR,
        job_name=CRAWL_JOB,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs a crawl date when its drop is new or has changed, once nothing in it moves any more.",
    )
    def new_drops(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        # a run that was cut off with the machine would hold its place in the queue for ever
        fail_dead_runs(context.instance, open_presence(settings))
        register_crawl_dates(context.instance, settings)
        requested = 0
        skipped: list[str] = []
        settled: set[str] = set()
        for state in drop_states(
            context.instance,
            settings,
            today=today_of(settings),
            retry_failed=False,
            quiet_seconds=settings.drop_quiet_seconds,
        ):
            if state.skip_reason == SETTLED:
                settled.add(state.crawl_date.isoformat())
            if state.skip_reason is not None:
                skipped.append(f"{state.crawl_date}: {state.skip_reason}")
            elif requested < MAX_RUNS_A_TICK:
                requested += 1
                # a drop that is put back as it was before is a change too: the cursor numbers the requests
                number = int(context.cursor or 0) + requested
                yield run_request(state, run_key=f"{state.crawl_date}:{state.digest}:{number}")
        context.update_cursor(str(int(context.cursor or 0) + requested))
        again: list[dg.RunRequest] = []
        if (repository := context.repository_def) is not None:
            stale = stale_by_settings(context.instance, repository, known)
            tell_of_stale(context.instance, repository.asset_graph.toposorted_asset_keys, stale)
            if settings.rerun_changed_settings:
                again = list(islice(rerun_requests(stale, repository, settled), MAX_RERUNS_A_TICK))
        yield from again
        if not requested and not again:
            yield dg.SkipReason("; ".join(skipped) or f"there is no drop in {settings.drops}")

    return new_drops


def is_ticking(instance: dg.DagsterInstance, *, now: float) -> bool:
    """Whether the sensor ran within its last few intervals before `now` (Unix seconds)."""
    for state in instance.all_instigator_state():
        last = getattr(state.instigator_data, "last_tick_timestamp", None)
        if state.instigator_name == SENSOR and last is not None and now - last < 3 * INTERVAL_SECONDS:
            return True
    return False
