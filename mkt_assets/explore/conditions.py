"""A filter as SQL with parameters.

Not here: reading what is asked (filters), the tables that are asked (index).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.core.text.segmenter import Segmenter
from mkt_assets.explore.filters import Filter

Condition = tuple[str, tuple[object, ...]]
"""SQL, and the values of its parameters."""


@dataclass(frozen=True)
class Conditions:
    """SQL of which posts `p`, and which of their items `i` of a modality, match; each with its parameters."""

    posts: str
    post_values: tuple[object, ...]
    items: Mapping[str, Condition]


def conditions(asked: Filter, in_lasso: list[int] | None, tagged: list[str] | None) -> Conditions:
    """A filter as SQL; nothing that was typed is ever in it but as a parameter.

    Args:
        asked: the filter.
        in_lasso: numbers of the items in the lasso; None without one.
        tagged: ids of the posts that have the tag; None without one.
    """
    posts = [_of_word(word) for word in asked.words]
    if asked.crawl_dates:
        posts.append(("p.crawl_date IN (SELECT unnest(?::DATE[]))", (list(asked.crawl_dates),)))
    if asked.account is not None:
        posts.append(("p.account = ?", (asked.account,)))
    if asked.likes is not None:
        posts.append(("p.n_likes >= ?", (asked.likes,)))
    if tagged is not None:
        posts.append(("p.post_id IN (SELECT unnest(?::VARCHAR[]))", (tagged,)))
    items: dict[str, list[Condition]] = {modality: [] for modality in MODALITIES}
    for modality, identity in (("image", asked.style), ("text", asked.topic)):
        if identity is not None:
            items[modality].append(("coalesce(i.identity, 'none') = ?", (identity,)))
    if asked.verdict is not None:
        items["image"].append(("i.verdict = ?", (asked.verdict,)))
    if in_lasso is not None:
        items[asked.map].append(("i.item_no IN (SELECT unnest(?::INTEGER[]))", (in_lasso,)))
    needed = [
        (
            f"EXISTS (SELECT 1 FROM items i WHERE i.post_no = p.post_no AND i.modality = '{modality}' "
            f"AND {_all(of)})",
            _values(of),
        )
        for modality, of in items.items()
        if of
    ]
    return Conditions(
        " AND ".join([_all(posts), *(sql for sql, _ in needed)]),
        _values([*posts, *needed]),
        {modality: (_all(of), _values(of)) for modality, of in items.items()},
    )


def _of_word(word: str) -> Condition:
    """It stands there as typed, or all the words do that it is made of: 白色连衣裙 is also 连衣裙，白色."""
    parts = [part for part in _segmenter().cut(word) if len(part) > 1]
    as_typed = "contains(p.folded, ?)"
    if len(parts) < 2 or "".join(parts) != word:
        return as_typed, (word,)
    return f"({as_typed} OR {' AND '.join([as_typed] * len(parts))})", (word, *parts)


@cache
def _segmenter() -> Segmenter:
    return Segmenter()


def _all(parts: Sequence[Condition]) -> str:
    return " AND ".join(sql for sql, _ in parts) or "true"


def _values(parts: Sequence[Condition]) -> tuple[object, ...]:
    return tuple(value for _, values in parts for value in values)
