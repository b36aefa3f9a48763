"""All rows of a warehouse, copied to another, and what is the same in both.

Not here: which warehouse is moved where (operations/move).
"""

from __future__ import annotations

import duckdb

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.database import Database
from mkt_assets.resources.migrations import reading, write

_PART_ROWS = 8192  # 40 MB of the widest vectors here


def copy_rows(source: Database, target: Database) -> None:
    """Put the rows of every table, as they are at one moment, in the place of those of `target`, in one transaction."""
    with reading(source) as rows:

        def fill(connection: duckdb.DuckDBPyConnection) -> None:
            for table in TABLES.values():
                connection.execute(f"DELETE FROM {table.name}")
                # a lake looks for the statistics of each column of a table without rows, each time: a tenth of a second
                if rows.execute(f"SELECT 1 FROM {table.name} LIMIT 1").fetchone() is None:
                    continue
                names = ", ".join(table.column_names)
                order = ", ".join(dict.fromkeys(("crawl_date", *table.key)))
                selected = rows.execute(f"SELECT {names} FROM {table.name} ORDER BY {order}")
                connection.register("copied", selected.to_arrow_reader(_PART_ROWS))
                connection.execute(f"INSERT INTO {table.name} BY NAME SELECT * FROM copied")
                connection.unregister("copied")

        write(target, TABLES, fill)


def contents(database: Database) -> dict[str, tuple[int, int]]:
    """Number of rows, and a sum over hashes of whole rows, of every table: equal where the rows are."""
    found: dict[str, tuple[int, int]] = {}
    with reading(database) as connection:
        for table in TABLES.values():
            row = connection.execute(
                f"SELECT count(*), coalesce(sum(hash({', '.join(table.column_names)})::HUGEINT), 0) FROM {table.name}"
            ).fetchone()
            found[table.name] = (int(row[0]), int(row[1])) if row else (0, 0)
    return found
