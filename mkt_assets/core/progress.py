"""Progress of long work: counting, rate and time left, given out every few seconds.

Not here: where it goes: log (assets/step), bars on a terminal (commands/run).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class ProgressListener(Protocol):
    """Hears how far a piece of work is."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` items of `what` are done."""
        ...


@dataclass
class Progress:
    """Counts items and tells `listener` of every step; `say` gets a sentence every `every_seconds`."""

    what: str
    total: int
    say: Callable[[str], None]
    listener: ProgressListener | None = None
    every_seconds: float = 10.0
    done: int = 0
    _started: float = field(default_factory=time.monotonic)
    _reported: float = field(default_factory=time.monotonic)

    def finish(self) -> None:
        """Everything is done, if it was fewer items than expected, too."""
        self.total = self.done
        if self.listener is not None:
            self.listener(self.what, self.done, self.total)

    def advance(self, n: int = 1) -> None:
        """`n` more items are done."""
        self.done += n
        if self.listener is not None:
            self.listener(self.what, self.done, self.total)
        now = time.monotonic()
        if now - self._reported >= self.every_seconds:
            self._reported = now
            rate = self.done / max(now - self._started, 1e-9)
            left = (self.total - self.done) / rate
            self.say(f"{self.what}: {self.done:,} of {self.total:,}, {rate:.1f} a second, {left:.0f} s left")
