"""Who is at work in the homes that share a state: advisory locks in Postgres, which frees those of whoever ends.

A run holds its locks on a connection of its own. One that is cut is made anew at once, and the locks taken again; a
run that somebody overtook meanwhile stores nothing more.

Not here: what this promises (resources/running), other locks (resources/postgres).
"""

from __future__ import annotations

import math
import os
import select
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import ExitStack, contextmanager, suppress

import psycopg2
from psycopg2 import extensions

from mkt_assets.resources.database import DatabaseBusyError
from mkt_assets.resources.postgres import (
    DatabaseAwayError,
    connected,
    holders,
    is_alive,
    program,
    take,
    told_when_lost,
)
from mkt_assets.resources.running import Check, OvertakenError, RunUnderWayError
from mkt_assets.resources.state import State
from mkt_assets.resources.state_facts import n_forgettings

_AT_WORK = "at work in the homes of the state"
_DAEMON = "the daemon of the homes of the state"
_kept: list[ExitStack] = []
_LOOK_AGAIN_SECONDS = 3.0  # a run whose connection was cut just now is back by then
_WATCH_SECONDS = 30.0
_GRACE_SECONDS = 2.0  # until Postgres has ended the connection of before
_END_OWN = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s"


class StatePresence:
    """A `Presence` of all homes that share a state: what is alone is so in all of them."""

    def __init__(self, state: State) -> None:
        self.state = state

    @contextmanager
    def running(
        self, run_id: str | None = None, partition: str | None = None, sign: Callable[[], None] = lambda: None
    ) -> Generator[Check]:
        """See `Presence`; of two runs of a partition the later one waits."""
        held = _Held(self.state, run_id, partition)
        try:
            held.begin(sign)
            threading.Thread(target=held.watch, name="mkt: locks", daemon=True).start()
            yield held.check
        finally:
            held.end()

    @contextmanager
    def alone(self, *, timeout_seconds: float) -> Generator[Check]:
        """See `Presence`."""
        self.state.join()
        with connected(self.state.url) as connection:
            if not take(connection, _AT_WORK, timeout_seconds=timeout_seconds):
                who = ", ".join(holders(connection, [_AT_WORK])) or "unknown"
                raise RunUnderWayError(
                    f"a run is under way in a home that shares {self.state.url} ({who}): wait for it, or cancel it, "
                    "and try again."
                )

            def check() -> None:
                if not is_alive(connection):
                    raise DatabaseAwayError(
                        f"the connection to Postgres ({self.state.url}) was lost meanwhile, and runs may have begun: "
                        "try again."
                    )

            yield check

    def is_alone(self) -> bool:
        """See `Presence`."""
        with connected(self.state.url) as connection:
            return not take(connection, _AT_WORK, timeout_seconds=0, shared=True)

    def holders(self) -> list[str]:
        """See `Presence`."""
        with connected(self.state.url) as connection:
            return holders(connection, [_AT_WORK])

    def gone(self, run_ids: Collection[str]) -> frozenset[str]:
        """See `Presence`."""
        gone = self._not_held(run_ids)
        if gone:
            threading.Event().wait(_LOOK_AGAIN_SECONDS)
            gone = self._not_held(gone)
        return gone

    def hold_for_daemon(self) -> None:
        """Be the only one who has a daemon, until this process, and what it becomes by exec, ends.

        Raises:
            DatabaseBusyError: naming who has one.
        """
        self.state.join()
        held = ExitStack()
        connection = held.enter_context(connected(self.state.url))
        if not take(connection, _DAEMON, timeout_seconds=0):
            who = ", ".join(holders(connection, [_DAEMON])) or "unknown"
            held.close()
            raise DatabaseBusyError(
                f"a daemon of the homes that share {self.state.url} is at work already ({who}), and two would each "
                "start what is queued: look at the UI there, or end it, and try again. Here `mkt run` works beside it."
            )
        # never closed: the lock is the connection's, and goes with its file descriptor
        os.set_inheritable(connection.fileno(), True)
        _kept.append(held)

    def _not_held(self, run_ids: Collection[str]) -> frozenset[str]:
        if not run_ids:
            return frozenset()
        with connected(self.state.url) as connection:
            return frozenset(run_id for run_id in run_ids if not holders(connection, [_of_run(run_id)]))


class _Held:
    """The locks of a run: its own, its partition's, and that it is at work."""

    def __init__(self, state: State, run_id: str | None, partition: str | None) -> None:
        self.state = state
        self._alone = [
            *([_of_run(run_id)] if run_id else []),
            *([f"partition {partition}"] if partition else []),
        ]
        self._stack = ExitStack()
        self._connection: extensions.connection | None = None
        self._backend = 0
        self._guard = threading.Lock()
        self._overtaken: str | None = None
        self._n_forgettings = 0
        self._ended = threading.Event()

    def begin(self, sign: Callable[[], None]) -> None:
        """Wait for the locks; `sign` as soon as others can tell that this process lives."""
        self.state.join()

        def once() -> None:
            connection = self._connect()
            with told_when_lost(self.state.url):
                for name in self._alone[:1]:
                    take(connection, name, timeout_seconds=math.inf)
                sign()
                for name in self._alone[1:]:
                    take(connection, name, timeout_seconds=math.inf)
                self._n_forgettings = self._take_at_work(connection)

        self.state.patiently(once)

    def watch(self) -> None:
        """Take the locks again as soon as the connection is cut, until the end."""
        while not self._ended.is_set():
            connection = self._connection
            try:
                if connection is not None and not connection.closed:
                    # readable where the server has closed it
                    select.select([connection.fileno()], [], [], _WATCH_SECONDS)
                if not self._ended.is_set():
                    self.check()
            except OvertakenError:
                return
            except (DatabaseBusyError, OSError, ValueError, psycopg2.Error):
                self._ended.wait(1.0)

    def check(self) -> None:
        """See `Check`."""
        with self._guard:
            is_over = self._overtaken is not None or self._ended.is_set()
            if not is_over and (self._connection is None or not is_alive(self._connection)):
                self._overtaken = self.state.patiently(self._again)
            if self._overtaken is not None:
                raise OvertakenError(self._overtaken)

    def end(self) -> None:
        """Free the locks."""
        self._ended.set()
        with self._guard:
            self._close()

    def _connect(self) -> extensions.connection:
        before = None if self._connection is None else self._backend
        self._close()
        connection = self._stack.enter_context(connected(self.state.url))
        with told_when_lost(self.state.url), connection.cursor() as cursor:
            if before is not None:
                # where only the line was cut, Postgres may take the one before for alive
                cursor.execute(_END_OWN, [before, program()])
        self._connection, self._backend = connection, connection.info.backend_pid
        return connection

    def _close(self) -> None:
        self._connection = None
        with suppress(DatabaseAwayError):
            self._stack.close()

    def _again(self) -> str | None:
        """Take all locks again; why this run may not go on, if so."""
        connection = self._connect()
        with told_when_lost(self.state.url):
            for name in self._alone:
                if not take(connection, name, timeout_seconds=_GRACE_SECONDS):
                    who = ", ".join(holders(connection, [name])) or "another run"
                    return f"the connection to Postgres was lost, and {who} has begun {name} meanwhile: run it again."
            # whoever is alone ends first; what was read before that may not be stored
            if self._take_at_work(connection) != self._n_forgettings:
                return (
                    "the connection to Postgres was lost, and somebody was forgotten meanwhile: run it again."
                )
        return None

    def _take_at_work(self, connection: extensions.connection) -> int:
        """Wait while something is alone; how often somebody was forgotten by then."""
        take(connection, _AT_WORK, timeout_seconds=math.inf, shared=True)
        with connection.cursor() as cursor:
            return n_forgettings(cursor)


def _of_run(run_id: str) -> str:
    return f"run {run_id}"
