"""Work for the tests of engines, importable where workers run: some of it is dangerous."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from mkt_assets.compute.engine import Job, Lost
from mkt_assets.compute.threads import ThreadEngine

DEADLY = 13

Squared = tuple[int, int]


@dataclass(frozen=True)
class Squaring:
    """(square, size of the batch) of numbers, each noted in a folder; 13 kills its process, negative ones raise.

    Where `gates` is a folder, a worker waits before it computes a number until the file of that name is there.
    """

    notes: Path
    gates: Path | None = None
    identity: str = "squaring 1"

    def prepare(self, item: int) -> int:
        return item

    def compute(self, batch: Sequence[int]) -> list[Squared]:
        return [(self._square(number), len(batch)) for number in batch]

    def finish(self, computed: Squared) -> Squared:
        return computed

    def _square(self, number: int) -> int:
        note(self.notes, number)
        while self.gates is not None and not (self.gates / str(number)).exists():
            time.sleep(0.01)
        if number == DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        if number < 0:
            raise ValueError(f"{number} is negative")
        return number * number


@dataclass(frozen=True)
class Build:
    """Makes the work, in whatever process."""

    notes: Path
    gates: Path | None = None

    def __call__(self) -> Squaring:
        return Squaring(self.notes, self.gates)


class BuildsNothing:
    """A job that cannot be set up."""

    def __call__(self) -> Squaring:
        raise FileNotFoundError("there are no weights")


class Losing(ThreadEngine):
    """Gives up the second thing that is computed, as Ray's workers would if they died of it."""

    def map(self, job: Any, sources: Any, *, keep: Any, **how: Any) -> Any:
        numbers = count()

        def kept(about: Any, result: Any) -> Any:
            is_deadly = result is not None and next(numbers) == 1
            return keep(about, Lost("it is deadly") if is_deadly else result)

        return super().map(job, sources, keep=kept, **how)


def squaring(notes: Path, gates: Path | None = None, *, batch: int = 1) -> Job[int, Squared]:
    return Job(Build(notes, gates), "squaring 1", batch)


def note(notes: Path, number: int) -> None:
    """A file for each time that a number was computed, with the process in its name."""
    (notes / f"{number}.{os.getpid()}.{time.monotonic_ns()}").touch()


def computed(notes: Path) -> list[tuple[int, int]]:
    """(number, process) of each time."""
    found = [path.name.split(".") for path in notes.iterdir()]
    return sorted((int(number), int(process)) for number, process, _ in found)
