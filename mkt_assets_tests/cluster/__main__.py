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

from mkt_assets.resources.accounts import KEY_NAME
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.cluster.comparison import compare, report
from mkt_assets_tests.cluster.servers import Cluster, running_cluster
from mkt_assets_tests.servers import NotInstalledError

_OF_SETTINGS = ("MKT_", "DAGSTER_")
_STOP_SECONDS = 60
_SHOWING_NAMES = ("crosstab_ratios", "charts", "report")


class RunError(Exception):
    """A run that should have ended well; the message says what it printed."""


def main(arguments: Sequence[str]) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--crawl-dates", type=int, default=3, help="2 or more")
    parser.add_argument("--posts", type=int, default=40, help="a crawl date")
    asked = parser.parse_args(arguments)
    if asked.crawl_dates < 2:
        parser.error("--crawl-dates must be 2 or more: later dates are run at once")
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, _interrupted)
    for name in [name for name in os.environ if name.startswith(_OF_SETTINGS)]:
        del os.environ[name]
    folder = Path(tempfile.mkdtemp(prefix="mkt-cluster-"))
    try:
        with running_cluster(folder / "servers") as cluster:
            return _compared(cluster, folder, asked.crawl_dates, asked.posts)
    except NotInstalledError as missing:
        print(f"skipped, as a server cannot be had: {missing}")
        return 0
    except RunError as failure:
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
    _run_all([(embedded, _mkt_run(*days))])

    alone = {**cluster.shared("alone"), "MKT_HOME": str(folder / "alone"), "MKT_DROPS": str(drops)}
    _share_key(embedded, alone)
    _run_all([(alone, _mkt_run(*days))])
    columns = [("one home of the cluster", compare(_warehouse(embedded), _warehouse(alone)))]

    several = cluster.shared("several")
    later = days[1:]
    homes = [{**several, "MKT_HOME": str(folder / f"home-{day}"), "MKT_DROPS": str(drops)} for day in later]
    for home in homes:
        _share_key(embedded, home)
    # on the first date the map is laid out, among which later ones are placed: of two at once either may be the first
    _run_all([(homes[0], _mkt_run(days[0]))])
    _run_all([(home, _mkt_run(day)) for home, day in zip(homes, later, strict=True)])
    # names, and what a page tells of other dates, are those that were there: that depends on who came first
    for home in (embedded, homes[0]):
        _run_all([(home, _show_names(day)) for day in days])
    columns.append((f"{len(homes)} homes at once", compare(_warehouse(embedded), _warehouse(homes[0]))))
    print(*report(columns), sep="\n")
    return int(any(one.differences for _, compared in columns for one in compared))


def _share_key(first: Mapping[str, str], other: Mapping[str, str]) -> None:
    """Give a home the key of the first one: with another one accounts would have other names."""
    home = Path(other["MKT_HOME"])
    home.mkdir()
    shutil.copy(Path(first["MKT_HOME"]) / KEY_NAME, home / KEY_NAME)


def _mkt_run(*days: date) -> list[str]:
    return ["mkt_assets", "run", *(f"--crawl-date={day}" for day in days)]


def _show_names(day: date) -> list[str]:
    """What makes again what Dagster shows as stale when a style or topic has another name."""
    chosen = " or ".join(f"key:{name}" for name in _SHOWING_NAMES)
    return [
        *("dagster", "asset", "materialize", "-m", "mkt_assets.definitions"),
        *(f"--select={chosen}", f"--partition={day}"),
    ]


def _run_all(runs: Sequence[tuple[Mapping[str, str], Sequence[str]]]) -> None:
    """Python modules with their arguments in these homes, all at once.

    Raises:
        RunError: one of them ended badly; the others are stopped.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        processes: list[subprocess.Popen[str]] = []
        for home, command in runs:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={**os.environ, **home, "DAGSTER_HOME": f"{home['MKT_HOME']}/dagster"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            stack.callback(_stop, process)
            processes.append(process)
        for process, (home, command) in zip(processes, runs, strict=True):
            said, _ = process.communicate()
            if process.returncode:
                what = f"{' '.join(command)}, in {home['MKT_HOME']}"
                raise RunError(f"{what}, ended with {process.returncode}:\n{said}")
    n_homes = len({home["MKT_HOME"] for home, _ in runs})
    seconds = time.monotonic() - started
    print(
        f"{' '.join(runs[0][1][:3])}: {len(runs)} at once in {n_homes} home(s), {seconds:.0f} s", flush=True
    )


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
