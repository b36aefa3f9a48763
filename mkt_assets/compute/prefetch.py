"""Work done in threads ahead of its consumer, in order, in bounded memory. What the work is is not here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    n_threads: int = 2,
    n_ahead: int = 8,
) -> Generator[Result, None, None]:
    """Results of `function` for each item, in order, computed in threads ahead of the consumer.

    At most `n_ahead` items are taken from `items` and not yet handed out, so memory is bounded however slow
    the consumer is. An exception of `function` is raised where its result would have come; one of `items`,
    after the results of what came before it. Closing the iterator early cancels what has not begun and waits
    for what has.

    Raises:
        ValueError: `n_threads` or `n_ahead` is below 1.
    """
    if n_threads < 1 or n_ahead < 1:
        raise ValueError(f"n_threads ({n_threads}) and n_ahead ({n_ahead}) must be at least 1")
    return _map_ahead(function, items, n_threads, n_ahead)


def _map_ahead(
    function: Callable[[Item], Result], items: Iterable[Item], n_threads: int, n_ahead: int
) -> Generator[Result, None, None]:
    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="prefetch")
    pending: deque[Future[Result]] = deque()
    try:
        for future in _submitted(pool, function, items):
            pending.append(future)
            if len(pending) >= n_ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _submitted(
    pool: ThreadPoolExecutor, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Future[Result]]:
    """One future an item; if `items` itself fails, a last one that carries its exception."""
    iterator = iter(items)
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except Exception as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            yield failed
            return
        yield pool.submit(function, item)
