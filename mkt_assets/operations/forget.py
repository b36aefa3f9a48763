"""`mkt forget`: a poster, a post or old crawl dates leave everything in the home, for good, and that is proven.

The order is chosen so that a killed `forget` is completed by asking again, or with whatever is forgotten next: first
the tombstones, so that nothing comes back; then what is found by the names that the tables still know (logs,
reports); then the tables; then whatever no row points to any more. Until all of it is done, a file says that it is not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from mkt_assets.core.text.needles import Needles
from mkt_assets.operations.event_log import scrub
from mkt_assets.operations.forget_state import done_here, tell_others, told_by_others
from mkt_assets.operations.gc import Garbage, collect_garbage
from mkt_assets.operations.places import crawl_date_in, crawl_dates_in
from mkt_assets.operations.search import Search, search_home
from mkt_assets.orchestration.dagster_yaml import kept_elsewhere
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources.accounts import creator_hash
from mkt_assets.resources.erasure import Subject, Traces, erase, ids_in, traces_of
from mkt_assets.resources.files import write_durably
from mkt_assets.resources.opening import (
    open_accounts,
    open_cache,
    open_database,
    open_drop_memory,
    open_drops,
    open_files,
    open_media_memory,
    open_presence,
    open_tombstones,
    open_warehouse,
)
from mkt_assets.resources.tags import Tags
from mkt_assets.resources.tombstones import Tombstones
from mkt_assets.settings import Settings

UNFINISHED_NAME = "forgetting.txt"
_UNFINISHED = b"`mkt forget` is at work here, or was cut short: `mkt doctor` says which.\n"
_POSTER_ID = re.compile("[0-9a-f]{24}")


class ForgetError(ValueError):
    """What was asked for cannot be forgotten as it was asked; nothing was changed."""


@dataclass(frozen=True)
class Request:
    """Whom and what to forget, as a person asks for it.

    `again` asks for nobody new: whoever was forgotten before, and is not gone, goes with each request.
    """

    posters: Sequence[str] = ()
    posts: Sequence[str] = ()
    crawler_accounts: Sequence[str] = ()
    crawled_before: date | None = None
    again: bool = False


@dataclass(frozen=True)
class Forgotten:
    """What was removed, what is to be made again, and where traces were found afterwards (nowhere, it is hoped).

    `unknown` are ids, as they were asked for, that no row was of.
    """

    n_posts: int
    n_rows: dict[str, int]
    crawl_dates: tuple[date, ...]
    n_pages: int
    n_log_entries: int
    garbage: Garbage
    search: Search
    drops_left: tuple[date, ...] = field(default=())
    unknown: tuple[str, ...] = field(default=())


def forget(settings: Settings, request: Request) -> Forgotten:
    """Forget, compact, publish, and look for what is left; waits for runs to end, and keeps others from beginning.

    Raises:
        ForgetError: if nothing was asked for, an id is none, or Dagster keeps its records where they are not reached.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    subject = _subject(settings, request)
    if elsewhere := kept_elsewhere(settings.dagster_home):
        raise ForgetError(
            f"{settings.dagster_home}/dagster.yaml keeps Dagster's records elsewhere ({', '.join(elsewhere)}), where "
            "they cannot be searched: remove the runs that show the poster there, and those keys for the time being."
        )
    with open_presence(settings).alone(timeout_seconds=settings.lock_timeout_seconds) as check:
        posters, posts = ids_in(open_database(settings))
        store = open_tombstones(settings)
        tombstones = store.read().bury(subject.ids, subject.crawled_before)
        unfinished = settings.home / UNFINISHED_NAME
        if tombstones.is_empty and tombstones.crawled_before is None and not unfinished.exists():
            # killed while it waited for a run, say: "nothing is left" would be taken for done
            raise ForgetError(
                f"nothing was ever forgotten in {settings.home}, so there is nothing to end: say whom or what, with "
                "--poster, --post, --crawler-account or --crawled-before."
            )
        # before the mark: whoever asks to end what is marked must find whom it was about
        store.write(tombstones)
        write_durably(unfinished, _UNFINISHED)
        whole = _with_those_of_before(subject, tombstones, posters, posts)
        done = _forget(settings, whole, tombstones, request.crawler_accounts)
        check()
        done_here(settings)
        unfinished.unlink()
        return replace(done, unknown=_unknown(settings, request, posters, posts))


def _subject(settings: Settings, request: Request) -> Subject:
    hasher = open_accounts(settings)
    for poster in request.posters:
        if not _POSTER_ID.fullmatch(poster):
            raise ForgetError(
                f"{poster!r} is not a poster_id of the warehouse (24 hex digits). An account's id as the "
                "crawler has it goes to --crawler-account."
            )
    if not all(text.strip() for text in (*request.posts, *request.crawler_accounts)):
        raise ForgetError("an empty id was given, which is nobody's: is a variable unset?")
    posters = {*request.posters, *map(hasher.hash, request.crawler_accounts)}
    if not posters and not request.posts and request.crawled_before is None and not request.again:
        raise ForgetError(
            "say whom or what to forget: --poster, --post, --crawler-account or --crawled-before."
        )
    if request.crawled_before is not None and request.crawled_before > date.today() + timedelta(days=1):
        raise ForgetError(
            f"{request.crawled_before} lies in the future: crawls to come would be refused as well."
        )
    return Subject(frozenset(posters), frozenset(request.posts), request.crawled_before)


def _forget(
    settings: Settings, subject: Subject, tombstones: Tombstones, crawler_accounts: Sequence[str]
) -> Forgotten:
    database = open_database(settings)
    traces = traces_of(database, subject)
    needles = _needles(subject, traces, crawler_accounts)
    buried = tombstones.bury({*subject.ids, *_posts_of_posters(subject, traces)})
    open_tombstones(settings).write(buried)
    tell_others(settings, traces.crawl_dates | traces.lent_names)
    n_log_entries = scrub(settings.dagster_home, needles, traces.may_show_in_dagster)
    n_log_entries += _scrub_state(settings, needles, traces)
    told = told_by_others(settings)
    pages = _remove_pages(settings, replace(traces, crawl_dates=traces.crawl_dates | told))
    Tags(settings.tags_file).forget({*subject.posts, *_posts_of_posters(subject, traces)})
    # whole: a place may name her account where the id that was asked for does not
    open_media_memory(settings).forget_all()
    open_drop_memory(settings).forget_all()
    erase(database, subject)
    # nobody else is at work: whatever no row points to may go, though its time be in the future
    garbage = collect_garbage(settings, min_age_hours=-math.inf)
    database.compact()
    open_cache(settings).compact()
    if settings.state is not None:
        # of before the home shared one; it is not read any more
        for path in settings.home.glob(f"{settings.cache_path.name}*"):
            path.unlink()
    open_warehouse(settings).renew_snapshot()
    if settings.dagster_home.exists():
        # crawl dates that are no more are no longer offered
        prepare_instance(settings)
    shown = traces.crawl_dates | {day for page in pages for day in crawl_dates_in(page)}
    kept = [day for day in shown if subject.crawled_before is None or day >= subject.crawled_before]
    return Forgotten(
        n_posts=traces.n_rows.get("raw_posts", 0),
        n_rows=traces.n_rows,
        crawl_dates=tuple(sorted(kept)),
        n_pages=len(pages),
        n_log_entries=n_log_entries,
        garbage=garbage,
        search=_search(settings, needles),
        drops_left=_drops_left(settings, traces.crawl_dates),
    )


def _with_those_of_before(
    subject: Subject, tombstones: Tombstones, posters: frozenset[str], posts: frozenset[str]
) -> Subject:
    """The subject, and who was to be forgotten before and is there: it was cut short, or a backup restored."""
    return Subject(
        subject.posters | {i for i in posters if i in tombstones},
        subject.posts | {i for i in posts if i in tombstones},
        tombstones.crawled_before,
    )


def _unknown(
    settings: Settings, request: Request, posters: frozenset[str], posts: frozenset[str]
) -> tuple[str, ...]:
    hasher = open_accounts(settings)
    return (
        *(poster for poster in request.posters if poster not in posters),
        *(post for post in request.posts if post not in posts),
        *(account for account in request.crawler_accounts if hasher.hash(account) not in posters),
    )


def _posts_of_posters(subject: Subject, traces: Traces) -> frozenset[str]:
    """Her posts are forgotten by their own ids, too: a crawler may come to write her account in another way."""
    return traces.posts if subject.posters else frozenset()


def _needles(subject: Subject, traces: Traces, crawler_accounts: Sequence[str]) -> Needles:
    accounts = {*crawler_accounts, *map(creator_hash, crawler_accounts)}
    found = {*subject.ids, *traces.posts, *traces.texts, *traces.keys, *accounts}
    return Needles(found, traces.longer_ids)


def _remove_pages(settings: Settings, traces: Traces) -> list[str]:
    """Remove pages that may show the subject, also without a row, and charts of all crawl dates; gives names."""
    reports, charts = open_files(settings, "reports"), open_files(settings, "charts")
    shown = [
        (reports, f)
        for f in reports.files()
        if any(traces.may_show_in("report", day) for day in crawl_dates_in(f.name) or [None])
    ]
    if traces.crawl_dates:
        shown += [(charts, f) for f in charts.files() if crawl_date_in(f.name) is None]
    for store, file in shown:
        store.remove(file.name)
    return [file.name for _, file in shown]


def _scrub_state(settings: Settings, needles: Needles, traces: Traces) -> int:
    if settings.state is None:
        return 0
    from mkt_assets.operations.event_log_postgres import scrub_records

    return scrub_records(settings.state, needles, traces.may_show_in_dagster)


def _search(settings: Settings, needles: Needles) -> Search:
    """Of the home, its lake and its state."""
    found = search_home(settings, needles)
    if settings.state is None:
        return found
    from mkt_assets.operations.search_state import search_state

    return replace(found, places=(*found.places, *search_state(settings.state, needles)))


def _drops_left(settings: Settings, crawl_dates: Collection[date]) -> tuple[date, ...]:
    return tuple(sorted({*crawl_dates}.intersection(open_drops(settings).dates())))
