"""Trying a variant of an experiment as a worker does it: from a sample to its clusters, and what they are worth.

Not here: what is tried and measured (core/experiments), which samples (experiments).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version

from mkt_assets.compute.engine import Engine, Job, Lost, Task
from mkt_assets.core.experiments.variants import Attempt, Tried


class Trying:
    """The `Work` of fitting, refitting and measuring; no model, and one after the other."""

    @property
    def identity(self) -> str:
        """Of what fits and measures."""
        return " ".join(f"{name} {version(name)}" for name in ("mkt-assets", "scikit-learn", "numpy"))

    def prepare(self, item: Attempt) -> Attempt:
        """An attempt as it is."""
        return item

    def compute(self, batch: Sequence[Attempt]) -> Iterator[Tried]:
        """What becomes of each, as it is asked for."""
        return (attempt.tried() for attempt in batch)

    def finish(self, computed: Tried) -> Tried:
        """A trial as it is."""
        return computed


def try_each(attempts: Sequence[Attempt], *, engine: Engine) -> Iterator[Tried | str]:
    """Each attempt where the engine works, in order: a `TryEach`; why, in place of one that no worker survived."""
    job: Job[Attempt, Tried] = Job(Trying, Trying().identity, is_long=True)
    yield from engine.map(
        job,
        attempts,
        tasks=lambda attempt: [Task(None, attempt)],
        keep=_kept,
        n_threads=1,
        n_ahead=1,
    )


def _kept(_: None, tried: Tried | Lost | None) -> Tried | str:
    # none comes without having been asked for
    assert tried is not None
    return tried.reason if isinstance(tried, Lost) else tried
