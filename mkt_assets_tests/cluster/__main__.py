"""`python -m mkt_assets_tests.cluster`: a generated sample by the embedded default and through a cluster, compared.

All tables are printed, with what differs in them; exit code 1 if anything does, 0 without a cluster where one of its
servers cannot be had. Whatever was started is stopped, also after a failure or Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import FrameType
from typing import NoReturn
from unittest.mock import patch

from mkt_assets.resources import open_warehouse
from mkt_assets.resources.accounts import KEY_NAME
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.cluster.comparison import compare, report
from mkt_assets_tests.cluster.servers import Cluster, running_cluster
from mkt_assets_tests.servers import Unavailable

_OF_SETTINGS = ("MKT_", "DAGSTER_")
_STOP_SECONDS = 60


class RunFailed(Exception):
    """A run that should have ended well; the message says what it printed."""


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--crawl-dates", type=int, default=2)
    parser.add_argument("--posts", type=int, default=40, help="a crawl date")
    asked = parser.parse_args(arguments)
    for signal_number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, _interrupted)
    for name in [name for name in os.environ if name.startswith(_OF_SETTINGS)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="mkt-cluster-"))
    try:
        with running_cluster(folder / "servers") as cluster:
            return _compared(cluster, folder, asked.crawl_dates, asked.posts)
    except Unavailable as missing:
        print(f"skipped, as a server cannot be had: {missing}")
        return 0
    except RunFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; all that was started is stopped", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _compared(cluster: Cluster, folder: Path, n_crawl_dates: int, n_posts: int) -> int:
    from mkt_sample import generate

    drops = folder / "drops"
    generate(drops, n_crawl_dates=n_crawl_dates, n_posts=n_posts, seed=7)
    days = sorted(date.fromisoformat(p.name) for p in drops.iterdir() if p.name != "truth")
    os.environ.update(cluster.store.environment)  # asked for when tables are read
    embedded = {"MKT_HOME": str(folder / "embedded"), "MKT_DROPS": str(drops)}
    _run_all([(embedded, days)])

    alone = {**cluster.shared("alone"), "MKT_HOME": str(folder / "alone"), "MKT_DROPS": str(drops)}
    _share_key(embedded, alone)
    _run_all([(alone, days)])

    several = cluster.shared("several")
    homes = [{**several, "MKT_HOME": str(folder / f"home-{day}"), "MKT_DROPS": str(drops)} for day in days]
    for home in homes:
        _share_key(embedded, home)
    _run_all([(home, [day]) for home, day in zip(homes, days, strict=True)])

    expected = _warehouse(embedded)
    columns = [
        ("one home of the cluster", compare(expected, _warehouse(alone))),
        (f"{len(days)} homes at once", compare(expected, _warehouse(homes[0]))),
    ]
    print(*report(columns), sep="\n")
    return int(any(one.differences for _, compared in columns for one in compared))


def _share_key(first: Mapping[str, str], other: Mapping[str, str]) -> None:
    """Give a home the key of the first one: with another one accounts would have other names."""
    home = Path(other["MKT_HOME"])
    home.mkdir()
    shutil.copy(Path(first["MKT_HOME"]) / KEY_NAME, home / KEY_NAME)


def _run_all(runs: Sequence[tuple[Mapping[str, str], Sequence[date]]]) -> None:
    """`mkt run` in these homes, for these crawl dates, all at once.

    Raises:
        RunFailed: one of them ended badly; the others are stopped.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        processes: list[subprocess.Popen[str]] = []
        for home, days in runs:
            command = [sys.executable, "-m", "mkt_assets", "run", *(f"--crawl-date={day}" for day in days)]
            process = subprocess.Popen(
                command,
                env={**os.environ, **home},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.callback(_stop, process)
            processes.append(process)
        for process, (home, days) in zip(processes, runs, strict=True):
            said, _ = process.communicate()
            if process.returncode:
                raise RunFailed(f"mkt run in {home['MKT_HOME']} ended with {process.returncode}:\n{said}")
            print(f"{Path(home['MKT_HOME']).name}: {len(days)} crawl date(s)", flush=True)
    print(f"{time.monotonic() - started:.0f} s", flush=True)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _warehouse(home: Mapping[str, str]) -> Warehouse:
    with patch.dict(os.environ, home):
        return open_warehouse(Settings.load())


def _interrupted(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
