"""Who is at work: runs side by side, what must be alone (forgetting), and which runs' processes are no more.

In a home runs share a lock file, and what is alone takes it for itself; the kernel frees the lock of a process that
ends, however it ends.

Not here: homes that share a state (resources/state_presence), the lock of a database file (resources/database).
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Callable, Collection, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import dagster as dg

from mkt_assets.resources.database import DatabaseBusyError
from mkt_assets.resources.locks import lock_holders, process_named

LOCK_NAME = "running.lock"
PROCESS_TAG = "mkt/process"
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


Check = Callable[[], None]
"""Asked before something is stored.

Raises:
    OvertakenError: if what was held is not held any more, and was somebody else's meanwhile.
    DatabaseBusyError: if that cannot be told now.
"""


class RunUnderWayError(DatabaseBusyError):
    """Something that must be alone waited too long for the runs that are under way. Trying again later helps."""


class OvertakenError(RuntimeError):
    """A run was cut off from where locks are kept, and another took its place: nothing more of it may be stored."""


class Presence(Protocol):
    """Runs side by side, and what is alone, in a home or in all that share a state."""

    def running(
        self, run_id: str | None = None, partition: str | None = None, sign: Callable[[], None] = lambda: None
    ) -> AbstractContextManager[Check]:
        """Be one of any number of runs; waits while something alone is at work.

        Args:
            run_id: by which others ask whether it is gone.
            partition: that it works for, if only one run of it may be at work at a time.
            sign: called once others can ask for it, before anything is waited for.
        """
        ...

    def alone(self, *, timeout_seconds: float) -> AbstractContextManager[Check]:
        """Be alone when no run is under way, and keep runs from beginning.

        Raises:
            RunUnderWayError: naming who is at work, after `timeout_seconds`.
        """
        ...

    def is_alone(self) -> bool:
        """Whether something alone (a forgetting) is at work now."""
        ...

    def holders(self) -> list[str]:
        """Who is at work, for people."""
        ...

    def gone(self, run_ids: Collection[str]) -> frozenset[str]:
        """Those of which it is certain that nobody is at work on them, of runs on any machine."""
        ...


class HomePresence:
    """A `Presence` of one home, by its lock file. Which runs of one partition take turns, Dagster's queue decides."""

    def __init__(self, home: Path) -> None:
        self.path = home / LOCK_NAME

    @contextmanager
    def running(
        self, run_id: str | None = None, partition: str | None = None, sign: Callable[[], None] = lambda: None
    ) -> Generator[Check]:
        """See `Presence`."""
        sign()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            yield _nothing

    @contextmanager
    def alone(self, *, timeout_seconds: float) -> Generator[Check]:
        """See `Presence`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + timeout_seconds
        with self.path.open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        who = ", ".join(self.holders()) or "unknown"
                        raise RunUnderWayError(
                            f"a run is under way in {self.path.parent} ({who}): wait for it, or cancel it, and try "
                            "again."
                        ) from None
                    time.sleep(0.1)
            yield _nothing

    def is_alone(self) -> bool:
        """See `Presence`."""
        try:
            with self.path.open() as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def holders(self) -> list[str]:
        """See `Presence`."""
        return [process_named(pid) for pid in lock_holders(self.path)]

    def gone(self, run_ids: Collection[str]) -> frozenset[str]:
        """See `Presence`; a file cannot tell."""
        return frozenset()


def sign_run(instance: dg.DagsterInstance | None, run_id: str | None) -> None:
    """Note in the run's tags which process it is in, so that it can be told when that process is no more."""
    if instance is not None and run_id is not None and instance.has_run(run_id):
        instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id} {_signature(os.getpid())}"})


def dead_runs(instance: dg.DagsterInstance, presence: Presence) -> list[dg.DagsterRun]:
    """Runs that Dagster believes to be under way, and whose process was killed or cut off.

    Left alone they would hold a place in the queue for ever.
    """
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY))
    # one that was not signed: a re-execution begins with the tags of the run before
    signed = [run for run in runs if run.tags.get(PROCESS_TAG, "").startswith(f"{run.run_id} ")]
    here = [run for run in signed if _host(run) == socket.gethostname()]
    gone = presence.gone([run.run_id for run in signed if run not in here])
    return [run for run in signed if run.run_id in gone or (run in here and _has_ended(run))]


def fail_dead_runs(instance: dg.DagsterInstance, presence: Presence) -> list[dg.DagsterRun]:
    """Report them as failed, and say which."""
    dead = dead_runs(instance, presence)
    for run in dead:
        instance.report_run_failed(
            run, "The run's process is no more: it was killed, or the machine stopped."
        )
    return dead


def _host(run: dg.DagsterRun) -> str:
    return run.tags[PROCESS_TAG].split(" ")[1]


def _has_ended(run: dg.DagsterRun) -> bool:
    """Whether the process on this machine that signed it is no more."""
    _, _, signature = run.tags[PROCESS_TAG].partition(" ")
    pid = signature.split(" ")[1]
    return pid.isdigit() and _signature(int(pid)) != signature


def _nothing() -> None:
    pass


def _signature(pid: int) -> str:
    """Host, process, and since when: process numbers are used again.

    Not the boot's id: in a container it is another one for a service that systemd sandboxes than for a shell.
    """
    try:
        # the name, in parentheses, may have blanks in it; the 22nd field is the start in ticks since boot
        since = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    except OSError:
        since = "-"
    return f"{socket.gethostname()} {pid} {since}"
