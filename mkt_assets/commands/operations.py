"""`mkt doctor`, `mkt gc`, `mkt snapshot` and `mkt forget`: they parse, call, and print.

Not here: what they call (operations/).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from mkt_assets.commands.arguments import DATE_FORM, parse_date
from mkt_assets.commands.plain_errors import plain_errors
from mkt_assets.settings import Settings

if TYPE_CHECKING:
    from mkt_assets.operations.forget import Request

_MARKS = {"ok": "ok     ", "note": "note   ", "problem": "PROBLEM"}
_MOST_SHOWN = 20


@plain_errors
def doctor() -> None:
    """Look whether all is well, and change nothing. Exit code 1 on a problem."""
    from mkt_assets.operations.doctor import examine
    from mkt_assets.operations.findings import Verdict

    n_problems = 0
    for finding in examine(Settings.load()):
        n_problems += finding.verdict is Verdict.problem
        print(f"{_MARKS[finding.verdict]}  {finding.about}: {finding.what}")
        if finding.to_do:
            print(f"         -> {finding.to_do}")
    print(f"{n_problems} problem(s)" if n_problems else "all is well")
    if n_problems:
        raise typer.Exit(1)


@plain_errors
def gc(
    delete: Annotated[bool, typer.Option("--delete", help="remove it; without, only show it")] = False,
    min_age_hours: Annotated[
        float, typer.Option(min=1, help="leave what is younger: a run may be about to use it")
    ] = 24.0,
) -> None:
    """Show, or remove, files and cache entries that no row points to, and what killed runs left."""
    from mkt_assets.operations.gc import clear_dead_runs, collect_garbage, find_garbage

    settings = Settings.load()
    work = collect_garbage if delete else find_garbage
    garbage = work(settings, min_age_hours=min_age_hours)
    for orphan in garbage.orphans[:_MOST_SHOWN]:
        print(f"{orphan.n_bytes / 1e6:9.2f} MB  {orphan.path}  ({orphan.why})")
    if (more := len(garbage.orphans) - _MOST_SHOWN) > 0:
        print(f"{'':12}  and {more:,} more")
    for why, n in sorted(Counter(orphan.why for orphan in garbage.orphans).items()):
        print(f"{n:,} x {why}")
    done = "removed" if delete else "found; nothing was removed, say --delete to"
    print(
        f"{len(garbage.orphans):,} files ({garbage.n_bytes / 1e6:,.1f} MB), {garbage.n_cached:,} cache entries {done}"
    )
    dead = clear_dead_runs(settings, dry_run=not delete)
    if dead:
        print(f"{len(dead)} run(s) whose process is no more {'marked as failed' if delete else 'found'}")


@plain_errors
def snapshot() -> None:
    """Publish the snapshot that people read, now; each run does so at its end."""
    import duckdb

    from mkt_assets.resources.opening import open_warehouse
    from mkt_assets.resources.warehouse_state import read_state

    settings = Settings.load()
    warehouse = open_warehouse(settings)
    if not warehouse.database.exists():
        raise FileNotFoundError(f"there is no {warehouse.database.name} yet: `mkt run` makes it.")
    # a damaged warehouse must not take the place of what may be the last good copy
    try:
        read_state(warehouse.database)
    except duckdb.Error as error:
        what = str(error).splitlines()[0]
        raise ValueError(
            f"nothing was published, as the warehouse is damaged ({what}): see `mkt doctor`."
        ) from error
    warehouse.publish_snapshot()
    print(settings.snapshot_path)


@plain_errors
def forget(
    poster: Annotated[list[str] | None, typer.Option(help="poster_id, as in the tables")] = None,
    post: Annotated[list[str] | None, typer.Option(help="post_id")] = None,
    crawler_account: Annotated[
        list[str] | None, typer.Option(help="the account's id, as the crawler has it")
    ] = None,
    crawled_before: Annotated[
        date | None,
        typer.Option(parser=parse_date, metavar=DATE_FORM, help="retention: everything of crawls before it"),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="nobody new: end what was cut short, or what a restored backup brought back"
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> None:
    """Forget people, posts or old crawls: in every table, file, cache and log. Cannot be undone.

    Options may be repeated and combined. It waits for runs to end, and keeps others from beginning.
    """
    from mkt_assets.operations.forget import Request
    from mkt_assets.operations.forget import forget as do_forget
    from mkt_assets.resources.opening import open_presence

    settings = Settings.load()
    before = crawled_before
    request = Request(poster or (), post or (), crawler_account or (), before, again)
    if not yes:
        typer.confirm(f"Remove {_what(request)} from {settings.home} for good?", abort=True)
    if busy := open_presence(settings).holders():
        print(f"waiting for what is under way there to end ({', '.join(busy)})", flush=True)
    done = do_forget(settings, request)
    rows = ", ".join(f"{n:,} of {table}" for table, n in done.n_rows.items()) or "none"
    print(f"posts removed: {done.n_posts:,} (rows: {rows})")
    print(
        f"files removed: {len(done.garbage.orphans):,}, pages: {done.n_pages}; cache entries: "
        f"{done.garbage.n_cached:,}; entries of Dagster's log masked: {done.n_log_entries:,}"
    )
    if done.unknown:
        print(f"not in the tables, perhaps misspelt: {', '.join(done.unknown)}; it will not be taken in")
    _say_what_to_do(settings, done.crawl_dates, done.drops_left)
    if done.search.places:
        for place in done.search.places:
            print(f"STILL THERE: {place.what} in {place.path}")
        raise typer.Exit(1)
    print(f"searched {done.search.n_files:,} files and every cell of their tables: nothing is left")


def _what(request: Request) -> str:
    ids = [*request.posters, *request.posts, *request.crawler_accounts]
    dates = [f"all crawls before {request.crawled_before}"] if request.crawled_before else []
    return " and ".join([*ids, *dates]) or "what was forgotten before"


def _say_what_to_do(settings: Settings, crawl_dates: Sequence[date], drops_left: Sequence[date]) -> None:
    from mkt_assets.resources.opening import open_drops

    there = open_drops(settings).dates() if crawl_dates else []
    here = [day for day in crawl_dates if day in there]
    gone = [day for day in crawl_dates if day not in here]
    if here:
        print("charts, reports and names of these crawl dates are gone; make them again with")
        print(f"    mkt run {' '.join(f'--crawl-date {day}' for day in here)}")
    for day in gone:
        print(f"charts, reports and names of {day} are gone, and so is its drop; make them again with")
        print(
            "    DAGSTER_HOME=$(mkt settings --dagster-home) "
            f"dagster asset materialize --select 'k_selection*' --partition {day} -m mkt_assets.definitions"
        )
    if drops_left:
        days = ", ".join(day.isoformat() for day in drops_left)
        print(
            f"the drops of {days} still hold it: it will not be read from there again, and is yours to remove"
        )


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (doctor, gc, snapshot, forget):
        app.command()(command)
