"""Rows become a table by the part, as if they had come at once."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mkt_assets.assets.rows import RowsByPart

SCHEMA = pa.schema([("number", pa.int64()), ("said", pa.string())])


@pytest.mark.parametrize("n", [0, 1, 4096, 10_000])
def test_a_table_has_its_rows_in_order_however_many_parts_it_was_made_in(n: int) -> None:
    rows: list[dict[str, object]] = [
        {"number": i} if i % 3 else {"number": i, "said": str(i)} for i in range(n)
    ]
    parts = RowsByPart(SCHEMA)
    for row in rows:
        parts.append(row)
    assert len(parts) == n
    assert parts.table() == pa.Table.from_pylist(rows, SCHEMA)
