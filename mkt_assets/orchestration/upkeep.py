"""The nightly upkeep of a warehouse that is a DuckLake, as a job and its schedule; a file needs none.

Not here: what is done (resources/lake_upkeep).
"""

import dagster as dg

from mkt_assets.resources.opening import open_lake
from mkt_assets.settings import Settings

UPKEEP_JOB = "lake_upkeep"


def build_upkeep_schedule(settings: Settings) -> dg.ScheduleDefinition | None:
    """Every night, small files made one and old states given up; None where the warehouse is a file."""
    if settings.warehouse is None:
        return None

    @dg.op(description="Makes small files of the lake one, and gives up states that are older than a week.")
    def keep_up_lake(context: dg.OpExecutionContext) -> None:
        lake = open_lake(settings)
        if lake.exists():
            context.log.info(lake.keep_up().sentence)

    @dg.job(
        name=UPKEEP_JOB, description="The upkeep of the lake; safe beside runs, which wait for it to write."
    )
    def lake_upkeep() -> None:
        keep_up_lake()

    return dg.ScheduleDefinition(
        name="nightly_lake_upkeep",
        job=lake_upkeep,
        cron_schedule="0 4 * * *",
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night. On several machines let one of them do it, and switch it off on the others.",
    )
