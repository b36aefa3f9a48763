"""Work done by workers of Ray: sent in small batches, kept here, in order, a bounded number on their way.

Only this process writes. Not here: workers and what becomes of dead ones (ray_crew), the connection (ray_cluster).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from mkt_assets.compute.engine import About, Item, Job, Kept, Lost, Result, Source, Task
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.compute.ray_cluster import connect
from mkt_assets.compute.ray_crew import Batch, Crew, Raised
from mkt_assets.compute.threads import mapped

_ITEMS_A_BATCH = 4
_BYTES_A_BATCH = 8 << 20
# of tasks behind an item that waits for others to be sent with
_PATIENCE = 32


class RayEngine:
    """Workers of the cluster at `address`, or else `n_cpus` of this machine; none before there is work for one."""

    def __init__(self, address: str | None, *, n_cpus: int) -> None:
        self._address = address
        self._n_cpus = n_cpus

    def map(
        self,
        job: Job[Item, Result],
        sources: Iterable[Source],
        *,
        tasks: Callable[[Source], Sequence[Task[About, Item]]],
        keep: Callable[[About, Result | Lost | None], Kept],
        n_threads: int,
        n_ahead: int,
        n_kept_ahead: int = 0,
    ) -> Generator[Kept, None, None]:
        """See `Engine.map`; results of models whose digits depend on the batch may differ by 1e-6 after a death.

        Raises:
            WorkerStartError: no worker can be had that does what this process would do.
        """

        def kept(done: tuple[About, Any]) -> Kept:
            return keep(*done)

        with closing(map_ahead(tasks, sources, n_threads=n_threads, n_ahead=n_ahead)) as read:
            done = self._done(job, (task for some in read for task in some))
            with closing(done):
                yield from mapped(kept, done, n_threads=n_threads, n_ahead=n_kept_ahead)

    def _done(
        self, job: Job[Any, Any], tasks: Iterator[Task[Any, Any]]
    ) -> Generator[tuple[Any, Any], None, None]:
        """Each task's `about` and result, in order. Nothing is started if all is known."""
        for task in tasks:
            if task.item is not None:
                with Crew(connect(self._address, n_cpus=self._n_cpus), job) as crew:
                    yield from _Line(job, crew).through([task], tasks)
                return
            yield task.about, None


class _Line:
    """Tasks in their order, from when they are read until they are handed on."""

    def __init__(self, job: Job[Any, Any], crew: Crew) -> None:
        self._crew = crew
        # where vectors depend on the batch, batches are as in any other engine
        self._is_fixed = job.batch > 1
        self._n_items = job.batch if self._is_fixed or job.is_long else _ITEMS_A_BATCH
        self._tasks: deque[tuple[Any, Batch | None, int]] = deque()
        self._filling: list[Task[Any, Any]] = []
        self._given: deque[Batch] = deque()

    def through(self, *tasks: Iterable[Task[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        for some in tasks:
            for task in some:
                self._join(task)
                yield from self._handed_on(most=self._crew.most_batches)
        self._send()
        yield from self._handed_on(most=0)

    def _join(self, task: Task[Any, Any]) -> None:
        self._filling.append(task)
        items = [one for one in self._filling if one.item is not None]
        is_large = sum(one.n_bytes for one in items) >= _BYTES_A_BATCH
        is_late = len(self._filling) - len(items) >= _PATIENCE
        if not items or len(items) >= self._n_items or (not self._is_fixed and (is_large or is_late)):
            self._send()

    def _send(self) -> None:
        batch = Batch([task.item for task in self._filling if task.item is not None])
        number = 0
        for task in self._filling:
            if task.item is None:
                self._tasks.append((task.about, None, 0))
            else:
                self._tasks.append((task.about, batch, number))
                number += 1
        self._filling = []
        if batch.items:
            self._given.append(batch)
            self._crew.give(batch)

    def _handed_on(self, most: int) -> Iterator[tuple[Any, Any]]:
        """What is done at the head of the line; waits while there are more than `most` batches in it."""
        while self._tasks:
            about, batch, number = self._tasks[0]
            if batch is not None and batch.outcomes[number] is None:
                if len(self._given) <= most:
                    return
                self._crew.wait()
                continue
            self._tasks.popleft()
            outcome = None if batch is None else batch.outcomes[number]
            if isinstance(outcome, Raised):
                raise outcome.error
            if batch is not None and number == len(batch.items) - 1:
                self._given.popleft()
            yield about, outcome
