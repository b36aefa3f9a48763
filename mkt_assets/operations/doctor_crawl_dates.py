"""`mkt doctor` of what Dagster's records say of crawl dates: what failed, what is in doubt, what other settings made.

Not here: reading the records (orchestration/records), everything else of the home (operations/doctor).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mkt_assets.operations.findings import Finding, Verdict
from mkt_assets.resources.files import FilesAwayError, FilesSetupError
from mkt_assets.resources.opening import open_drops
from mkt_assets.settings import Settings, SettingsError

if TYPE_CHECKING:
    import dagster as dg

_PATIENCE_SECONDS = 5.0


def examine_crawl_dates(instance: dg.DagsterInstance, settings: Settings) -> Iterator[Finding]:
    """Crawl dates that failed, or hold what is not to be trusted; those without a drop cannot be run again."""
    from mkt_assets.definitions import build_defs
    from mkt_assets.orchestration.records import (
        failed_crawl_dates,
        failed_error_checks,
        in_words,
        stale_by_settings,
    )

    try:
        drops = open_drops(settings, patience_seconds=_PATIENCE_SECONDS)
        dates = {crawl_date.isoformat() for crawl_date in drops.dates()}
    except (FilesAwayError, FilesSetupError, SettingsError):
        return  # told by the checks of files
    failed = list(failed_crawl_dates(instance, dates))
    doubtful = list(failed_error_checks(instance, dates))
    for partition, reason in failed:
        yield Finding(
            "crawl dates",
            Verdict.problem,
            f"{partition} failed: {reason}",
            f"put it right; it is run again when its drop changes, or by `mkt run --crawl-date {partition}`",
        )
    for partition, sentence in doubtful:
        date_or_all = partition or "all"
        yield Finding(
            "crawl dates",
            Verdict.problem,
            f"{date_or_all}: a check found an error: {sentence}",
            "docs/operations.md tells what each check is worth; correct the drop, and it is run again",
        )
    stale = stale_by_settings(instance, build_defs(settings).get_repository_def(), {})
    for asset in dict.fromkeys(one.asset for one in stale):
        what = in_words([one for one in stale if one.asset == asset])
        to_do = (
            "the sensor runs it again, a few dates a tick (MKT_RERUN_CHANGED_SETTINGS)"
            if settings.rerun_changed_settings
            else "nothing if it may stay; else `mkt run`, or set MKT_RERUN_CHANGED_SETTINGS"
        )
        yield Finding("settings", Verdict.note, f"{asset}: {what}, and so is what is made of it", to_do)
    if not failed and not doubtful:
        yield Finding("crawl dates", Verdict.ok, "none of a drop failed, and no check found an error")
