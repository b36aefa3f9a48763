"""Postgres, an S3 store and a Ray of two workers, on loopback, for as long as a block; and homes that share them.

Not here: what runs there and how it is compared (`__main__`).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from mkt_assets_tests.lakes import Server, running_postgres
from mkt_assets_tests.servers import NotInstalledError
from mkt_assets_tests.stores import BUCKET, Store, running_store

N_WORKERS = 2


@dataclass(frozen=True)
class Cluster:
    """What runs; `ray_address` is as MKT_RAY_ADDRESS."""

    postgres: Server
    store: Store
    ray_address: str

    def shared(self, name: str) -> dict[str, str]:
        """The settings of homes that share tables, files and state of this name, which are empty at first."""
        self.postgres.run(f"CREATE DATABASE {name}")
        return {
            "MKT_WAREHOUSE": self.postgres.url(name),
            "MKT_WAREHOUSE_DATA": f"s3://{BUCKET}/{name}/lake",
            "MKT_STATE": self.postgres.url(name),
            "MKT_MEDIA": f"s3://{BUCKET}/{name}/made",
            "MKT_ENGINE": "ray",
            "MKT_RAY_ADDRESS": self.ray_address,
            **self.store.environment,
        }


@contextmanager
def running_cluster(folder: Path) -> Generator[Cluster]:
    """All of it, with its data below `folder`; whatever was started is stopped at the end, the last one first.

    Raises:
        NotInstalledError: a part is not installed.
    """
    if find_spec("ray") is None:
        raise NotInstalledError("install the extra `cluster` (there is no ray)")
    from mkt_assets.compute.ray_cluster import connect, disconnect

    (folder / "store").mkdir(parents=True)
    with ExitStack() as stack:
        postgres = stack.enter_context(running_postgres(folder))
        store = stack.enter_context(running_store(folder / "store"))
        ray = connect(None, n_cpus=N_WORKERS)
        stack.callback(disconnect)
        yield Cluster(postgres, store, str(ray.get_runtime_context().gcs_address))
