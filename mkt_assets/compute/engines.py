"""The engine that the settings ask for. What engines do is in engine; this is the one place that knows both."""

from __future__ import annotations

import os
from importlib.util import find_spec

from mkt_assets.compute.engine import Engine
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.settings import Settings, SettingsError

_MOST_PROCESSES = 4  # of 200 MB each


def open_engine(settings: Settings) -> Engine:
    """Threads, or workers of Ray, which are started when there is something to compute.

    Raises:
        SettingsError: Ray is asked for, and its package is not installed.
    """
    if settings.engine == "threads":
        return ThreadEngine(n_processes=min(settings.workers, os.cpu_count() or 1, _MOST_PROCESSES))
    if find_spec("ray") is None:
        raise SettingsError(
            "MKT_ENGINE=ray needs the package ray: install the extra, as mkt_assets[cluster], or unset it."
        )
    from mkt_assets.compute.ray_engine import RayEngine

    return RayEngine(settings.ray_address, n_cpus=settings.workers)
