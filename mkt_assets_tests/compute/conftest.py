"""Engines for the tests of what goes through them: threads, and workers of Ray."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from mkt_assets.compute.engine import Engine
from mkt_assets.compute.threads import ThreadEngine

N_WORKERS = 2


@pytest.fixture(scope="package")
def ray_engine() -> Iterator[Engine]:
    """Workers of a Ray that is started once for all of these tests."""
    skip_without_ray()
    from mkt_assets.compute.ray_cluster import disconnect
    from mkt_assets.compute.ray_engine import RayEngine

    yield RayEngine(None, n_cpus=N_WORKERS)
    disconnect()


@pytest.fixture(params=["threads", "ray"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of them."""
    return ThreadEngine() if request.param == "threads" else request.getfixturevalue("ray_engine")


def skip_without_ray() -> None:
    """Skip the test where the extra is not installed; not imported here, as Ray reads the environment when it is."""
    if find_spec("ray") is None:
        pytest.skip("the extra cluster is not installed: no ray")
