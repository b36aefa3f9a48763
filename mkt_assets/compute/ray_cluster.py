"""Ray for this process: the cluster that the settings name, or one that is started for this process and ends with it.

Not here: what is computed there (ray_engine). Nothing imports Ray before somebody connects.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from importlib import import_module
from typing import Any

from mkt_assets.compute.engine import EngineError

_OBJECT_STORE_BYTES = 256 << 20
# read by Ray when it is imported, and by all that it starts
_OF_A_LOCAL_ONE = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    # despite its name: off, everything of Ray listens on 127.0.0.1 only; on, on all addresses of the machine
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    # workers are as threads of this process would be: put off less, they lose the processor's cache less often
    "RAY_worker_niceness": "0",
    # of each task, for the dashboard and its database, which there are not here
    "RAY_enable_metrics_collection": "0",
    "RAY_task_events_report_interval_ms": "0",
    # what it looks after by itself, once a second: several times a second is for clusters that come and go
    "RAY_raylet_report_resources_period_milliseconds": "1000",
    "RAY_raylet_check_gc_period_milliseconds": "1000",
    "RAY_object_manager_timer_freq_ms": "1000",
    "RAY_memory_monitor_refresh_ms": "1000",
    # of glibc: what a batch took is kept for the next one, as each page that comes anew is filled with zeros first
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_TOP_PAD_": str(64 << 20),
}
_lock = threading.Lock()
_folder: str | None = None
_was_prepared = False


def connect(address: str | None, *, n_cpus: int) -> Any:
    """The package `ray`, connected; again and again the same connection.

    Args:
        address: of a cluster, as `ray.init` takes it; its token is in RAY_AUTH_TOKEN or RAY_AUTH_TOKEN_PATH. None
            starts one on this machine that listens on loopback only, with a token that only it and this process know,
            without a dashboard.
        n_cpus: workers of the one that is started, at most.

    Raises:
        ConnectionError: nothing answers there.
        EngineError: it refuses us, or none can be started safely.
        ModuleNotFoundError: the package is not installed.
    """
    global _was_prepared
    with _lock:
        is_imported = "ray" in sys.modules
        if is_imported and import_module("ray").is_initialized():
            return import_module("ray")
        if address is None:
            if is_imported and not _was_prepared:
                raise EngineError(
                    "Ray was imported before it could be told to ask for a token and to listen on loopback only, so "
                    "none is started here: set MKT_RAY_ADDRESS to a cluster."
                )
            _was_prepared = True
            os.environ.update(_OF_A_LOCAL_ONE)
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        else:
            os.environ.setdefault("RAY_AUTH_MODE", "token")
        ray: Any = import_module("ray")
        _with_our_sigterm(lambda: _connect(ray, address, n_cpus))
        atexit.register(disconnect)
    return ray


def disconnect() -> None:
    """End what `connect` started; a cluster that was there before stays, without our workers."""
    global _folder
    import_module("ray").shutdown()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None


def _connect(ray: Any, address: str | None, n_cpus: int) -> None:
    global _folder
    quiet: dict[str, Any] = {"configure_logging": False, "log_to_driver": False}
    if address is not None:
        try:
            ray.init(address=address, **quiet)
        except (ray.exceptions.AuthenticationError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())[:300]
            raise EngineError(f"the Ray at MKT_RAY_ADDRESS, {address}, cannot be used: {said}") from error
        return
    # short, as names of sockets in it may have 107 characters; of this user only
    _folder = tempfile.mkdtemp(prefix="mkt-ray-", dir="/tmp")
    try:
        ray.init(
            address="local",
            num_cpus=n_cpus,
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _temp_dir=_folder,
            **quiet,
        )
    except BaseException:
        disconnect()
        raise


def _with_our_sigterm(start: Any) -> None:
    """Ray takes the handler of SIGTERM for itself, Dagster may have its own; the system's would leave Ray behind."""
    if threading.current_thread() is not threading.main_thread():
        start()
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        start()
    finally:
        if before not in (signal.SIG_DFL, None):
            signal.signal(signal.SIGTERM, before)
