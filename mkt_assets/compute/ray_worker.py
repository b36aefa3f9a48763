"""What runs in a worker of Ray: a model, built once, and what it makes of what is sent.

Not here: who sends what to which worker, and what becomes of one that dies (ray_crew).
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

from mkt_assets.compute.engine import Job, Work

Answer = tuple[list[Any], Exception | None]
"""Results of the first items, and the exception of the next one, if there was one."""


class Worker:
    """An actor. It has no files, no cache and no warehouse."""

    def __init__(self) -> None:
        self._work: Work | None = None
        self._batch = 1

    def start(self, job: Job[Any, Any]) -> str:
        """Build the work; what it says of itself.

        Raises:
            Exception: whatever the building raises.
        """
        self._work, self._batch = job.build(), job.batch
        return self._work.identity

    def run(self, items: Sequence[Any]) -> Answer:
        """Results of the items in order, computed by the batch."""
        assert self._work is not None
        results: list[Any] = []
        for start in range(0, len(items), self._batch):
            try:
                ready = [self._work.prepare(item) for item in items[start : start + self._batch]]
                results += [self._work.finish(one) for one in self._work.compute(ready)]
            except Exception as error:  # raised in the caller's process, where its result would have come
                return results, _portable(error)
        return results, None


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, of a moment ago
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
