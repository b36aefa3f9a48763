"""The resources as Dagster hands them in to the assets, by name.

Not here: what each of them is opened from (resources/opening).
"""

from collections.abc import Iterator

import dagster as dg

from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.models import Models
from mkt_assets.resources.opening import (
    open_accounts,
    open_cache,
    open_drops,
    open_files,
    open_media_memory,
    open_presence,
    open_tombstones,
    open_warehouse,
)
from mkt_assets.resources.running import sign_run
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings

_PARTITION_TAG = "dagster/partition"


def build_resources(settings: Settings) -> dict[str, object]:
    """The resources, by the names that the assets ask for."""

    @dg.resource(description="The DuckDB warehouse; its snapshot is published once, at the end of a run.")
    def warehouse(context: dg.InitResourceContext) -> Iterator[Warehouse]:
        run = context.dagster_run
        partition = None if run is None else run.tags.get(_PARTITION_TAG)
        presence = open_presence(settings)
        with presence.running(
            context.run_id, partition, lambda: sign_run(context.instance, context.run_id)
        ) as check:
            made = open_warehouse(settings, check)
            try:
                yield made
            finally:
                made.publish_snapshot_if_changed()

    @dg.resource(description="Hashes account ids.")
    def accounts(_: dg.InitResourceContext) -> AccountHasher:
        return open_accounts(settings)

    @dg.resource(description="The drops; what a run brings of them to this disk is removed at its end.")
    def drops(_: dg.InitResourceContext) -> Iterator[Drops]:
        made = open_drops(settings)
        try:
            yield made
        finally:
            made.release()

    return {
        "settings": settings,
        "drops": drops,
        "warehouse": warehouse,
        "accounts": accounts,
        "tombstones": open_tombstones(settings),
        "cache": open_cache(settings),
        "media_memory": open_media_memory(settings),
        "media": open_files(settings, "media"),
        "chart_files": open_files(settings, "charts"),
        "report_files": open_files(settings, "reports"),
        "models": Models(settings.model_options),
        "progress": silent,
    }


def silent(what: str, done: int, total: int) -> None:
    """Progress that nobody watches; the run's log has it anyway."""
