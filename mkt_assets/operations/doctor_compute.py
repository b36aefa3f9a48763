"""`mkt doctor` of where mattes and vectors are computed, if that is not here: whether workers of Ray can be had.

Not here: the models that they load (operations/doctor).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from mkt_assets.compute.engines import open_engine
from mkt_assets.operations.findings import Finding, Verdict
from mkt_assets.settings import Settings, SettingsError

_PATIENCE_SECONDS = 60.0
# in a process of its own: Ray ends the one in which a connection fails in some ways, or waits for long
_PROBE = """
import sys
from mkt_assets.compute.ray_cluster import connect
resources = connect(sys.argv[1] or None, n_cpus=int(sys.argv[2])).cluster_resources()
print("%d CPUs and %d GPUs" % (resources.get("CPU", 0), resources.get("GPU", 0)))
"""


def examine_compute(settings: Settings) -> Iterator[Finding]:
    """Whether the engine of the settings can be had; of threads, which always can, nothing is said."""
    if settings.engine == "threads":
        return
    try:
        open_engine(settings)
    except SettingsError as error:
        yield Finding(
            "engine",
            Verdict.problem,
            str(error),
            "in a clone: sh deploy/install.sh .venv/bin/python --extra cluster",
        )
        return
    where = settings.ray_address or "this machine"
    try:
        command = [sys.executable, "-c", _PROBE, settings.ray_address or "", str(settings.workers)]
        done = subprocess.run(  # noqa: S603 - our own words, and a setting as one argument
            command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        yield Finding(
            "engine",
            Verdict.problem,
            f"no workers of Ray can be had on {where}: {_why(error)}",
            "correct MKT_RAY_ADDRESS, RAY_AUTH_TOKEN, or Ray's version there; or unset MKT_ENGINE",
        )
        return
    yield Finding("engine", Verdict.ok, f"Ray on {where} has {done.stdout.strip().splitlines()[-1]}")


def _why(error: subprocess.TimeoutExpired | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer in {_PATIENCE_SECONDS:.0f} s"
    lines = [line for line in str(error.stderr).splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"it ended with {error.returncode}"
