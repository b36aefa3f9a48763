"""Work on chunks of items in threads, in a way that gives the same sums whatever their number."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")
CHUNK_ITEMS = 2048


class Runner(Protocol):
    """Calls a function on consecutive slices of n items, in threads, and gives the results in order."""

    def __call__(self, call: Callable[[slice], Result], n: int, /) -> list[Result]:
        """The result of each slice."""
        ...


@contextmanager
def one_thread_each(n_jobs: int | None) -> Generator[Runner]:
    """A function that calls another on chunks of items, in threads, and gives the results in order.

    Each thread's BLAS has one thread itself: sums over threads depend on their number, and then so do labels.

    Args:
        n_jobs: Threads; None: one a core.

    Examples:
        >>> from mkt_assets.core.clustering.threads import one_thread_each
        >>> with one_thread_each(2) as run:
        ...     run(lambda rows: rows.stop - rows.start, 5_000)
        [2048, 2048, 904]
    """
    n_threads = n_jobs or os.cpu_count() or 1
    with one_blas_thread(), ThreadPoolExecutor(n_threads) as pool:

        def run(call: Callable[[slice], Result], n: int) -> list[Result]:
            chunks = [slice(a, min(a + CHUNK_ITEMS, n)) for a in range(0, n, CHUNK_ITEMS)]
            return list(pool.map(call, chunks) if len(chunks) > 1 else map(call, chunks))

        yield run


def one_blas_thread() -> AbstractContextManager[object]:
    """NumPy's BLAS with one thread in each thread, for a block: sums over threads depend on their number.

    Of libraries that are loaded after its first use, as scikit-learn's, it knows nothing: see threadpoolctl for these.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.threads import one_blas_thread
        >>> with one_blas_thread():
        ...     float(np.ones(3) @ np.ones(3))
        3.0
    """
    return _blas().limit(limits=1)


@cache
def _blas() -> ThreadpoolController:
    # kept: it looks through all libraries of the process, which takes longer than a fit of few items
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
