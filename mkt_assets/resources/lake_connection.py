"""Opening a lake: DuckDB's extensions from their packages, the catalog in Postgres, the store's address from AWS_*.

Not here: reading and writing through it (resources/lake).
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from mkt_assets.resources.database import DatabaseSetupError, quoted
from mkt_assets.resources.postgres import connected, holding

CATALOG_NAME = "mkt"
"""Of the lake, in a connection."""
EXTENSIONS = ("httpfs", "postgres_scanner", "ducklake")
_OPENING = "the warehouse's first opening"


@dataclass(frozen=True)
class Lake:
    """Where a lake is.

    Args:
        catalog: a Postgres database, as `postgresql://user@host:port/name`, without a password.
        data: a folder, or `s3://bucket/prefix`.
    """

    catalog: str
    data: str

    @property
    def data_path(self) -> str:
        """`data` as the catalog remembers it, with a slash at its end."""
        return self.data.rstrip("/") + "/"


def extension_path(name: str) -> Path:
    """Where the package of a DuckDB extension has it, for the DuckDB that is installed.

    Raises:
        DatabaseSetupError: saying what to install.
    """
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    path = None
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}"
        path = folder / f"{name}.duckdb_extension"
    if path is None or not path.is_file():
        raise DatabaseSetupError(
            f"MKT_WAREHOUSE needs DuckDB's extension {name} for DuckDB {duckdb.__version__}: install the extra, "
            "as mkt_assets[cluster]."
        )
    return path


def catalogued_data_path(lake: Lake) -> str | None:
    """The data path that the catalog remembers; None if there is no lake in it.

    Raises:
        DatabaseAwayError: if the catalog cannot be reached.
    """
    with connected(lake.catalog) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ducklake_metadata') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return None
        cursor.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'")
        row = cursor.fetchone()
        return str(row[0]) if row else None


def write_probe(lake: Lake) -> None:
    """Open the lake, and write a tiny file where its data are; upkeep removes it, as one that is in no state.

    Raises:
        DatabaseSetupError: if the lake is not as the settings say.
        duckdb.Error: if that cannot be done.
    """
    connection = attached(lake, timeout_seconds=5)
    try:
        where = quoted(f"{lake.data_path}doctor.parquet")
        connection.execute(f"COPY (SELECT 'written by mkt doctor' AS what) TO {where}")
    finally:
        connection.close()


def attached(lake: Lake, timeout_seconds: float) -> duckdb.DuckDBPyConnection:
    """A DuckDB with the lake attached, which is made if there is none.

    Raises:
        DatabaseSetupError: if an extension is not installed, or the lake is not as the settings say.
        DatabaseBusyError: if another process makes it and does not end.
        DatabaseAwayError: if the catalog cannot be reached.
    """
    connection = duckdb.connect(
        config={
            # nothing is fetched from anywhere; what spills to disk does not fall into the current folder
            "autoinstall_known_extensions": "false",
            "temp_directory": str(Path(tempfile.gettempdir()) / f"mkt-duckdb-{os.getpid()}"),
        }
    )
    for name in EXTENSIONS:
        connection.execute(f"LOAD {quoted(str(extension_path(name)))}")
    _set_s3(connection)
    known = catalogued_data_path(lake)
    if known is None:
        # two that make the catalog's tables at once would both fail
        with holding(lake.catalog, [_OPENING], timeout_seconds=timeout_seconds):
            known = catalogued_data_path(lake)
            if known is None:
                if connection.execute(
                    f"SELECT 1 FROM glob({quoted(lake.data_path + '**')}) LIMIT 1"
                ).fetchone():
                    raise DatabaseSetupError(
                        f"{lake.data} has files in it of something else, which the lake's upkeep would remove: "
                        "name an empty place with MKT_WAREHOUSE_DATA."
                    )
                _attach(connection, lake)
                # rows of people belong into the data, and not into the catalog as well
                connection.execute(f"CALL {CATALOG_NAME}.set_option('data_inlining_row_limit', 0)")
                return connection
    if known.rstrip("/") != lake.data.rstrip("/"):
        raise DatabaseSetupError(
            f"the catalog {lake.catalog} has its data in {known}, and MKT_WAREHOUSE_DATA is {lake.data}: "
            "correct the setting, or name another catalog."
        )
    _attach(connection, lake)
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    where = quoted(f"ducklake:postgres:{lake.catalog}")
    connection.execute(f"ATTACH {where} AS {CATALOG_NAME} (DATA_PATH {quoted(lake.data_path)})")


def _set_s3(connection: duckdb.DuckDBPyConnection) -> None:
    """The store's address; keys and region DuckDB takes from AWS_* itself, so that they are in no statement."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        connection.execute(f"SET GLOBAL s3_endpoint = {quoted(parts.netloc)}")
        connection.execute(f"SET GLOBAL s3_use_ssl = {parts.scheme != 'http'}")
        connection.execute("SET GLOBAL s3_url_style = 'path'")
