"""Work done on this machine, the default: the model in the caller's thread, what comes before and after in others.

Long work of Python alone goes to processes, see processes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from mkt_assets.compute.engine import About, Item, Job, Kept, Lost, Result, Source, Task, Work
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.compute.processes import map_apart


@dataclass(frozen=True)
class _Step:
    """A task on its way: what is known of it after a step, if there is something to compute."""

    about: Any
    is_known: bool
    value: Any = None


class ThreadEngine:
    """Reads and prepares ahead in threads, computes here, finishes and keeps in threads.

    What is long (`Job.is_long`) is prepared, computed and finished in `n_processes` processes, if there is much of it.
    """

    def __init__(self, *, n_processes: int = 1) -> None:
        self._n_processes = n_processes

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
        """See `Engine.map`; no result is `Lost` here: what ends a process is computed in this one, and may end it."""
        if job.is_long:
            with (
                closing(map_ahead(tasks, sources, n_threads=n_threads, n_ahead=n_ahead)) as read,
                closing(self._done_apart(job, chain.from_iterable(read))) as done,
            ):
                for about, result in done:
                    yield keep(about, result)
            return
        work = job.build()

        def prepared(source: Source) -> list[_Step]:
            return [_prepared(work, task) for task in tasks(source)]

        def kept(step: _Step) -> Kept:
            return keep(step.about, None if step.is_known else work.finish(step.value))

        ready = map_ahead(prepared, sources, n_threads=n_threads, n_ahead=n_ahead)
        computed = _computed(work, (step for steps in ready for step in steps), job.batch)
        yield from mapped(kept, computed, n_threads=n_threads, n_ahead=n_kept_ahead)

    def _done_apart(
        self, job: Job[Any, Any], tasks: Iterable[Task[Any, Any]]
    ) -> Generator[tuple[Any, Any], None, None]:
        """Each task's `about`, which stays here, and its result, in order."""
        abouts: deque[Any] = deque()

        def items() -> Iterator[Any]:
            for task in tasks:
                abouts.append(task.about)
                yield task.item

        with closing(map_apart(partial(_done, job.build), items(), n_processes=self._n_processes)) as results:
            for result in results:
                yield abouts.popleft(), result


def _done(build: Callable[[], Work], item: Any) -> Any:
    """The result of an item, all three steps in one; None of None."""
    if item is None:
        return None
    work = build()
    [computed] = work.compute([work.prepare(item)])
    return work.finish(computed)


def mapped(
    keep: Callable[[Any], Kept], steps: Iterable[Any], *, n_threads: int, n_ahead: int
) -> Iterator[Kept]:
    """`keep` of each step, in order: in threads if some may be done ahead, else here."""
    if n_ahead == 0:
        return map(keep, steps)
    return map_ahead(keep, steps, n_threads=n_threads, n_ahead=n_ahead)


def _prepared(work: Work, task: Task[Any, Any]) -> _Step:
    if task.item is None:
        return _Step(task.about, is_known=True)
    return _Step(task.about, is_known=False, value=work.prepare(task.item))


def _computed(work: Work, steps: Iterable[_Step], batch: int) -> Iterator[_Step]:
    """Steps in order, those that are not known computed by the batch; what is known waits for nobody after it."""
    waiting: list[_Step] = []
    n_unknown = 0
    for step in steps:
        waiting.append(step)
        n_unknown += not step.is_known
        if n_unknown in (0, batch):
            yield from _batch_computed(work, waiting)
            waiting, n_unknown = [], 0
    yield from _batch_computed(work, waiting)


def _batch_computed(work: Work, steps: Sequence[_Step]) -> Iterator[_Step]:
    unknown = [step.value for step in steps if not step.is_known]
    values = iter(work.compute(unknown) if unknown else ())
    made = partial(next, values)
    return (step if step.is_known else _Step(step.about, is_known=False, value=made()) for step in steps)
