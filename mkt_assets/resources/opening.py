"""The warehouse, files, cache, state and drops that the settings name, opened.

Not here: handing them in to assets (resources/build).
"""

from __future__ import annotations

from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Literal

from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.cache import Cache, FileCache
from mkt_assets.resources.database import Database, FileDatabase
from mkt_assets.resources.drop_memory import DropMemory
from mkt_assets.resources.drops import BucketDrops, DropFolder, Drops, FetchLimits
from mkt_assets.resources.files import FileStore, LocalFiles
from mkt_assets.resources.guarded import GuardedDatabase
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.running import Check, HomePresence, Presence
from mkt_assets.resources.state_home import refuse_alone
from mkt_assets.resources.tombstones import TombstoneFile, TombstoneStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings, SettingsError

if TYPE_CHECKING:
    from mkt_assets.resources.lake import LakeDatabase
    from mkt_assets.resources.object_files import ObjectFiles
    from mkt_assets.resources.state import State

Made = Literal["media", "charts", "reports"]
MADE: tuple[Made, ...] = ("media", "charts", "reports")


def open_warehouse(settings: Settings, check: Check | None = None) -> Warehouse:
    """The warehouse of these settings; `check` is asked before anything is stored in it."""
    most = inf if settings.warehouse is None else settings.max_snapshot_megabytes * 1e6
    database = open_database(settings)
    return Warehouse(
        database if check is None else GuardedDatabase(database, check),
        settings.snapshot_path,
        max_snapshot_bytes=most,
    )


def open_database(settings: Settings, *, timeout_seconds: float | None = None) -> Database:
    """Where the tables of the warehouse of these settings are; with another patience than theirs, if given.

    Raises:
        SettingsError: if they name a DuckLake, and what that needs is not installed.
    """
    timeout_seconds = timeout_seconds or settings.lock_timeout_seconds
    if settings.warehouse is None:
        return FileDatabase(settings.warehouse_path, timeout_seconds=timeout_seconds)
    return open_lake(settings, timeout_seconds=timeout_seconds)


def open_lake(settings: Settings, *, timeout_seconds: float | None = None) -> LakeDatabase:
    """The DuckLake that these settings name.

    Raises:
        SettingsError: if they name none, or what it needs is not installed.
    """
    if settings.warehouse is None or settings.warehouse_data is None:
        raise SettingsError("set MKT_WAREHOUSE and MKT_WAREHOUSE_DATA to where the lake is, or is to be.")
    try:
        from mkt_assets.resources.lake import LakeDatabase
        from mkt_assets.resources.lake_connection import Lake
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"MKT_WAREHOUSE needs the package {error.name}: install the extra, as mkt_assets[cluster]."
        ) from error
    lake = Lake(settings.warehouse, settings.warehouse_data)
    return LakeDatabase(lake, timeout_seconds=timeout_seconds or settings.lock_timeout_seconds)


def open_files(settings: Settings, made: Made, *, patience_seconds: float | None = None) -> FileStore:
    """Where mattes (media), charts or reports of these settings are: `MKT_MEDIA/{media,charts,reports}`, or the home.

    Raises:
        SettingsError: if they are in a bucket, and what that needs is not installed.
    """
    if not isinstance(settings.media, str):
        folders = {
            "media": settings.media_dir,
            "charts": settings.charts_dir,
            "reports": settings.reports_dir,
        }
        return LocalFiles(folders[made])
    patience_seconds = patience_seconds or settings.lock_timeout_seconds
    return open_bucket(f"{settings.media}/{made}", patience_seconds=patience_seconds)


def open_bucket(address: str, *, patience_seconds: float) -> ObjectFiles:
    """The files below `s3://bucket/prefix`.

    Raises:
        SettingsError: if what that needs is not installed.
    """
    try:
        from mkt_assets.resources.object_files import ObjectFiles
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{address} needs the package {error.name}: install the extra, as mkt_assets[cluster]."
        ) from error
    return ObjectFiles(address, patience_seconds=patience_seconds)


def open_state(settings: Settings) -> State | None:
    """The state that the home of these settings shares; None: it shares none. Nothing is connected to yet.

    Raises:
        DatabaseSetupError: if the home shares one, and the settings name none.
        SettingsError: if they name one, and what that needs is not installed.
    """
    if settings.state is None:
        refuse_alone(settings.home)
        return None
    try:
        from mkt_assets.resources.state import State
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"MKT_STATE needs the package {error.name}: install the extra, as mkt_assets[cluster]."
        ) from error
    return State(settings.state, home=settings.home, timeout_seconds=settings.lock_timeout_seconds)


def open_cache(settings: Settings) -> Cache:
    """The cache of these settings."""
    if (state := open_state(settings)) is None:
        return FileCache(settings.cache_path, lock_timeout_seconds=settings.lock_timeout_seconds)
    from mkt_assets.resources.state_cache import StateCache

    return StateCache(state)


def open_accounts(settings: Settings) -> AccountHasher:
    """The hashes of accounts, by the home's key: the same one in all homes that share a state.

    Raises:
        DatabaseSetupError: if it is another one than theirs.
        ValueError: if the key is damaged.
    """
    if (state := open_state(settings)) is not None:
        state.join()
    return AccountHasher(settings.home / KEY_NAME)


def open_presence(settings: Settings) -> Presence:
    """Who is at work, in the home or in all that share its state."""
    if (state := open_state(settings)) is None:
        return HomePresence(settings.home)
    from mkt_assets.resources.state_presence import StatePresence

    return StatePresence(state)


def open_drop_memory(settings: Settings) -> DropMemory:
    """What is in the files of the drops, of these settings."""
    return DropMemory(settings.home)


def open_drops(settings: Settings, *, patience_seconds: float | None = None) -> Drops:
    """Where the drops of these settings are; with another patience than theirs, if given.

    Raises:
        SettingsError: if they are in a bucket, and what that needs is not installed.
    """
    if not isinstance(settings.drops, str):
        return DropFolder(settings.drops, open_drop_memory(settings))
    limits = FetchLimits(
        picture=int(settings.max_picture_megabytes * 1e6),
        video=int(settings.max_video_megabytes * 1e6),
        other=int(settings.max_table_megabytes * 1e6),
    )
    bucket = open_bucket(settings.drops, patience_seconds=patience_seconds or settings.lock_timeout_seconds)
    return BucketDrops(bucket, settings.home, limits)


def open_media_memory(settings: Settings) -> MediaMemory:
    """Where media lie in the drops, of these settings."""
    return MediaMemory(settings.home)


def open_tombstones(settings: Settings) -> TombstoneStore:
    """Who was forgotten, of these settings."""

    def hash_id(some_id: str) -> str:
        # when it is asked for first: a key is not made for nothing
        return hasher().hash(some_id)

    hasher = lru_cache(maxsize=1)(lambda: open_accounts(settings))
    if (state := open_state(settings)) is None:
        return TombstoneFile(settings.home, hash_id)
    from mkt_assets.resources.state_tombstones import StateTombstones

    return StateTombstones(state, hash_id)
