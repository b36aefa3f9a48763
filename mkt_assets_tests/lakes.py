"""A Postgres for tests, on loopback: in it an empty warehouse that is copied for each test, and states of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.migrations import bring_up_to_date
from mkt_assets_tests.servers import NotInstalledError, free_port

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

_NEEDED = (
    "duckdb_extension_ducklake",
    "duckdb_extension_httpfs",
    "duckdb_extension_postgres_scanner",
    "psycopg2",
)


@dataclass(frozen=True)
class Server:
    """A running Postgres: where its programs are, its folder, and where it listens."""

    programs: Path
    folder: Path
    port: int

    def url(self, database: str) -> str:
        return f"postgresql://mkt@127.0.0.1:{self.port}/{database}"

    def control(self, *arguments: str) -> None:
        """`pg_ctl`, as the user that the server runs as; it refuses to be root."""
        log = ["-l", str(self.folder / "log")] if arguments[0] != "stop" else []
        command = [str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), *log, "-w", *arguments]
        subprocess.run([*_as_other(), *command], check=True, stdout=subprocess.DEVNULL)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        self.control("start", "-o", f"{options} -c max_connections=200")

    def stop(self) -> None:
        self.control("stop", "-m", "immediate")

    def cut(self, url: str) -> None:
        """End all connections to a database, as a server that restarts does."""
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name_of(url)}'")

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Rows of the last statement, if it has any."""
        import psycopg2

        connection = psycopg2.connect(self.url(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@contextmanager
def running_postgres(parent: Path) -> Generator[Server]:
    """A server with its data below `parent`, until the end of the block.

    Raises:
        NotInstalledError: Postgres, or what a lake needs beside it, is not installed.
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise NotInstalledError(f"install the extra `cluster` (there is no {', '.join(missing)})")
    programs = _programs()
    if programs is None:
        raise NotInstalledError(
            "install Postgres, as with: apt-get install -y --no-install-recommends postgresql"
        )
    folder = parent / "postgres"
    if os.geteuid() == 0:
        # the folders of tests are their owner's alone
        folder = Path(f"/tmp/mkt-postgres-{uuid4().hex}")
    folder.mkdir(mode=0o700)
    server = Server(programs, folder, free_port())
    try:
        if os.geteuid() == 0:
            os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
        initdb = [
            str(programs / "initdb"),
            "-D",
            str(folder / "data"),
            "-A",
            "trust",
            "-U",
            "mkt",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",  # whatever the machine's is
        ]
        subprocess.run([*_as_other(), *initdb], check=True, stdout=subprocess.DEVNULL)
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for the tests of this process."""
    try:
        with running_postgres(tmp_path_factory.mktemp("server")) as server:
            yield server
    except NotInstalledError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def empty_lake(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with empty tables, to be copied."""
    from mkt_assets.resources.lake import LakeDatabase, forget_connections
    from mkt_assets.resources.lake_connection import Lake

    empty = Lake(postgres.url("empty"), str(tmp_path_factory.mktemp("empty_lake")))
    postgres.run("CREATE DATABASE empty")
    LakeDatabase(empty).write(TABLES, bring_up_to_date)
    forget_connections()
    return empty


@pytest.fixture
def lake(postgres: Server, empty_lake: Lake, tmp_path: Path) -> Iterator[Lake]:
    """A lake of a test's own, with empty tables."""
    with copied_lake(postgres, empty_lake, tmp_path / "lake") as copy:
        yield copy


@contextmanager
def copied_lake(server: Server, lake: Lake, data: Path) -> Generator[Lake]:
    """The same tables and rows in a lake of one's own, until the end of the block; nobody may have `lake` open."""
    from mkt_assets.resources.lake import forget_connections
    from mkt_assets.resources.lake_connection import Lake

    shutil.copytree(lake.data, data)
    with copied_database(server, lake.catalog) as catalog:
        moved = f"UPDATE ducklake_metadata SET value = '{data}/' WHERE key = 'data_path'"
        server.run(moved, database=name_of(catalog))
        yield Lake(catalog, str(data))
        forget_connections()


@pytest.fixture
def state_url(postgres: Server) -> Iterator[str]:
    """An empty database of a test's own, for a shared state."""
    from mkt_assets.resources.state import forget_readiness

    with copied_database(postgres, postgres.url("template1")) as url:
        yield url
        forget_readiness()


@contextmanager
def copied_database(server: Server, url: str) -> Generator[str]:
    """The address of a copy of a database, until the end of the block; nobody may be connected to the first."""
    name = f"copy_{uuid4().hex}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {name_of(url)}")
    try:
        yield server.url(name)
    finally:
        server.run(f"DROP DATABASE {name} WITH (FORCE)")


def name_of(url: str) -> str:
    """Of the database at an address."""
    return url.rpartition("/")[2]


def _programs() -> Path | None:
    if found := shutil.which("initdb"):
        return Path(found).parent
    return next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)


def _as_other() -> list[str]:
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
