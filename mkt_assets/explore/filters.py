"""What an analyst asks for, as it stands in an address: parsed, bounded, and as SQL with parameters.

Not here: the tables that are asked (index), the answers (answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from mkt_assets.contract.schema import MODALITIES, VERDICTS

Sort = Literal["typical", "likes", "date", "similar"]
MAX_WORDS = 20
MAX_CHARACTERS = 300
MAX_CORNERS = 200
PAGE = 60
_KEYS = frozenset(
    (
        *("words", "style", "topic", "crawl_date", "account", "likes", "verdict", "tag", "lasso", "map"),
        *("like", "sort", "offset"),
    )
)


class FilterError(ValueError):
    """What was asked for cannot be read; the message says what can."""


@dataclass(frozen=True)
class Filter:
    """Which posts: every condition that is set must hold; of pictures, all for one and the same picture.

    Attributes:
        words: all of them stand in title, text or tags, in any case.
        style: lasting id of a style; `none`: pictures that are in no style.
        topic: lasting id of a topic.
        crawl_dates: in one of these crawls; empty: in any.
        account: number of an account, 1 wrote most.
        likes: at least so many.
        verdict: of a picture, or `any` but rejected.
        tag: a tag of the analyst's.
        lasso: corners (x, y) of an area of the map, an item in which the post has.
        map: whose map is looked at, that of pictures or of texts.
        like: number of an item that the posts' items are compared with.
        sort: which posts come first.
        offset: how many posts to leave out.
    """

    words: tuple[str, ...] = ()
    style: str | None = None
    topic: str | None = None
    crawl_dates: tuple[date, ...] = ()
    account: int | None = None
    likes: int | None = None
    verdict: str | None = None
    tag: str | None = None
    lasso: tuple[tuple[float, float], ...] = ()
    map: str = "image"
    like: int | None = None
    sort: Sort = "typical"
    offset: int = 0


def parse(query: Mapping[str, str]) -> Filter:
    """The filter of an address's query.

    Raises:
        FilterError: a key that there is none of, or a value that does not fit.

    Examples:
        >>> from mkt_assets.explore.filters import parse
        >>> parse({"words": "白色 蕾丝", "likes": "10"}).words
        ('白色', '蕾丝')
    """
    if unknown := sorted(set(query) - _KEYS):
        raise FilterError(f"nothing can be asked by {', '.join(unknown)!r}: use {', '.join(sorted(_KEYS))}.")
    given = {key: value for key, value in query.items() if value}
    for key, value in given.items():
        if len(value) > MAX_CHARACTERS and key != "lasso":
            raise FilterError(f"{key} is longer than {MAX_CHARACTERS} characters.")
    words = tuple(given.get("words", "").lower().split())
    if len(words) > MAX_WORDS:
        raise FilterError(f"{len(words)} words are more than {MAX_WORDS}: look for fewer.")
    sort: Sort = _one_of(given, "sort", get_args(Sort)) or ("similar" if "like" in given else "typical")  # type: ignore[assignment]
    return Filter(
        words=words,
        style=given.get("style"),
        topic=given.get("topic"),
        crawl_dates=_dates(given.get("crawl_date", "")),
        account=_number(given, "account", 1),
        likes=_number(given, "likes", 0),
        verdict=_one_of(given, "verdict", VERDICTS),
        tag=given.get("tag"),
        lasso=_corners(given.get("lasso", "")),
        map=_one_of(given, "map", MODALITIES) or "image",
        like=_number(given, "like", 0),
        sort=sort,
        offset=_number(given, "offset", 0) or 0,
    )


def _one_of(given: Mapping[str, str], key: str, allowed: tuple[str, ...]) -> str | None:
    value = given.get(key)
    if value is not None and value not in allowed:
        raise FilterError(f"{key} is one of {', '.join(allowed)}, and not {value!r}.")
    return value


def _number(given: Mapping[str, str], key: str, least: int) -> int | None:
    value = given.get(key)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 12 and int(value) >= least):
        raise FilterError(f"{key} is a whole number, {least} or more, and not {value!r}.")
    return int(value)


def _dates(value: str) -> tuple[date, ...]:
    try:
        return tuple(date.fromisoformat(part) for part in value.split(",") if part)
    except ValueError:
        raise FilterError(
            f"crawl_date is a date as 2026-09-01, or several with commas: not {value!r}."
        ) from None


def _corners(value: str) -> tuple[tuple[float, float], ...]:
    if not value:
        return ()
    parts = value.split(",")
    if len(parts) > 2 * MAX_CORNERS or len(parts) < 6 or len(parts) % 2:
        raise FilterError(f"lasso has 3 to {MAX_CORNERS} corners, as x,y,x,y,x,y.")
    try:
        numbers = [float(part) for part in parts if len(part) < 30]
    except ValueError:
        numbers = []
    # also what is no number at all, and infinity
    if len(numbers) != len(parts) or not all(-10 <= number <= 10 for number in numbers):
        raise FilterError("lasso's corners are numbers from -10 to 10.")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


@dataclass(frozen=True)
class Conditions:
    """SQL of which posts `p`, and which of their items `i` of a modality, match; each with its parameters."""

    posts: str
    post_values: tuple[object, ...]
    items: Mapping[str, tuple[str, tuple[object, ...]]]


def conditions(asked: Filter, in_lasso: list[int] | None, tagged: list[str] | None) -> Conditions:
    """A filter as SQL; nothing that was typed is ever in it but as a parameter.

    Args:
        asked: the filter.
        in_lasso: numbers of the items in the lasso; None without one.
        tagged: ids of the posts that have the tag; None without one.
    """
    posts: list[tuple[str, object]] = [("contains(p.folded, ?)", word) for word in asked.words]
    if asked.crawl_dates:
        posts.append(("p.crawl_date IN (SELECT unnest(?::DATE[]))", list(asked.crawl_dates)))
    if asked.account is not None:
        posts.append(("p.account = ?", asked.account))
    if asked.likes is not None:
        posts.append(("p.n_likes >= ?", asked.likes))
    if tagged is not None:
        posts.append(("p.post_id IN (SELECT unnest(?::VARCHAR[]))", tagged))
    items: dict[str, list[tuple[str, object]]] = {modality: [] for modality in MODALITIES}
    for modality, identity in (("image", asked.style), ("text", asked.topic)):
        if identity is not None:
            items[modality].append(("coalesce(i.identity, 'none') = ?", identity))
    if asked.verdict is not None:
        items["image"].append(("i.verdict = ?", asked.verdict))
    if in_lasso is not None:
        items[asked.map].append(("i.item_no IN (SELECT unnest(?::INTEGER[]))", in_lasso))
    needed = [
        (
            f"EXISTS (SELECT 1 FROM items i WHERE i.post_no = p.post_no AND i.modality = '{modality}' "
            f"AND {_all(of)})",
            [value for _, value in of],
        )
        for modality, of in items.items()
        if of
    ]
    return Conditions(
        " AND ".join([_all(posts), *(sql for sql, _ in needed)]),
        (*(value for _, value in posts), *(value for _, values in needed for value in values)),
        {modality: (_all(of), tuple(value for _, value in of)) for modality, of in items.items()},
    )


def _all(parts: list[tuple[str, object]]) -> str:
    return " AND ".join(sql for sql, _ in parts) or "true"
