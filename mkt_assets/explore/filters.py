"""What an analyst asks for, as it stands in an address: parsed and bounded.

Not here: as SQL (conditions), the answers (answers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.items import VERDICTS

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
        words: all of them stand in title, text or tags, in any case, in one piece or as the words that one is made of.
        style: lasting id of a style; `none`: pictures that are in no style.
        topic: lasting id of a topic; `none`: texts that are in no topic.
        crawl_dates: in one of these crawls; empty: in any.
        account: the first eight characters of its pseudonym.
        likes: at least so many.
        verdict: of a picture.
        tag: a tag of the analyst's.
        lasso: corners (x, y) of an area of the map, an item in which the post has.
        map: whose map is looked at, that of pictures or of texts.
        like: an item that the posts' items are compared with: modality/crawl date/post id, of a picture /frame.
        sort: which posts come first.
        offset: how many posts to leave out.
    """

    words: tuple[str, ...] = ()
    style: str | None = None
    topic: str | None = None
    crawl_dates: tuple[date, ...] = ()
    account: str | None = None
    likes: int | None = None
    verdict: str | None = None
    tag: str | None = None
    lasso: tuple[tuple[float, float], ...] = ()
    map: str = "image"
    like: str | None = None
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
        account=given.get("account"),
        likes=_number(given, "likes", 0),
        verdict=_one_of(given, "verdict", VERDICTS),
        tag=given.get("tag"),
        lasso=_corners(given.get("lasso", "")),
        map=_one_of(given, "map", MODALITIES) or "image",
        like=given.get("like"),
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
