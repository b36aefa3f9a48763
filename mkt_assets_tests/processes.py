"""Other processes for tests, forked off a server that has imported everything: by itself each would take seconds to.

What runs in one is a function of a module; it gets the environment and the folder that the server began with.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

PATIENCE_SECONDS = 60
OTHERS: ForkServerContext = multiprocessing.get_context("forkserver")
OTHERS.set_forkserver_preload(
    [
        "mkt_assets_tests.soak.worker",
        # what assets import when they run
        "matplotlib.backends.backend_agg",
        "matplotlib.figure",
        "pyarrow.dataset",
        "opencc",
        "jinja2",
        "sklearn.cluster",
        "sklearn.metrics",
        "sklearn.neighbors",
        "scipy.sparse",
        "mkt_assets_tests.forks",
    ]
)


def all_at_once(work: Callable[[Path, int], None], folder: Path, n_processes: int) -> None:
    """Let `work` run in several processes, each with the folder and its number; all of them end well."""
    processes = [OTHERS.Process(target=work, args=(folder, number)) for number in range(n_processes)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(300)
    assert [process.exitcode for process in processes] == [0] * n_processes


def is_alive(process: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask again and again, for a minute at most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
