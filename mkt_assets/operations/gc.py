"""`mkt gc`: what no row points to any more, and what killed runs left. Nothing that a row points to is touched.

Safe beside a run: what is younger than an age limit stays. A run touches a matte that it finds made (see
compute/matte_maker), and writes all else anew, so that what it is about to point to is young.

Not here: what rows still point to (operations/places), removing a person (operations/forget).
"""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import dagster as dg

from mkt_assets.operations.places import InUse, crawl_date_in, crawl_dates_in, files_below, in_use
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources.drops import is_held
from mkt_assets.resources.files import ASIDE_PREFIX, FileStore, LocalFiles, paths_below
from mkt_assets.resources.opening import (
    MADE,
    Made,
    open_cache,
    open_drop_memory,
    open_drops,
    open_files,
    open_media_memory,
    open_presence,
)
from mkt_assets.resources.running import dead_runs, fail_dead_runs
from mkt_assets.settings import Settings

DEFAULT_MIN_AGE_HOURS = 24.0
_MATTE = "matte that no row points to"
_CHART = "chart that no row points to"
_REPORT = "report of a crawl date without posts"
_PLACES = "places of media of a crawl date without posts"
_TEMPORARY = "temporary file of a killed run"


@dataclass(frozen=True)
class Orphan:
    """A file, object or folder that may go, and why; `name` is its own in the store that it is in."""

    path: Path | str
    n_bytes: int
    why: str
    used_at: float
    store: FileStore | None = None
    name: str = ""


@dataclass(frozen=True)
class Garbage:
    """What was found: files, and entries of the cache made of contents that are in no row."""

    orphans: tuple[Orphan, ...]
    n_cached: int

    @property
    def n_bytes(self) -> int:
        """Bytes of the files."""
        return sum(orphan.n_bytes for orphan in self.orphans)


def find_garbage(settings: Settings, *, min_age_hours: float = DEFAULT_MIN_AGE_HOURS) -> Garbage:
    """What could be removed: orphans that nothing changed for `min_age_hours`."""
    made_before = time.time() - min_age_hours * 3600
    used = in_use(settings)
    orphans = [orphan for orphan in _orphans(settings, used) if orphan.used_at < made_before]
    n_cached = open_cache(settings).forget_others(used.contents, made_before=made_before, dry_run=True)
    return Garbage(tuple(orphans), n_cached)


def collect_garbage(settings: Settings, *, min_age_hours: float = DEFAULT_MIN_AGE_HOURS) -> Garbage:
    """Remove it, and say what was removed."""
    made_before = time.time() - min_age_hours * 3600
    found = find_garbage(settings, min_age_hours=min_age_hours)
    # the cache first: it must not know a matte that is gone, though it would survive that
    used = in_use(settings)
    n_cached = open_cache(settings).forget_others(used.contents, made_before=made_before)
    removed = [orphan for orphan in found.orphans if _remove(orphan, used, made_before)]
    for made in MADE:
        if isinstance(store := open_files(settings, made), LocalFiles):
            _remove_empty_folders(store.root, made_before)
    return Garbage(tuple(removed), n_cached)


def clear_dead_runs(settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Ids of runs that Dagster believes to be under way and whose process is no more; they are reported as failed."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return []
    prepare_instance(settings)
    presence = open_presence(settings)
    with dg.DagsterInstance.get() as instance:
        return [run.run_id for run in (dead_runs if dry_run else fail_dead_runs)(instance, presence)]


def temporary_files(settings: Settings) -> Iterator[Path]:
    """Files and folders that are only there while something is being written."""
    patterns = (f"{ASIDE_PREFIX}*", ".key-*", ".*.snapshot.duckdb.*", "*.duckdb.tmp")
    folders = {settings.home, *((settings.media,) if isinstance(settings.media, Path) else ())}
    found = {
        path
        for folder in folders
        for path in paths_below(folder)
        if any(fnmatchcase(path.name, pattern) for pattern in patterns)
    }
    held = {path for path in found if is_held(path)}
    yield from sorted(path for path in found if not held.intersection((path, *path.parents)))


def _orphans(settings: Settings, used: InUse) -> Iterator[Orphan]:
    temporary = set(temporary_files(settings))
    for path in sorted(temporary):
        yield _of_path(path, _TEMPORARY)
    for made in MADE:
        store = open_files(settings, made)
        for file in store.files():
            if why := _why_unused(made, file.name, used):
                place = store.location(file.name)
                path = Path(place) if isinstance(store, LocalFiles) else place
                yield Orphan(path, file.n_bytes, why, file.used_at, store, file.name)
    for path in _forgettable(settings, used):
        if path not in temporary:
            yield _of_path(path, _PLACES)


def _why_unused(made: Made, name: str, used: InUse) -> str | None:
    """Why a file is of no use; None if it is of any."""
    if made == "media":
        return None if name in used.mattes else _MATTE
    if made == "reports":
        return None if used.crawl_dates.issuperset(crawl_dates_in(name)) else _REPORT
    # a chart of no crawl date (of trends) is in no row, and made anew by each run
    return None if crawl_date_in(name) is None or name in used.charts else _CHART


def _of_path(path: Path, why: str) -> Orphan:
    return Orphan(path, _size(path), why, changed_at(path))


def _forgettable(settings: Settings, used: InUse) -> Iterator[Path]:
    """What is remembered of crawl dates that are not stored any more, and of drops that are gone."""
    memory = open_media_memory(settings).folder
    yield from (path for path in files_below(memory) if crawl_date_in(path.name) not in used.crawl_dates)
    of_drops = list(files_below(open_drop_memory(settings).folder))
    there = {day.isoformat() for day in open_drops(settings).dates()} if of_drops else set[str]()
    yield from (path for path in of_drops if path.stem not in there)


def _remove(orphan: Orphan, used: InUse, made_before: float) -> bool:
    """Remove it unless, meanwhile, a row came to point to it or a run touched it."""
    if orphan.store is not None:
        if orphan.name in used.mattes or orphan.name in used.charts:
            return False
        return orphan.store.remove(orphan.name, unless_used_since=made_before)
    path = Path(orphan.path)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return True
    return LocalFiles(path.parent).remove(path.name, unless_used_since=made_before)


def changed_at(path: Path) -> float:
    """When a file or folder was changed, in seconds since 1970; infinite if it is gone meanwhile."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _size(path: Path) -> int:
    try:
        return (
            sum(file.stat().st_size for file in files_below(path)) if path.is_dir() else path.stat().st_size
        )
    except FileNotFoundError:
        return 0


def _remove_empty_folders(root: Path, made_before: float) -> None:
    for folder in reversed(paths_below(root)):
        if folder.is_dir() and changed_at(folder) < made_before:
            try:
                folder.rmdir()
            except OSError:
                continue  # there is something in it
