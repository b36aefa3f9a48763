"""What a table and a column are, as data, and their types in Arrow.

Not here: the tables (contract/tables), all of them by name (contract/schema).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

ARROW_TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "VARCHAR[]": pa.list_(pa.string()),
        "BIGINT[]": pa.list_(pa.int64()),
        "FLOAT[]": pa.list_(pa.float32()),
    }
)


@dataclass(frozen=True)
class Column:
    """A column: its DuckDB type, what it means, its unit, and the values it may take."""

    name: str
    type: str
    doc: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """A table: one row is `row_is`; `key` is unique within a crawl date; `checks` are SQL conditions.

    A table that is not `partitioned` is computed of all crawl dates and replaced in whole.
    """

    name: str
    row_is: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[str, ...] = ()
    partitioned: bool = True

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema every write is cast to."""
        return pa.schema(
            [pa.field(c.name, ARROW_TYPES[c.type], nullable=c.nullable) for c in self.columns],
        )

    def empty(self) -> pa.Table:
        """A table of this schema without rows."""
        return self.arrow_schema().empty_table()
