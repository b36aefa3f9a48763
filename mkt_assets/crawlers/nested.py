"""Objects inside objects, as columns: {"user": {"id": 1}} has the columns user and user.id.

Not here: which of them hold posts (crawlers/guess).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

DEEPEST = 4


def flat(fields: Mapping[str, Any], most: int) -> dict[str, Any]:
    """The fields of an object, and those of the objects inside it under paths with dots; lists stay as they are.

    Args:
        fields: a decoded JSON object.
        most: of how many fields at most; what would come behind them is left out.

    Returns:
        Its own fields first, in their order. An inner object itself is only among them at the top.
    """
    found = dict(fields)
    inner = _inner(fields, "", DEEPEST)
    while len(found) < most and (pair := next(inner, None)) is not None:
        found.setdefault(*pair)
    return found


def _inner(fields: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            if depth:
                yield from _inner(cast("dict[str, Any]", value), f"{path}{name}.", depth - 1)
        elif path:
            yield path + name, value
