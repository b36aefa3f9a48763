"""Looking for texts everywhere in a home: in decoded cells of every table, in names and bytes of every file.

Not here: how a text may be spelt (core/text/needles), removing what was found (operations/forget).
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.text.needles import Needles
from mkt_assets.operations.event_log import databases, text_cells
from mkt_assets.operations.places import files_below
from mkt_assets.resources.database import FileDatabase
from mkt_assets.resources.erasure import cells_with
from mkt_assets.resources.opening import MADE, open_bucket, open_files, open_lake
from mkt_assets.settings import Settings

_AT_ONCE = 8
VERSIONS_ARE_KEPT = (
    "whatever was removed or replaced, which this bucket keeps as earlier versions (its owner must delete the versions "
    "that are not current below this prefix, as with a lifecycle rule, or suspend versioning after that)"
)


@dataclass(frozen=True)
class Place:
    """Where something was found: a file, and what of it."""

    path: Path | str
    what: str


@dataclass(frozen=True)
class Search:
    """What was found, and how many files were looked at."""

    places: tuple[Place, ...]
    n_files: int


def search_home(settings: Settings, needles: Needles) -> Search:
    """Where in the home any of the texts is: in UTF-8, UTF-16 or JSON's escapes, in a cell, a file or a name.

    Only for whoever is alone in the home: it opens every database.
    """
    places: list[Place] = []
    n_files = 0
    for path in files_below(settings.home):
        n_files += 1
        if needles.are_in(path.relative_to(settings.home).as_posix()):
            places.append(Place(path, "its name"))
        if _has(path, needles):
            places.append(Place(path, "its bytes"))
    for path in files_below(settings.home):
        if path.suffix == ".duckdb":
            database = FileDatabase(path, timeout_seconds=settings.lock_timeout_seconds)
            found = cells_with(database, needles)
            places += [Place(path, f"{n} cell(s) of {column}") for column, n in found]
    for path in databases(settings.dagster_home):
        places += [Place(path, f"a cell of {column}") for column in _columns_with(path, needles)]
    if settings.media is not None:
        found, n_of_media = _places_in_media(settings, needles)
        places += found
        n_files += n_of_media
    if settings.warehouse is not None:
        found, n_of_lake = _places_in_lake(settings, needles)
        places += found
        n_files += n_of_lake
    return Search(tuple(places), n_files)


def _places_in_media(settings: Settings, needles: Needles) -> tuple[list[Place], int]:
    """Where in the files outside the home; and that a bucket keeps what was removed, if it does."""
    places: list[Place] = []
    n_files = 0
    for made in MADE:
        store = open_files(settings, made)
        names = [file.name for file in store.files()]
        n_files += len(names)
        data = map_ahead(store.read, names, n_threads=_AT_ONCE, n_ahead=2 * _AT_ONCE)
        for name, content in zip(names, data, strict=True):
            if needles.are_in(name):
                places.append(Place(store.location(name), "its name"))
            if needles.are_in_bytes(content):
                places.append(Place(store.location(name), "its bytes"))
    if isinstance(settings.media, str):
        bucket = open_bucket(settings.media, patience_seconds=settings.lock_timeout_seconds)
        if needles and bucket.keeps_versions():
            places.append(Place(settings.media, VERSIONS_ARE_KEPT))
    return places, n_files


def _places_in_lake(settings: Settings, needles: Needles) -> tuple[list[Place], int]:
    """Where in the files of the lake, also those that no row is in any more, and in its catalog."""
    from mkt_assets.resources.lake_upkeep import catalog_cells_with, data_cells_with

    database = open_lake(settings)
    lake = database.lake
    with database.reading() as connection:
        in_data, n_files = data_cells_with(connection, lake, needles)
    places = [Place(file, f"{n} row(s)") for file, n in in_data]
    places += [
        Place(lake.catalog, f"{n} cell(s) of {column}") for column, n in catalog_cells_with(lake, needles)
    ]
    return places, n_files


def _columns_with(path: Path, needles: Needles) -> list[str]:
    return sorted({column for column, text in text_cells(path) if needles.are_in(text)})


def _has(path: Path, needles: Needles) -> bool:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return needles.are_in_bytes(data)
