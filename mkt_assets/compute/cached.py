"""Computing vectors that a cache does not know yet, and handing them over often enough that a kill costs little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Batch = tuple[Sequence[str], Vectors]
Store = Callable[[Sequence[str], Vectors], None]


@dataclass(frozen=True)
class Embedded:
    """Vectors of all keys, in their order, and how many of the distinct ones were computed now."""

    matrix: Vectors
    n_computed: int
    n_from_cache: int


def embed_missing(
    keys: Sequence[str],
    known: Mapping[str, Vectors],
    *,
    compute: Callable[[Sequence[str]], Iterable[Batch]],
    store: Store,
    dimension: int,
    flush_seconds: float = 30.0,
) -> Embedded:
    """The (n, dimension) float32 matrix of `keys`, computing each unknown distinct key once.

    Args:
        keys: content keys, one an item; equal content has equal keys.
        known: vectors by key, from the cache.
        compute: gives batches (keys, vectors) for the keys that are not known, in any order.
        store: appends to the cache, see `store_batches`.
        dimension: length of a vector.
        flush_seconds: longest time that a computed vector stays in memory only.

    Raises:
        ValueError: if `compute` leaves out a key or gives a vector of another length.
    """
    missing = list(dict.fromkeys(key for key in keys if key not in known))
    batches = compute(missing) if missing else ()
    computed = store_batches(batches, store=store, dimension=dimension, flush_seconds=flush_seconds)
    if left_out := [key for key in missing if key not in computed]:
        raise ValueError(f"{len(left_out)} of {len(missing)} items were not embedded.")
    vectors = {**known, **computed}
    matrix = np.stack([vectors[key] for key in keys]) if keys else np.zeros((0, dimension), dtype=np.float32)
    return Embedded(matrix, n_computed=len(missing), n_from_cache=len(set(keys)) - len(missing))


def store_batches(
    batches: Iterable[Batch], *, store: Store, dimension: int, flush_seconds: float = 30.0
) -> dict[str, Vectors]:
    """The vectors of all batches by key, stored as they come.

    Args:
        batches: (keys, vectors (n, dimension)), computed as they are asked for.
        store: appends to the cache; called at least every `flush_seconds` of computing, and at the end, also when
            `batches` fail midway: what was computed is never lost.
        dimension: length of a vector.
        flush_seconds: longest time that a computed vector stays in memory only.

    Raises:
        ValueError: if a batch has vectors of another length or number.
    """
    vectors: dict[str, Vectors] = {}
    pending: list[Batch] = []
    flushed = time.monotonic()

    def flush() -> None:
        if pending:
            keys = [key for batch_keys, _ in pending for key in batch_keys]
            store(keys, np.concatenate([matrix for _, matrix in pending]))
            pending.clear()

    try:
        for keys, matrix in batches:
            if matrix.shape != (len(keys), dimension):
                raise ValueError(f"vectors of shape {matrix.shape} for {len(keys)} items of {dimension}.")
            vectors.update(zip(keys, matrix, strict=True))
            pending.append((keys, matrix))
            if time.monotonic() - flushed >= flush_seconds:
                flush()
                flushed = time.monotonic()
    finally:
        flush()
    return vectors
