"""`mkt move`: what a home has beside tables and files into a shared state, or out of it; compared, the old one stays.

Moved are the cache, who was forgotten, and Dagster's records of what is made now. The key of accounts is compared: it
stays a file. A move that was cut short is done again, and goes on from there.

Not here: the warehouse (operations/move), Dagster's records (operations/move_records).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mkt_assets.operations.move import MoveError
from mkt_assets.resources.accounts import KEY_NAME, AccountHasher
from mkt_assets.resources.cache import Cache, FileCache
from mkt_assets.resources.running import HomePresence
from mkt_assets.resources.state_facts import fact
from mkt_assets.resources.state_home import agree_on_key, join, leave, mark_of
from mkt_assets.resources.tombstones import TombstoneFile, TombstoneStore
from mkt_assets.settings import Settings, SettingsError

if TYPE_CHECKING:
    from mkt_assets.resources.state import State

_KEYS_AT_ONCE = 2_000


def move_to_state(settings: Settings) -> Mapping[str, int]:
    """Copy what the home has into the state of the settings, and let the home share it; the number of each.

    Raises:
        MoveError: if the copy is not equal.
        DatabaseSetupError: if the home may not share it, as with another key than the other homes have.
        SettingsError: if no state is set, or what it needs is not installed.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    state = _state(settings)
    with _alone(settings, state):
        # the key first: with another one who was forgotten would not be known
        state.transaction(lambda cursor: agree_on_key(cursor, settings.home, state.url))
        moved = _moved(settings, state, to_state=True)
        state.transaction(lambda cursor: join(cursor, settings.home, state.url, moved=True))
        return moved


def move_to_home(settings: Settings) -> Mapping[str, int]:
    """Copy what is in the state of the settings into the home, which shares it no more; the number of each.

    Raises:
        MoveError: if the home does not share it, or the copy is not equal.
        SettingsError: if no state is set, or what it needs is not installed.
        RunUnderWayError: if runs do not end within the lock's timeout.
    """
    state = _state(settings)
    with _alone(settings, state):
        mark = mark_of(settings.home)
        if mark is None or mark.state_id != state.transaction(lambda cursor: fact(cursor, "id")):
            raise MoveError(f"{settings.home} does not share {state.url}: there is nothing to be moved.")
        moved = _moved(settings, state, to_state=False)
        leave(settings.home)
        return moved


def _moved(settings: Settings, state: State, *, to_state: bool) -> Mapping[str, int]:
    from mkt_assets.operations.move_records import copy_records, missing_records, records_in
    from mkt_assets.resources.state_cache import StateCache
    from mkt_assets.resources.state_tombstones import StateTombstones

    def hash_id(some_id: str) -> str:
        return AccountHasher(settings.home / KEY_NAME).hash(some_id)

    stores: tuple[TombstoneStore, TombstoneStore] = (
        TombstoneFile(settings.home, hash_id),
        StateTombstones(state, hash_id),
    )
    caches: tuple[Cache, Cache] = (
        FileCache(settings.cache_path, lock_timeout_seconds=settings.lock_timeout_seconds),
        StateCache(state),
    )
    order = slice(None) if to_state else slice(None, None, -1)
    n_forgotten = _copy_tombstones(*stores[order])
    n_vectors, n_mattes = _copy_cache(*caches[order])
    n_made = 0
    if settings.dagster_home.exists():
        with records_in(settings.dagster_home) as here, records_in(state.url) as there:
            source, target = (here, there)[order]
            n_made = copy_records(source, target)
            if missing := missing_records(source, target):
                raise MoveError(f"Dagster's records lack {', '.join(missing[:5])}: move again.")
    return {
        "forgotten posters and posts": n_forgotten,
        "vectors": n_vectors,
        "mattes": n_mattes,
        "materializations": n_made,
    }


def _copy_tombstones(source: TombstoneStore, target: TombstoneStore) -> int:
    """What either has is in `target` afterwards: nobody who was forgotten anywhere comes back."""
    there, here = source.read(), target.read()
    days = [day for day in (there.crawled_before, here.crawled_before) if day is not None]
    whole = replace(here, hashes=there.hashes | here.hashes, crawled_before=max(days, default=None))
    if whole.hashes or days:
        target.write(whole)
    if not target.read().hashes >= there.hashes:
        raise MoveError("not all who were forgotten are known where they were copied to: move again.")
    return len(whole.hashes)


def _copy_cache(source: Cache, target: Cache) -> tuple[int, int]:
    vectors, mattes = source.keys()
    known_vectors, known_mattes = target.keys()
    for keys in _some(vectors - known_vectors):
        found = source.get_vectors(keys)
        for length in {len(vector) for vector in found.values()}:
            alike = [key for key in keys if key in found and len(found[key]) == length]
            target.put_vectors(alike, np.stack([found[key] for key in alike]))
        copied = target.get_vectors(keys)
        if any(not np.array_equal(copied.get(key, ()), vector) for key, vector in found.items()):
            raise MoveError("a vector is not where it was copied to as it was: move again.")
    for keys in _some(mattes - known_mattes):
        facts = source.get_mattes(keys)
        target.put_mattes(list(facts.items()))
        if target.get_mattes(keys) != facts:
            raise MoveError("facts of a matte are not where they were copied to as they were: move again.")
    return len(vectors), len(mattes)


def _some(keys: frozenset[str]) -> list[list[str]]:
    ordered = sorted(keys)
    return [ordered[start : start + _KEYS_AT_ONCE] for start in range(0, len(ordered), _KEYS_AT_ONCE)]


def _state(settings: Settings) -> State:
    """Of nobody: the home shares it only when all is moved."""
    if settings.state is None:
        raise SettingsError("set MKT_STATE to where the state is, or is to be.")
    try:
        from mkt_assets.resources.state import State
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"MKT_STATE needs the package {error.name}: install the extra, as mkt_assets[cluster]."
        ) from error
    return State(settings.state, timeout_seconds=settings.lock_timeout_seconds)


@contextmanager
def _alone(settings: Settings, state: State) -> Generator[None]:
    """While no run is under way in the home, or in any that shares the state."""
    from mkt_assets.resources.state_presence import StatePresence

    timeout = settings.lock_timeout_seconds
    with (
        StatePresence(state).alone(timeout_seconds=timeout) as check,
        HomePresence(settings.home).alone(timeout_seconds=timeout),
    ):
        yield
        check()
