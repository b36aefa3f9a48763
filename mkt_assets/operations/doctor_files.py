"""`mkt doctor` of what is made: its place answers and can be written, and what rows point to is there, as it was made.

Not here: the tables (operations/doctor), files that no row points to (operations/gc).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping

from mkt_assets.operations.findings import Finding, Verdict
from mkt_assets.resources.files import FilesAwayError, FilesSetupError, FileStore, LocalFiles
from mkt_assets.resources.opening import MADE, open_bucket, open_files
from mkt_assets.resources.warehouse_state import WarehouseState
from mkt_assets.settings import Settings, SettingsError

_PATIENCE_SECONDS = 5.0
_EXTRA = "in a clone: sh deploy/install.sh .venv/bin/python --extra cluster"


def examine_bucket(settings: Settings) -> Iterator[Finding]:
    """Whether a bucket of the settings answers, and can be written, read and emptied."""
    if not isinstance(settings.media, str):
        return
    try:
        bucket = open_bucket(settings.media, patience_seconds=_PATIENCE_SECONDS)
        keeps_versions = bucket.keeps_versions()
    except SettingsError as error:
        yield Finding("files", Verdict.problem, str(error), _EXTRA)
    except (FilesSetupError, FilesAwayError) as error:
        yield Finding(
            "files", Verdict.problem, str(error), "correct MKT_MEDIA or AWS_*, or what the keys may do"
        )
    else:
        yield Finding("files", Verdict.ok, f"{settings.media} answers, and can be written")
        if keeps_versions:
            what = f"the bucket of {settings.media} keeps earlier versions: `mkt forget` cannot remove those"
            yield Finding(
                "files", Verdict.note, what, "a lifecycle rule that ends versions that are not current"
            )


def examine_drops(settings: Settings) -> Iterator[Finding]:
    """Whether the bucket of the drops answers, and can be listed."""
    try:
        bucket = open_bucket(str(settings.drops), patience_seconds=_PATIENCE_SECONDS)
        n_folders = len(bucket.folders())
    except SettingsError as error:
        yield Finding("drops", Verdict.problem, str(error), _EXTRA)
    except (FilesSetupError, FilesAwayError) as error:
        yield Finding(
            "drops", Verdict.problem, str(error), "correct MKT_DROPS or AWS_*, or what the keys may do"
        )
    else:
        yield Finding("drops", Verdict.ok, f"{settings.drops} answers, with {n_folders:,} folders")


def examine_files(settings: Settings, state: WarehouseState) -> Iterator[Finding]:
    """Whether what rows point to is there, and as it was made; in a bucket only whether it is there."""
    rows: dict[str, Collection[str]] = {
        "matted_images": state.mattes,
        "charts": state.charts,
        "report": state.reports,
    }
    try:
        stores = [open_files(settings, made, patience_seconds=_PATIENCE_SECONDS) for made in MADE]
        for (what, names), store in zip(rows.items(), stores, strict=True):
            yield _all_there(what, names, store)
        for what, files, store in zip(
            ("charts", "reports"), (state.charts, state.reports), stores[1:], strict=True
        ):
            if isinstance(store, LocalFiles):
                yield from _as_made(what, files, store)
    except (SettingsError, FilesSetupError, FilesAwayError):
        return  # told before


def _all_there(what: str, names: Collection[str], store: FileStore) -> Finding:
    # one listing, where asking for each would be a request each
    there = {file.name for file in store.files() if file.n_bytes > 0} if names else set[str]()
    missing = [name for name in names if name not in there]
    if not missing:
        return Finding("files", Verdict.ok, f"all {len(names):,} files of {what} are here")
    return Finding(
        "files",
        Verdict.problem,
        f"{len(missing)} of {len(names)} files that rows of {what} point to are not in {store.location()}, or "
        f"empty, as {missing[0]}",
        "restore them from a backup, or re-run their crawl dates",
    )


def _as_made(what: str, files: Mapping[str, str | None], store: FileStore) -> Iterator[Finding]:
    damaged = [
        name
        for name, sha in files.items()
        if sha and store.exists(name) and hashlib.sha256(store.read(name)).hexdigest() != sha
    ]
    if damaged:
        yield Finding(
            "files",
            Verdict.problem,
            f"{len(damaged)} {what} are not as they were made, as {damaged[0]}",
            "re-run their crawl dates",
        )
