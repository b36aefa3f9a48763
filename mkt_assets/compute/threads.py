"""Work done in this process, the default: the model in the caller's thread, what comes before and after in others."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mkt_assets.compute.engine import About, Item, Job, Kept, Lost, Result, Source, Task, Work
from mkt_assets.compute.prefetch import map_ahead


@dataclass(frozen=True)
class _Step:
    """A task on its way: what is known of it after a step, if there is something to compute."""

    about: Any
    is_known: bool
    value: Any = None


class ThreadEngine:
    """Reads and prepares ahead in threads, computes here, finishes and keeps in threads."""

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
        """See `Engine.map`; no result is `Lost` here: what ends a worker ends the process."""
        work = job.build()

        def prepared(source: Source) -> list[_Step]:
            return [_prepared(work, task) for task in tasks(source)]

        def kept(step: _Step) -> Kept:
            return keep(step.about, None if step.is_known else work.finish(step.value))

        ready = map_ahead(prepared, sources, n_threads=n_threads, n_ahead=n_ahead)
        computed = _computed(work, (step for steps in ready for step in steps), job.batch)
        yield from mapped(kept, computed, n_threads=n_threads, n_ahead=n_kept_ahead)


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
