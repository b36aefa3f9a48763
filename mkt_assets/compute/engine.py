"""The seam between what is computed and where: pictures and texts go in, results come out in order.

Not here: threads of this process (threads), workers of Ray (ray_engine), which of them the settings ask for (engines).
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

Source = TypeVar("Source")
About = TypeVar("About")
Item = TypeVar("Item")
Result = TypeVar("Result")
Kept = TypeVar("Kept")


class EngineError(RuntimeError):
    """What should compute cannot be had, or gave something up; the message is a sentence for people."""


@dataclass(frozen=True)
class Task(Generic[About, Item]):
    """Something to be computed, or (`item` is None) something known that keeps its place among them.

    Attributes:
        about: whose it is; stays in this process.
        item: what a worker is given: bytes, pictures, texts.
        n_bytes: of the item, where that matters: few large ones are sent at once.
    """

    about: About
    item: Item | None
    n_bytes: int = 0


@dataclass(frozen=True)
class Lost:
    """In place of the result of an item that no worker survived; the reason is for people."""

    reason: str


class Work(Protocol):
    """What a worker does, in three steps; writes nothing, and of a picture or a text knows no post and no account."""

    @property
    def identity(self) -> str:
        """Model and versions, as its results are kept under."""
        ...

    def prepare(self, item: Any) -> Any:
        """What the model takes, of an item; thread-safe."""
        ...

    def compute(self, batch: Sequence[Any]) -> Iterable[Any]:
        """What the model makes of each of some prepared items."""
        ...

    def finish(self, computed: Any) -> Any:
        """The result, of what was computed; thread-safe."""
        ...


@dataclass(frozen=True)
class Job(Generic[Item, Result]):
    """Work that any process can set up.

    Attributes:
        build: makes the `Work`; for workers elsewhere it is pickled, so it holds ids and options and no model.
        identity: what the work must say of itself, wherever it was built.
        batch: items that are computed at once. Batches are the same in every engine, as vectors of some models
            depend in their last digits on the size of a batch.
        on_gpu: whether a GPU is of use.
        is_long: whether an item takes long, seconds say, in Python and without a model: then none waits at a worker
            while another worker has nothing, and the work may be set up for each item.
    """

    build: Callable[[], Work]
    identity: str
    batch: int = 1
    on_gpu: bool = False
    is_long: bool = False


class Engine(Protocol):
    """Where work is done."""

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
        """What `keep` makes of each task's result, in the order of sources and tasks.

        Memory is bounded however many sources there are. An exception of any step is raised where its result would
        have come. Closing the iterator early cancels what has not begun.

        Args:
            job: what is to be done.
            sources: of tasks.
            tasks: of a source; reads what is sent. Called in threads of this process.
            keep: is given each task's `about` with its result, None for a task without an item; writes what is to be
                written. Called in threads of this process, or without any if `n_kept_ahead` is 0.
            n_threads: of this process, for each of the two.
            n_ahead: sources that are read and not computed yet, at most.
            n_kept_ahead: results that are computed and not handed out yet, at most.
        """
        ...
