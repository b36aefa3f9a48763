"""Workers of Ray, and who of them has what: each has a batch or two, and what a dead one had goes to another.

Who dies of a batch, twice, has it taken apart; an item of which three died, the last one alone with it, is lost.
Not here: the order of results and how many may wait (ray_engine), what a worker does (ray_worker).
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from mkt_assets.compute.engine import EngineError, Job, Lost
from mkt_assets.compute.ray_worker import Answer, Worker

DEATHS_OF_AN_ITEM = 3
# with results in order, one that takes long at the head must not leave the other workers without any
_LONG_FOR_ONE = 8
_FAILED_STARTS = 3
_TELL_AFTER_SECONDS = 60.0
_LOST = Lost(
    f"the process that worked on it died {DEATHS_OF_AN_ITEM} times: it needs more memory than there is, or crashes "
    "what computes it"
)


class WorkerStartError(EngineError):
    """No worker can be had that does what this process would do."""


@dataclass(frozen=True)
class Raised:
    """In place of the result of an item whose work raised an exception."""

    error: Exception


@dataclass
class Batch:
    """Items that are sent together, and what became of each; None: nothing yet."""

    items: list[Any]
    outcomes: list[Any] = field(default_factory=list[Any])

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.items)

    @property
    def is_done(self) -> bool:
        """Whether something became of each."""
        return all(outcome is not None for outcome in self.outcomes)


@dataclass(frozen=True)
class _Piece:
    """What is sent at once: a batch, or an item of one that workers died of."""

    batch: Batch
    numbers: Sequence[int]
    n_deaths: int = 0

    @property
    def items(self) -> list[Any]:
        return [self.batch.items[number] for number in self.numbers]

    def answered(self, answer: Answer) -> None:
        results, error = answer
        for place, number in enumerate(self.numbers):
            made = results[place] if place < len(results) else Raised(error or RuntimeError("no result came"))
            self.batch.outcomes[number] = made
            self.batch.items[number] = None

    def after_a_death(self) -> list[_Piece]:
        """What is to be tried now."""
        n_deaths = self.n_deaths + 1
        if n_deaths >= DEATHS_OF_AN_ITEM:
            for number in self.numbers:
                self.batch.outcomes[number] = _LOST
                self.batch.items[number] = None
            return []
        if n_deaths < DEATHS_OF_AN_ITEM - 1:
            return [_Piece(self.batch, self.numbers, n_deaths)]
        return [_Piece(self.batch, [number], n_deaths) for number in self.numbers]


@dataclass
class _Hand:
    """A worker: the actor, its start until that is over, and what it has, oldest first."""

    actor: Any
    start: Any
    has: deque[tuple[Any, _Piece]] = field(default_factory=deque[tuple[Any, _Piece]])

    def can_take(self, piece: _Piece, most: int) -> bool:
        if self.start is not None:
            return False
        # what somebody died of is alone with its worker: so it is known who dies of what
        if piece.n_deaths or any(had.n_deaths for _, had in self.has):
            return not self.has
        return len(self.has) < most


class Crew:
    """Up to so many workers of a job, started as there is work for them; a context manager, which ends them."""

    def __init__(self, ray: Any, job: Job[Any, Any]) -> None:
        self._ray = ray
        self._job = ray.put(job)
        self._identity = job.identity
        self._at_a_worker, self._given_for_one = (1, _LONG_FOR_ONE) if job.is_long else (2, 2)
        resources = ray.cluster_resources()
        n_gpus = int(resources.get("GPU", 0)) if job.on_gpu else 0
        self.size = max(1, n_gpus or int(resources.get("CPU", 1)))
        self._actor = ray.remote(Worker).options(num_cpus=1, num_gpus=1 if n_gpus else 0, max_restarts=0)
        self._hands: list[_Hand] = []
        self._queue: deque[_Piece] = deque()
        self._n_failed_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands:
            self._ray.kill(hand.actor, no_restart=True)
        self._hands.clear()

    @property
    def most_batches(self) -> int:
        """Batches that keep all workers busy: so many should be given at once, at most."""
        return self._given_for_one * self.size

    def give(self, batch: Batch) -> None:
        """Have a batch computed, some time."""
        self._queue.append(_Piece(batch, range(len(batch.items))))
        self._hand_out()

    def wait(self) -> None:
        """Wait until something becomes of something that was given.

        Raises:
            WorkerStartError: workers die before they can begin, or have another model than this process.
            Exception: whatever the building of the work raises.
        """
        self._hand_out()
        refs = [ref for hand in self._hands for ref in (hand.start, *(ref for ref, _ in hand.has)) if ref]
        done, _ = self._ray.wait(refs, num_returns=1, timeout=_TELL_AFTER_SECONDS)
        if not done and all(hand.start is not None for hand in self._hands):
            logging.getLogger(__name__).warning(
                "Ray has given no worker yet: it is starting one, or all of its CPUs or GPUs are in use."
            )
        for ref in done:
            self._look_at(
                next(hand for hand in self._hands if ref in (hand.start, *(r for r, _ in hand.has)))
            )
        self._hand_out()

    def _hand_out(self) -> None:
        while self._queue:
            able = [hand for hand in self._hands if hand.can_take(self._queue[0], self._at_a_worker)]
            if not able:
                break
            piece, hand = self._queue.popleft(), min(able, key=lambda hand: len(hand.has))
            hand.has.append((hand.actor.run.remote(piece.items), piece))
        n_starting = sum(hand.start is not None for hand in self._hands)
        # to start one takes seconds: not for a batch that another one will take
        n_wanted = -(-len(self._queue) // self._at_a_worker) - n_starting
        for _ in range(min(n_wanted, self.size - len(self._hands))):
            actor = self._actor.remote()
            self._hands.append(_Hand(actor, actor.start.remote(self._job)))

    def _look_at(self, hand: _Hand) -> None:
        """Take what a worker has done; if it died, what it had goes to others."""
        try:
            if hand.start is not None:
                self._check(self._got(hand.start))
                hand.start = None
                self._n_failed_starts = 0
                return
            while hand.has and self._ray.wait([hand.has[0][0]], timeout=0)[0]:
                ref, piece = hand.has[0]
                piece.answered(self._got(ref))
                hand.has.popleft()
        except _deaths(self._ray) as death:
            self._bury(hand, death)

    def _bury(self, hand: _Hand, death: Exception) -> None:
        self._hands.remove(hand)
        self._ray.kill(hand.actor, no_restart=True)
        if hand.start is not None:
            self._n_failed_starts += 1
            if self._n_failed_starts >= _FAILED_STARTS:
                raise WorkerStartError(
                    f"{_FAILED_STARTS} workers of Ray died before they could begin; give them more memory, or set "
                    f"MKT_ENGINE=threads ({' '.join(str(death).split())[:300]})."
                ) from death
            return
        pieces = [piece for _, piece in hand.has]
        # the oldest was being worked on; the others only waited
        self._queue.extendleft(reversed([*pieces[0].after_a_death(), *pieces[1:]] if pieces else []))

    def _check(self, identity: str) -> None:
        if identity != self._identity:
            raise WorkerStartError(
                f"workers of Ray have {identity}, and this process {self._identity}: install the same version of "
                "mkt_assets, and the same models, everywhere, and set MKT_PRECISION."
            )

    def _got(self, ref: Any) -> Any:
        try:
            return self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from error


def _deaths(ray: Any) -> tuple[type[Exception], ...]:
    of = ray.exceptions
    return (of.RayActorError, of.WorkerCrashedError, of.ObjectLostError, of.OutOfMemoryError)
