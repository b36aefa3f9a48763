"""How programs other than crawlers write rows as JSON: MongoDB's typed values, pandas' tables by column.

Not here: parsing (crawlers/json_files), objects in objects (crawlers/nested).
"""

from __future__ import annotations

from typing import Any, cast

_WRAPPED = frozenset({"$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal"})


def without_types(fields: dict[str, Any]) -> object:
    """A value that mongoexport wrapped with its type: {"$numberLong": "12"} is "12"; other objects as they are.

    For `json.JSONDecoder(object_hook=...)`, which hands over inner objects first.
    """
    if len(fields) == 1:
        ((name, value),) = fields.items()
        if name in _WRAPPED:
            return value
    return fields


def by_row(fields: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The rows of a table that `DataFrame.to_json()` wrote by column, or None if it is no such table.

    Its forms are {column: {index: value}}, the default, and {"columns": [..], "data": [[..]]}.

    >>> by_row({"id": {"0": "a", "1": "b"}, "title": {"0": "x", "1": "y"}})
    [{'id': 'a', 'title': 'x'}, {'id': 'b', 'title': 'y'}]
    """
    names, data = fields.get("columns"), fields.get("data")
    if isinstance(names, list) and isinstance(data, list):
        rows = cast("list[object]", data)
        if not all(isinstance(row, list) and len(cast("list[object]", row)) == len(names) for row in rows):  # pyright: ignore[reportUnknownArgumentType]
            return None
        return [dict(zip(map(str, names), row, strict=True)) for row in cast("list[list[Any]]", rows)]  # pyright: ignore[reportUnknownArgumentType]
    columns = list(fields.values())
    if len(columns) < 2 or not all(isinstance(column, dict) for column in columns):
        return None
    indices = list(cast("dict[str, Any]", columns[0]))
    if any(list(column) != indices for column in columns):
        return None
    return [{name: column[index] for name, column in fields.items()} for index in indices]
