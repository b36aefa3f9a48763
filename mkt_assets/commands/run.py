"""`mkt run`: the daily job for some crawl dates, in this process, on the user's Dagster instance.

Not here: runs that the daemon begins (orchestration/sensors, orchestration/schedules).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rich.progress import Progress, TaskID
from rich.table import Column, Table

from mkt_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


_SHOWING_NAMES = ("crosstab_ratios", "charts", "report")
_Named = tuple[str, int, str]


@dataclass(frozen=True)
class Outcome:
    """How the run of a crawl date ended; `problems` says why it did not, `errors` which checks found errors."""

    crawl_date: date
    success: bool
    problems: tuple[str, ...]
    errors: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The outcome in a word or two."""
        return ("done, with errors" if self.errors else "done") if self.success else "failed"


def materialize(settings: Settings, crawl_dates: Sequence[date] | None, bars: Progress) -> list[Outcome]:
    """Run the crawl job for each date (default: every drop), oldest first; a failed one stops no other.

    A later crawl may give a style or topic of an earlier one its name: what shows names is then made again of the
    dates of this call whose names are others than when it was made.

    Raises:
        DropMissing: if there is no drop at all, or none of one of the dates; nothing was run.
        CrawlDateError: if a date lies before the first partition, or in the future; nothing was run.
    """
    from mkt_assets.orchestration.instance import prepare_instance

    dates = _dates(settings, crawl_dates)
    prepare_instance(settings)

    import dagster as dg

    from mkt_assets.definitions import build_defs

    bar = _StepBar(bars)
    job = build_defs(settings, progress=bar.listen).resolve_job_def("crawl")
    outcomes: dict[date, Outcome] = {}
    names: dict[date, frozenset[_Named]] = {}
    total = bars.add_task("crawl dates", total=len(dates))
    with dg.DagsterInstance.get() as instance:
        for crawl_date in dates:
            bar.begin(crawl_date)
            outcomes[crawl_date] = _run_one(job, instance, crawl_date)
            names[crawl_date] = _names(settings, crawl_date)
            bars.advance(total)
        for crawl_date in dates:
            if outcomes[crawl_date].success and _names(settings, crawl_date) != names[crawl_date]:
                bar.begin(crawl_date)
                again = _run_one(job, instance, crawl_date, only=_SHOWING_NAMES)
                errors = (*outcomes[crawl_date].errors, *again.errors)
                outcomes[crawl_date] = replace(again, errors=tuple(dict.fromkeys(errors)))
    return [outcomes[crawl_date] for crawl_date in dates]


def _dates(settings: Settings, asked_for: Sequence[date] | None) -> list[date]:
    """The crawl dates to run, oldest first; see `materialize`."""
    from mkt_assets.crawlers.walk import DropMissing
    from mkt_assets.orchestration.partitions import today_of
    from mkt_assets.resources.opening import open_drops
    from mkt_assets.resources.warehouse import CrawlDateError

    drops = open_drops(settings)
    there = drops.dates()
    dates = sorted({*asked_for} if asked_for is not None else there)
    if not dates:
        raise DropMissing(
            f"there is no drop in {settings.drops}: put a crawl into {settings.drops}/<crawl date>/."
        )
    today = today_of(settings)
    if dates[0] < settings.first_crawl_date:
        raise CrawlDateError(f"{dates[0]} is before MKT_FIRST_CRAWL_DATE ({settings.first_crawl_date}).")
    if dates[-1] > today:
        is_named_so = "; is the folder misnamed?" if dates[-1] in there else "."
        raise CrawlDateError(
            f"{dates[-1]} lies in the future: today is {today} in {settings.timezone}{is_named_so}"
        )
    if missing := [day for day in dates if day not in there]:
        folders = ", ".join(drops.location(day) for day in missing)
        last = f" The latest drop there is of {there[-1]}." if there else ""
        raise DropMissing(f"There is no drop folder {folders}, so nothing was run.{last}")
    return dates


def _names(settings: Settings, crawl_date: date) -> frozenset[_Named]:
    """What the styles and topics of a crawl date are called now."""
    from mkt_assets.resources.opening import open_warehouse

    columns = ["modality", "cluster_id", "name"]
    rows = open_warehouse(settings).read("cluster_identities", [crawl_date], columns=columns).to_pylist()
    return frozenset((str(r["modality"]), int(str(r["cluster_id"])), str(r["name"])) for r in rows)


def _run_one(
    job: dg.JobDefinition, instance: dg.DagsterInstance, crawl_date: date, *, only: Sequence[str] = ()
) -> Outcome:
    import dagster as dg

    done = job.execute_in_process(
        partition_key=crawl_date.isoformat(),
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(name) for name in only] or None,
        run_config={
            "loggers": {"console": {"config": {"log_level": logging.getLevelName(logging.CRITICAL)}}}
        },
    )
    from mkt_assets.orchestration.checks import failed_errors
    from mkt_assets.orchestration.failures import reason_of, was_interrupted

    if any(was_interrupted(event) for event in done.all_events):
        raise KeyboardInterrupt  # Dagster took it for the failure of this crawl date alone
    problems = [f"{event.step_key}: {reason_of(event)}" for event in done.get_step_failure_events()]
    errors = failed_errors(done.get_asset_check_evaluations())
    return Outcome(crawl_date, done.success, tuple(problems), tuple(errors))


def summarize(settings: Settings, outcomes: Sequence[Outcome]) -> Table:
    """What the warehouse holds now for these dates."""
    from mkt_assets.resources.opening import open_warehouse

    warehouse = open_warehouse(settings)
    numbers = (Column(name, justify="right") for name in ("posts", "pictures", "styles", "topics", "rejects"))
    table = Table(
        Column("crawl date", no_wrap=True),
        *numbers,
        Column("outcome", no_wrap=True),
        title="What was found",
        box=None,
        pad_edge=False,
    )
    for outcome in outcomes:
        dates = [outcome.crawl_date]
        chosen = {
            row["modality"]: row["k"]
            for row in warehouse.read("k_selection", dates, columns=["modality", "k", "chosen"]).to_pylist()
            if row["chosen"]
        }
        table.add_row(
            outcome.crawl_date.isoformat(),
            f"{warehouse.read('raw_posts', dates, columns=['post_id']).num_rows:,}",
            f"{warehouse.read('image_embeddings', dates, columns=['post_id']).num_rows:,}",
            str(chosen.get("image", "-")),
            str(chosen.get("text", "-")),
            f"{warehouse.read('rejects', dates, columns=['reason']).num_rows:,}",
            outcome.word,
        )
    return table


def where_to_look(settings: Settings) -> str:
    """Where runs leave what people read, a line each."""
    from mkt_assets.resources.opening import open_files

    reports, charts = (open_files(settings, made).location() for made in ("reports", "charts"))
    return f"reports:  {reports}\npictures: {charts}\ntables:   {settings.snapshot_path}"


class _StepBar:
    """One bar a piece of work of the current crawl date."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._crawl_date = ""
        self._tasks: dict[str, TaskID] = {}

    def begin(self, crawl_date: date) -> None:
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks.clear()
        self._crawl_date = crawl_date.isoformat()

    def listen(self, what: str, done: int, total: int) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(f"{self._crawl_date} {what}", total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
