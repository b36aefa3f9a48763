"""What steps send to workers, for the tests of engines: drawings and trials that end the first process that has them.

Not here: plain numbers (deadly_work), which need far less to be imported.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mkt_assets.charts.base import Picture
from mkt_assets.core.experiments.variants import Attempt, Tried
from mkt_assets_tests.compute.deadly_work import DEADLY, note


@dataclass(frozen=True)
class DrawnAtTheSecondTime:
    """Draws, but for the process that is the first to be asked, which it kills."""

    notes: Path
    draw: Callable[[], Picture]

    def __call__(self) -> Picture:
        die_once(self.notes)
        return self.draw()


@dataclass(frozen=True)
class TriedAtTheSecondTime(Attempt):
    """An attempt that kills the process that is the first to be asked."""

    notes: Path | None = None

    def tried(self) -> Tried:
        assert self.notes is not None
        die_once(self.notes)
        return super().tried()


def die_once(notes: Path) -> None:
    """Note that this process was here, and if it is the first one, end it."""
    is_first = not any(notes.iterdir())
    note(notes, DEADLY)
    if is_first:
        os.kill(os.getpid(), signal.SIGKILL)
