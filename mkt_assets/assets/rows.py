"""Rows that come one by one, as a table: a part at a time becomes Arrow, a tenth of the size of Python's objects.

Not here: what columns a table has (contract/tables).
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

_ROWS_A_PART = 4096


class RowsByPart:
    """A table in the making."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._parts: list[pa.Table] = []
        self._rows: list[Mapping[str, object]] = []

    def __len__(self) -> int:
        """Number of rows so far."""
        return sum(part.num_rows for part in self._parts) + len(self._rows)

    def append(self, row: Mapping[str, object]) -> None:
        """Add a row; a column that it does not name is null."""
        self._rows.append(row)
        if len(self._rows) >= _ROWS_A_PART:
            self._end_part()

    def table(self) -> pa.Table:
        """All rows so far, in order."""
        self._end_part()
        return pa.concat_tables(self._parts)

    def _end_part(self) -> None:
        self._parts.append(pa.Table.from_pylist(self._rows, self._schema))
        self._rows = []
