"""Computing vectors that a cache does not know yet, and handing them over often enough that a kill costs little."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Batch = tuple[Sequence[str], NDArray[np.float32]]


@dataclass(frozen=True)
class Embedded:
    """Vectors of all keys, in their order, and how many of the distinct ones were computed now."""

    matrix: NDArray[np.float32]
    n_computed: int
    n_from_cache: int


def embed_missing(
    keys: Sequence[str],
    known: Mapping[str, NDArray[np.float32]],
    *,
    compute: Callable[[Sequence[str]], Iterable[Batch]],
    store: Callable[[Sequence[str], NDArray[np.float32]], None],
    dimension: int,
    flush_seconds: float = 30.0,
) -> Embedded:
    """The (n, dimension) float32 matrix of `keys`, computing each unknown distinct key once.

    Args:
        keys: content keys, one an item; equal content has equal keys.
        known: vectors by key, from the cache.
        compute: gives batches (keys, vectors) for the keys that are not known, in any order.
        store: appends to the cache; called at least every `flush_seconds` of computing, and at the end,
            also when `compute` fails midway: what was computed is never lost.
        dimension: length of a vector.
        flush_seconds: longest time that a computed vector stays in memory only.

    Raises:
        ValueError: if `compute` leaves out a key or gives a vector of another length.
    """
    vectors = dict(known)
    missing = list(dict.fromkeys(key for key in keys if key not in vectors))
    pending: list[Batch] = []
    flushed = time.monotonic()

    def flush() -> None:
        if pending:
            store(
                [key for batch_keys, _ in pending for key in batch_keys],
                np.concatenate([m for _, m in pending]),
            )
            pending.clear()

    try:
        for batch_keys, matrix in compute(missing) if missing else ():
            if matrix.shape != (len(batch_keys), dimension):
                raise ValueError(
                    f"vectors of shape {matrix.shape} for {len(batch_keys)} items of {dimension}."
                )
            vectors.update(zip(batch_keys, matrix, strict=True))
            pending.append((batch_keys, matrix))
            if time.monotonic() - flushed >= flush_seconds:
                flush()
                flushed = time.monotonic()
    finally:
        flush()
    if left_out := [key for key in missing if key not in vectors]:
        raise ValueError(f"{len(left_out)} of {len(missing)} items were not embedded.")
    matrix = np.stack([vectors[key] for key in keys]) if keys else np.zeros((0, dimension), dtype=np.float32)
    return Embedded(matrix, n_computed=len(missing), n_from_cache=len(set(keys)) - len(missing))
