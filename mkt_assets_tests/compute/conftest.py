"""Engines for the tests of what goes through them: threads, workers of Ray, and one that gives something up."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from typing import Any

import pytest

from mkt_assets.compute.engine import Engine, Lost
from mkt_assets.compute.threads import ThreadEngine

N_WORKERS = 2


@pytest.fixture(scope="session")
def ray_engine() -> Iterator[Engine]:
    """Workers of a Ray that is started for all tests that ask for it."""
    skip_without_ray()
    from mkt_assets.compute.ray_cluster import disconnect
    from mkt_assets.compute.ray_engine import RayEngine

    yield RayEngine(None, n_cpus=N_WORKERS)
    disconnect()


@pytest.fixture(params=["threads", "ray"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of them."""
    return ThreadEngine() if request.param == "threads" else request.getfixturevalue("ray_engine")


class Losing(ThreadEngine):
    """Gives up the second thing that is computed, as Ray's workers would if they died of it."""

    def map(self, job: Any, sources: Any, *, keep: Any, **how: Any) -> Any:
        numbers = count()

        def kept(about: Any, result: Any) -> Any:
            return keep(about, Lost("it is deadly") if next(numbers) == 1 else result)

        return super().map(job, sources, keep=kept, **how)


def skip_without_ray() -> None:
    """Skip the test where the extra is not installed; not imported here, as Ray reads the environment when it is."""
    if find_spec("ray") is None:
        pytest.skip("the extra cluster is not installed: no ray")
