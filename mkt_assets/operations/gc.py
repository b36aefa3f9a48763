"""`mkt gc`: what no row points to any more, and what killed runs left. Nothing that a row points to is touched.

Safe beside a run: what is younger than an age limit stays. A run touches a matte that it finds made (see
compute/matte_maker), and writes all else anew, so that what it is about to point to is young.

Not here: what rows still point to (operations/places), removing a person (operations/forget).
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import dagster as dg

from mkt_assets.operations.places import InUse, crawl_date_in, files_below, in_use
from mkt_assets.orchestration.instance import prepare_instance
from mkt_assets.resources import open_cache, open_drop_memory, open_media_memory, open_presence
from mkt_assets.resources.files import ASIDE_PREFIX
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
    """A file or folder that may go, and why."""

    path: Path
    n_bytes: int
    why: str


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
    orphans = [orphan for orphan in _orphans(settings, used) if _is_older(orphan.path, made_before)]
    n_cached = open_cache(settings).forget_others(used.contents, made_before=made_before, dry_run=True)
    return Garbage(tuple(orphans), n_cached)


def collect_garbage(settings: Settings, *, min_age_hours: float = DEFAULT_MIN_AGE_HOURS) -> Garbage:
    """Remove it, and say what was removed."""
    made_before = time.time() - min_age_hours * 3600
    found = find_garbage(settings, min_age_hours=min_age_hours)
    # the cache first: it must not know a matte that is gone, though it would survive that
    used = in_use(settings)
    n_cached = open_cache(settings).forget_others(used.contents, made_before=made_before)
    removed = [orphan for orphan in found.orphans if _remove(orphan.path, used, made_before)]
    for folder in (settings.media_dir, settings.charts_dir, settings.reports_dir):
        _remove_empty_folders(folder, made_before)
    return Garbage(tuple(removed), n_cached)


def clear_dead_runs(settings: Settings, *, dry_run: bool = False) -> list[str]:
    """Ids of runs that Dagster believes to be under way and whose process is no more; they are reported as failed."""
    if not (settings.dagster_home / "dagster.yaml").exists():
        return []
    prepare_instance(settings)
    presence = open_presence(settings)
    with dg.DagsterInstance.get() as instance:
        return [run.run_id for run in (dead_runs if dry_run else fail_dead_runs)(instance, presence)]


def temporary_files(home: Path) -> Iterator[Path]:
    """Files and folders that are only there while something is being written."""
    if not home.is_dir():
        return
    patterns = (f"{ASIDE_PREFIX}*", ".key-*", ".*.snapshot.duckdb.*", "*.duckdb.tmp")
    for pattern in patterns:
        yield from sorted(home.rglob(pattern))


def _orphans(settings: Settings, used: InUse) -> Iterator[Orphan]:
    temporary = set(temporary_files(settings.home))
    for path in sorted(temporary):
        yield Orphan(path, _size(path), _TEMPORARY)
    for path in files_below(settings.media_dir):
        if path not in used.mattes and path not in temporary:
            yield Orphan(path, path.stat().st_size, _MATTE)
    for path in files_below(settings.charts_dir):
        # a chart of no crawl date (of trends) is in no row, and made anew by each run
        if crawl_date_in(path, settings.charts_dir) and path not in used.charts and path not in temporary:
            yield Orphan(path, path.stat().st_size, _CHART)
    for path in files_below(settings.reports_dir):
        crawl_date = crawl_date_in(path, settings.reports_dir)
        if crawl_date and crawl_date not in used.crawl_dates and path not in temporary:
            yield Orphan(path, path.stat().st_size, _REPORT)
    yield from (orphan for orphan in _forgettable(settings, used) if orphan.path not in temporary)


def _forgettable(settings: Settings, used: InUse) -> Iterator[Orphan]:
    """What is remembered of crawl dates that are not stored any more, and of drops that are gone."""
    memory = open_media_memory(settings).folder
    for path in files_below(memory):
        if crawl_date_in(path, memory) not in used.crawl_dates:
            yield Orphan(path, path.stat().st_size, _PLACES)
    for path in files_below(open_drop_memory(settings).folder):
        if not (settings.drops / path.stem).is_dir():
            yield Orphan(path, path.stat().st_size, _PLACES)


def _remove(path: Path, used: InUse, made_before: float) -> bool:
    """Remove it unless, meanwhile, a row came to point to it or a run touched it."""
    if path in used.mattes or path in used.charts or not _is_older(path, made_before):
        return False
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        return True
    aside = path.with_name(f"{ASIDE_PREFIX}{uuid4().hex}")
    try:
        path.rename(aside)
    except FileNotFoundError:
        return False
    # from here on a run does not find it; it may have done so in the moment before
    if not _is_older(aside, made_before):
        aside.replace(path)
        return False
    aside.unlink(missing_ok=True)
    return True


def _is_older(path: Path, made_before: float) -> bool:
    try:
        return path.stat().st_mtime < made_before
    except FileNotFoundError:
        return False


def _size(path: Path) -> int:
    try:
        return (
            sum(file.stat().st_size for file in files_below(path)) if path.is_dir() else path.stat().st_size
        )
    except FileNotFoundError:
        return 0


def _remove_empty_folders(root: Path, made_before: float) -> None:
    for folder in sorted((p for p in root.rglob("*") if p.is_dir()), reverse=True):
        if _is_older(folder, made_before):
            try:
                folder.rmdir()
            except OSError:
                continue  # there is something in it
