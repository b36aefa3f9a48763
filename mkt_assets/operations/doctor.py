"""`mkt doctor`: is the home sound? Each finding says what is the matter and what to do; nothing is changed.

Not here: checks of one crawl's rows (orchestration/checks), putting things right (operations/gc).
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from mkt_assets.contract.schema import TABLES
from mkt_assets.core.profiles.names import NamesError, read_names
from mkt_assets.core.sight.vocabulary import VocabularyError, read_vocabulary
from mkt_assets.models.registry import MODELS, trouble_with
from mkt_assets.operations.doctor_compute import examine_compute
from mkt_assets.operations.doctor_crawl_dates import examine_crawl_dates
from mkt_assets.operations.doctor_files import examine_bucket, examine_drops, examine_files
from mkt_assets.operations.doctor_lake import examine_lake, examine_snapshot_of_lake
from mkt_assets.operations.doctor_state import examine_state
from mkt_assets.operations.findings import Finding, Verdict, ago
from mkt_assets.operations.forget import UNFINISHED_NAME
from mkt_assets.operations.gc import DEFAULT_MIN_AGE_HOURS, changed_at, temporary_files
from mkt_assets.orchestration.dagster_yaml import kept_elsewhere
from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.database import DatabaseBusyError, lock_path
from mkt_assets.resources.locks import lock_holders, process_named
from mkt_assets.resources.migrations import VERSION
from mkt_assets.resources.opening import open_database, open_presence, open_tombstones
from mkt_assets.resources.running import dead_runs
from mkt_assets.resources.warehouse_state import WarehouseState, read_state
from mkt_assets.settings import Settings, misspelt_variables

_PACKAGES = ("mkt_assets", "dagster", "duckdb", "numpy", "pandas", "torch")
_SPARE_BYTES = 1_000_000_000
_PATIENCE_SECONDS = 2.0


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in an order to read; of a home that is another user's nothing but that."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _versions,
        _settings,
        _models,
        examine_compute,
        _names,
        _disk,
        _locks,
        examine_bucket,
        _warehouse,
        _key,
        _forgotten,
        _snapshot,
        _temporary,
        _dagster,
    )
    if not_mine := list(_access(settings)):
        yield from not_mine
        return
    state = list(examine_state(settings))
    for check in checks:
        if check is _locks:
            yield from state
        if check not in _USING_THE_STATE or all(f.verdict is not Verdict.problem for f in _of_state(state)):
            yield from check(settings)


def _of_state(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.about == "state"]


def _access(settings: Settings) -> Iterator[Finding]:
    home = settings.home
    if home.exists() and not home.is_dir():
        yield Finding("home", Verdict.problem, f"{home} is not a folder", "move it away, or set MKT_HOME")
        return
    needed = (home, *(home.iterdir() if os.access(home, os.R_OK | os.X_OK) else ()), settings.dagster_home)
    for path in needed:
        if path.exists() and not os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
            yield Finding(
                "home",
                Verdict.problem,
                f"{path} cannot be read and written by this user",
                f"do it as the user that runs the services ({_owner(home)}), or correct the owner, the "
                "permissions or the mount",
            )
            return


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:
        return f"user {path.stat().st_uid}"


def _versions(_: Settings) -> Iterator[Finding]:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    yield Finding("versions", Verdict.ok, f"Python {sys.version.split()[0]}, {packages}")


def _settings(settings: Settings) -> Iterator[Finding]:
    misspelt = misspelt_variables(os.environ)
    for sentence in misspelt:
        yield Finding("settings", Verdict.problem, sentence, "correct or unset it")
    if not misspelt:
        yield Finding("settings", Verdict.ok, f"home {settings.home}, drops {settings.drops}")
    if isinstance(settings.drops, str):
        yield from examine_drops(settings)
    elif not settings.drops.is_dir():
        yield Finding(
            "drops",
            Verdict.problem,
            f"there is no folder {settings.drops}",
            "mount its disk, make it, or set MKT_DROPS",
        )


def _models(settings: Settings) -> Iterator[Finding]:
    for role in MODELS:
        model_id = str(getattr(settings, role))
        trouble = trouble_with(role, model_id, settings.model_options)
        if trouble is None:
            yield Finding("models", Verdict.ok, f"{role}: {model_id} is here")
        else:
            what, _, remedy = trouble.partition(": ")
            yield Finding("models", Verdict.problem, f"{role}: {what}", remedy or "see `mkt models list`")


def _names(settings: Settings) -> Iterator[Finding]:
    try:
        read_names(settings.names_file)
        read_vocabulary(settings.sight_words_file)
    except (NamesError, VocabularyError) as error:
        yield Finding("names", Verdict.problem, str(error), "until then each run fails at it")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = next(p for p in (settings.home, *settings.home.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    # a snapshot is published, and a file compacted, by writing another one beside it
    wanted = _SPARE_BYTES + 2 * sum(_size(p) for p in (settings.warehouse_path, settings.cache_path))
    verdict = Verdict.ok if free > wanted else Verdict.problem
    what = (
        f"{free / 1e9:.1f} GB free below {folder}, {wanted / 1e9:.1f} GB needed for snapshots and compaction"
    )
    yield Finding("disk", verdict, what, "" if free > wanted else "`mkt gc --delete`, or a larger disk")


def _locks(settings: Settings) -> Iterator[Finding]:
    runs = open_presence(settings).holders()
    holders = lock_holders(lock_path(settings.warehouse_path))
    if runs:
        yield Finding("runs", Verdict.note, f"under way in {', '.join(runs)}")
    else:
        yield Finding("runs", Verdict.ok, "none under way")
    if holders:
        yield Finding(
            "lock",
            Verdict.note,
            f"the warehouse is held by {', '.join(map(process_named, holders))}",
            "nothing, unless it stays so: then end that process; the lock is freed with it",
        )


def _warehouse(settings: Settings) -> Iterator[Finding]:
    if settings.warehouse is not None:
        findings = list(examine_lake(settings))
        yield from findings
        if any(finding.verdict is not Verdict.ok for finding in findings):
            return
        yield from _readable(settings, settings.warehouse)
        return
    path = settings.warehouse_path
    if not path.exists() and settings.snapshot_path.exists():
        yield Finding(
            "warehouse",
            Verdict.problem,
            f"{path} is gone, and a run would begin a new one",
            "before that, copy the snapshot to it; see docs/operations.md",
        )
        return
    if not path.exists():
        yield Finding("warehouse", Verdict.note, f"there is no {path} yet", "`mkt run` makes it")
        return
    yield from _readable(settings, str(path))


def _readable(settings: Settings, name: str) -> Iterator[Finding]:
    try:
        yield from _contents(settings)
    except DatabaseBusyError as error:
        yield Finding("warehouse", Verdict.note, f"not looked at: {error}", "ask again later")
    except Exception as error:  # whatever a damaged file makes the database say
        yield Finding(
            "warehouse",
            Verdict.problem,
            f"{name} cannot be read: {error}".splitlines()[0],
            "restore it from a backup, or copy the snapshot over it; see docs/operations.md",
        )


def _contents(settings: Settings) -> Iterator[Finding]:
    # a lake may be far larger than what anybody would wait for
    in_file = settings.warehouse is None
    state = read_state(open_database(settings, timeout_seconds=_PATIENCE_SECONDS), every_value=in_file)
    n_rows = sum(state.n_rows.values())
    n_dates = len(state.crawl_dates)
    yield Finding(
        "warehouse", Verdict.ok, f"schema {state.version}, {n_rows:,} rows of {n_dates} crawl date(s)"
    )
    if state.version > VERSION:
        yield Finding(
            "warehouse",
            Verdict.problem,
            f"it is of a newer mkt_assets: schema {state.version}, and this one knows {VERSION}",
            "upgrade mkt_assets, or restore the backup made before the upgrade",
        )
    elif state.version < VERSION:
        what = f"schema {state.version}, to be brought to {VERSION} by the next command that reads it"
        yield Finding("warehouse", Verdict.note, what, "make a backup first; see docs/operations.md")
    for table, example in state.repeated.items():
        key = ", ".join(TABLES[table].key)
        yield Finding(
            "warehouse",
            Verdict.problem,
            f"{table}: ({key}) should be unique, and {example} is not",
            "re-run that crawl date: `mkt run --crawl-date DATE`",
        )
    yield from examine_files(settings, state)
    yield from _brought_back(settings, state)


def _brought_back(settings: Settings, state: WarehouseState) -> Iterator[Finding]:
    if (settings.home / UNFINISHED_NAME).exists() or not (settings.home / KEY_NAME).exists():
        return  # told by the checks of these files; and asking for a hash would make a key
    try:
        tombstones = open_tombstones(settings).read()
        n_back = sum(some_id in tombstones for some_id in state.ids)
    except ValueError:
        return
    before = tombstones.crawled_before
    n_dates = sum(before is not None and day < before for day in state.crawl_dates)
    if n_back or n_dates:
        yield Finding(
            "forgotten",
            Verdict.problem,
            f"{n_back} posters and posts and {n_dates} crawl dates that were forgotten are in the warehouse, as "
            "after an older backup was restored",
            "`mkt forget --again`",
        )


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.home / KEY_NAME
    has_posts = settings.warehouse is not None or settings.warehouse_path.exists()
    if has_posts and not path.exists():
        yield Finding(
            "key",
            Verdict.problem,
            f"{path} is gone: posters of the next crawl will not be joined to those stored",
            "restore it from a backup",
        )
    elif path.exists():
        try:
            AccountHasher(path)
        except (ValueError, OSError) as error:
            yield Finding("key", Verdict.problem, str(error), "restore it from a backup")
        if path.stat().st_mode & 0o077:
            yield Finding(
                "key",
                Verdict.note,
                f"others may read {path}: with it, who is behind an id can be found out",
                f"chmod 600 {path}",
            )


def _forgotten(settings: Settings) -> Iterator[Finding]:
    if (settings.home / UNFINISHED_NAME).exists():
        if open_presence(settings).is_alone():
            yield Finding("forgotten", Verdict.note, "a forgetting is under way")
        else:
            yield Finding(
                "forgotten",
                Verdict.problem,
                "a forgetting was cut short: what it did not come to is still in the home",
                "`mkt forget --again`",
            )
    try:
        tombstones = open_tombstones(settings).read()
    except (ValueError, OSError) as error:
        yield Finding("forgotten", Verdict.problem, str(error), "restore it from a backup")
        return
    if not tombstones.is_empty or tombstones.crawled_before:
        before = f"; crawls before {tombstones.crawled_before}" if tombstones.crawled_before else ""
        yield Finding("forgotten", Verdict.ok, f"{len(tombstones.hashes)} posters and posts{before}")


def _snapshot(settings: Settings) -> Iterator[Finding]:
    path, snapshot = settings.warehouse_path, settings.snapshot_path
    if settings.warehouse is not None:
        yield from examine_snapshot_of_lake(settings)
        return
    if not path.exists():
        return
    if not snapshot.exists():
        yield Finding("snapshot", Verdict.problem, f"there is no {snapshot}", "`mkt snapshot` publishes it")
        return
    age = f"published {ago(time.time() - snapshot.stat().st_mtime)} ago"
    if filecmp.cmp(path, snapshot, shallow=False):
        yield Finding("snapshot", Verdict.ok, f"as the warehouse is, {age}")
    else:
        yield Finding(
            "snapshot",
            Verdict.note,
            f"not as the warehouse is, {age}: a run is under way, or was killed, or one of them is damaged",
            "each run publishes it at its end, and `mkt snapshot` now, if the warehouse is sound",
        )


def _temporary(settings: Settings) -> Iterator[Finding]:
    limit = time.time() - DEFAULT_MIN_AGE_HOURS * 3600
    stale = [path for path in temporary_files(settings) if changed_at(path) < limit]
    if stale:
        what = f"{len(stale)} of runs that were killed, as {stale[0]}"
        yield Finding("temporary files", Verdict.note, what, "`mkt gc --delete` removes them")
    else:
        yield Finding("temporary files", Verdict.ok, "none that is stale")


def _dagster(settings: Settings) -> Iterator[Finding]:
    try:
        yield from _records(settings)
    except Exception as error:  # whatever damaged files make Dagster, SQLite or YAML say
        yield Finding(
            "dagster",
            Verdict.problem,
            f"its records in {settings.dagster_home} cannot be read: {' '.join(str(error).split())[:200]}",
            "if dagster.yaml is at fault, correct it; else stop the services and move that folder away: it is made "
            "anew, and knows of no run before",
        )


def _records(settings: Settings) -> Iterator[Finding]:
    from mkt_assets.orchestration.instance import prepare_instance
    from mkt_assets.orchestration.sensors import is_ticking

    if not (settings.dagster_home / "dagster.yaml").exists():
        elsewhere = (
            ", unless Dagster's own services, as those of its chart, have theirs" if settings.state else ""
        )
        remedy = f"`mkt run` or `make ui` makes it{elsewhere}"
        yield Finding("dagster", Verdict.note, f"there is no instance in {settings.dagster_home}", remedy)
        return
    prepare_instance(settings)
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        dead = dead_runs(instance, open_presence(settings))
        ticking = is_ticking(instance, now=time.time())
        instance.all_asset_keys()  # what is in the third of its databases
        yield from examine_crawl_dates(instance, settings)
    if dead:
        yield Finding(
            "dagster",
            Verdict.problem,
            f"{len(dead)} run(s) are marked as under way, and their process is no more: {dead[0].run_id}",
            "`mkt gc --delete` marks them as failed; so does the sensor, when it runs",
        )
    what = (
        "the sensor is ticking"
        if ticking
        else "the sensor is not ticking: new drops are not run by themselves"
    )
    to_do = "" if ticking else "`make ui`, or start the services of docs/operations.md"
    yield Finding("dagster", Verdict.ok if ticking else Verdict.note, what, to_do)
    if "tag_concurrency_limits" not in (settings.dagster_home / "dagster.yaml").read_text("utf-8"):
        yield Finding(
            "dagster",
            Verdict.note,
            "dagster.yaml is of an earlier version: two runs of a crawl date do not take turns",
            "copy the lines of tag_concurrency_limits from mkt_assets/orchestration/dagster_instance.yaml into it",
        )
    if elsewhere := kept_elsewhere(settings.dagster_home):
        yield Finding(
            "dagster",
            Verdict.note,
            f"dagster.yaml keeps records elsewhere ({', '.join(elsewhere)})",
            "`mkt forget` cannot reach them, and refuses to begin",
        )


_USING_THE_STATE = (_locks, _warehouse, _forgotten, _dagster)
"""Checks that ask it: not where it is the problem."""


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
