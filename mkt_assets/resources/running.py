"""Who is at work in a home: runs share a lock file, and what must be alone there (forgetting) takes it for itself.

The kernel frees the lock of a process that ends, however it ends.

Not here: the lock of a database file (resources/database).
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from mkt_assets.resources.database import DatabaseBusyError
from mkt_assets.resources.locks import lock_holders

LOCK_NAME = "running.lock"
PROCESS_TAG = "mkt/process"
_UNDER_WAY = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


class RunUnderWayError(DatabaseBusyError):
    """Something that must be alone in the home waited too long for the runs in it. Trying again later helps."""


@contextmanager
def running(home: Path) -> Generator[None]:
    """Hold the home as one of any number of runs; waits while something alone is at work there."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_NAME).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(home: Path, *, timeout_seconds: float) -> Generator[None]:
    """Hold the home when no run is under way, and keep runs from beginning.

    Raises:
        RunUnderWayError: naming the processes, after `timeout_seconds`.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / LOCK_NAME
    deadline = time.monotonic() + timeout_seconds
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    who = ", ".join(str(pid) for pid in lock_holders(path)) or "unknown"
                    raise RunUnderWayError(
                        f"a run is under way in {home} (process {who}): wait for it, or cancel it, and try again."
                    ) from None
                time.sleep(0.1)
        yield


def is_alone(home: Path) -> bool:
    """Whether something alone (a forgetting) is at work in the home now."""
    try:
        with (home / LOCK_NAME).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def sign_run(instance: dg.DagsterInstance | None, run_id: str | None) -> None:
    """Note in the run's tags which process it is in, so that it can be told when that process is no more."""
    if instance is not None and run_id is not None and instance.has_run(run_id):
        instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id} {_signature(os.getpid())}"})


def dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs that Dagster believes to be under way, and whose process on this machine was killed or cut off.

    Left alone they would hold a place in the queue for ever.
    """
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=_UNDER_WAY))
    return [run for run in runs if _is_dead(run)]


def fail_dead_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Report them as failed, and say which."""
    dead = dead_runs(instance)
    for run in dead:
        instance.report_run_failed(
            run, "The run's process is no more: it was killed, or the machine stopped."
        )
    return dead


def _is_dead(run: dg.DagsterRun) -> bool:
    signer, _, signature = run.tags.get(PROCESS_TAG, "").partition(" ")
    if signer != run.run_id:
        return False  # a re-execution that has not signed yet: it begins with the tags of the run before
    host, _, rest = signature.partition(" ")
    pid = rest.partition(" ")[0]
    return host == socket.gethostname() and pid.isdigit() and _signature(int(pid)) != signature


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
