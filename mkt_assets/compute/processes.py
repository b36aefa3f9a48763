"""Long work of Python alone, in processes of this machine: here, one of its cores would do it and the others wait.

They are begun when there has been work for a while, are kept for the next, and end after a minute without any, or with
this process, however it ends.
Not here: workers of a cluster (ray_engine), and which work there is (drawing, trying).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from itertools import chain
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

BEGUN_AFTER_S = 2.0
"""Seconds of work here before processes are begun, which takes as long."""
_AHEAD = 2  # items at each process, so that none waits for this one
_IMPORTED = (
    "mkt_assets.compute.drawing",
    "mkt_assets.compute.trying",
    "matplotlib.backends.backend_agg",
    "pandas",
)
_ENDED_AFTER_S = 60  # without work
# one thread of NumPy's libraries each: there is a process for every core
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

_lock = threading.Lock()
_beginning: threading.Thread | None = None
_pool: Executor | None = None


def map_apart(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_processes: int,
    patience: float = BEGUN_AFTER_S,
) -> Generator[Result, None, None]:
    """Results of `function` for each item, in order: of the first ones made here, of the others in processes.

    Here until there are processes; where none can be begun, or one is killed, what is left, too.

    Args:
        function: can be pickled, as items and results can.
        items: a few are taken ahead of what is handed out.
        n_processes: at most; with one, all is done here. What is there from an earlier call is used as it is.
        patience: seconds; none where there are processes of an earlier call.

    Raises:
        Exception: of `function`, where its result would have come.
    """
    remaining = iter(items)
    # Python lets no daemon of multiprocessing have processes of its own
    may_begin = n_processes > 1 and not multiprocessing.current_process().daemon
    begun = time.monotonic()
    for item in remaining:
        if may_begin and (pool := _pool) is not None:
            yield from _mapped(function, chain([item], remaining), pool, _AHEAD * n_processes)
            return
        if may_begin and time.monotonic() - begun >= patience:
            begin_processes(n_processes)
        yield function(item)


def begin_processes(n_processes: int) -> threading.Thread:
    """Begin processes in a thread, unless that was done; the thread, for who wants to wait for them."""
    global _beginning
    with _lock:
        if _beginning is None:
            _beginning = threading.Thread(target=_fill_pool, args=[n_processes], daemon=True)
            _beginning.start()
        return _beginning


def end_processes() -> None:
    """End the processes that were kept; what they are at is waited for."""
    global _beginning, _pool
    with _lock:
        ending, _pool, _beginning = _pool, None, None
    if ending is not None:
        ending.shutdown()


def _mapped(
    function: Callable[[Item], Result], items: Iterator[Item], pool: Executor, n_ahead: int
) -> Iterator[Result]:
    taken: deque[Item] = deque()
    futures: deque[Future[Result]] = deque()
    try:
        for item in items:
            taken.append(item)
            futures.append(pool.submit(function, item))
            if len(futures) > n_ahead:
                yield futures[0].result()
                _ = taken.popleft(), futures.popleft()
        while futures:
            yield futures[0].result()
            _ = taken.popleft(), futures.popleft()
    except BrokenProcessPool:
        end_processes()
    finally:
        for future in futures:
            future.cancel()
    # of processes of which one was killed
    yield from map(function, chain(taken, items))


def _fill_pool(n_processes: int) -> None:
    global _pool
    # neither forked from this process, whose other threads may hold locks that nobody would open there, nor beginning
    # with its main module, which may be a script that would run once more
    loky: Any = import_module("loky")
    try:
        pool: Executor = loky.ProcessPoolExecutor(
            n_processes, timeout=_ENDED_AFTER_S, initializer=_begin, initargs=[os.getpid()], env=_ENVIRONMENT
        )
        for ready in [pool.submit(_import, _IMPORTED) for _ in range(n_processes)]:
            ready.result()
    except (OSError, RuntimeError):
        return  # the system gives none, or this process is at its end
    _pool = pool


def _import(names: Iterable[str]) -> None:
    """What is long to import of the two kinds of work, while nobody waits for it."""
    for name in names:
        import_module(name)


def _begin(parent: int) -> None:
    """In a process: leave Ctrl-C to who began it, and end when that has ended, also where it was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_after, args=[parent], daemon=True).start()


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
