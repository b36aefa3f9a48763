"""From a record to a row of raw_posts: ids checked, counts and times parsed, texts left as they are.

Not here: cleaning of text (core/text), which row of a post wins (crawlers/reading).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from mkt_assets.core.text.counts import parse_count
from mkt_assets.core.text.dates import parse_published, parse_timestamp, time_in_post_id
from mkt_assets.crawlers.base import Limits, Record
from mkt_assets.crawlers.ids import is_rounded, unprotected
from mkt_assets.crawlers.redact import ID, storable

POST_ADDRESS = "https://www.xiaohongshu.com/explore/{post_id}"
IN_CELLS = json.JSONDecoder(parse_int=str)
"""Reads JSON in a cell; ids longer than 53 bits keep their digits. (`json.loads` makes a decoder a call.)"""

# The original's crawler, dumps of databases, pandas and spreadsheet programs write missing cells so; inside a
# text they are words like any other.
_MISSING = frozenset(
    {
        *("", "nan", "NaN", "None", "null", "NULL", "\\N", "<null>", "<NULL>", "(null)", "(NULL)", "(Null)"),
        *("[NULL]", "<NA>", "<nil>", "NaT", "#N/A", "undefined"),
    }
)
_ID_SHAPE = "letters, digits, - and _, 64 at most"
# without the number: all rows of a file give one reason
_ROUNDED = (
    "A spreadsheet program made a number of the {name} id and rounded it (6.9E+23 is such a number); which {name} "
    "it was is lost. Use the crawler's own file, or open that with this column as text, and only then save it."
)
_CHAPTER_MARK = re.compile(r"\d{1,2}(:\d{2}){1,2}")
_COMMA = re.compile("[,，]")
_LONGEST_ADDRESS = 2_000


@dataclass(frozen=True)
class Post:
    """A usable record: the raw account id, which no table gets, and its row, not yet redacted.

    `undated` says why the row has no time of publication, if it has none.
    """

    post_id: str
    poster_id: str
    fetched_at: datetime | None
    row: dict[str, Any]
    undated: str | None = None


@dataclass(frozen=True)
class UnusableRecord:
    """Why a record is no post, in a sentence, its post id if that is valid, and its raw account id."""

    reason: str
    post_id: str | None = None
    poster_id: str | None = None


def present(text: str | None) -> str | None:
    """A field as it can be stored, or None if it is blank or the mark of a missing value (nan, null ..)."""
    if text is None:
        return None
    kept = storable(text)
    return None if kept.strip() in _MISSING else kept


def split_tags(text: str | None) -> list[str]:
    """Hashtags of a comma-joined or JSON-encoded list or text: without # and blanks, each once, in order.

    Chapter marks of a video (`00:57`), which the original's crawler took for hashtags, are left out.
    """
    shown = present(text)
    if shown is None:
        return []
    listed = _json_strings(shown)
    parts = _COMMA.split(shown) if listed is None else listed
    tags = (part.strip().lstrip("#＃").strip() for part in parts)
    return list(dict.fromkeys(tag for tag in tags if tag and not _CHAPTER_MARK.fullmatch(tag)))


def post_of(
    record: Record,
    crawl_date: date,
    hash_poster: Callable[[str], str],
    timezone: str,
    *,
    max_characters: int = Limits.max_text_characters,
) -> Post | UnusableRecord:
    """The post of a record, or why there is none; `max_characters` are those of title, text and tags together."""
    post_id, poster_id = (_id(record.post_id), _id(record.poster_id))
    if record.problem:
        return UnusableRecord(record.problem, None, poster_id)
    if post_id is None:
        return UnusableRecord("The row has no post id.", None, poster_id)
    for name, value in (("post", post_id), ("account", poster_id)):
        if value is not None and is_rounded(value):
            return UnusableRecord(_ROUNDED.format(name=name), None if name == "post" else post_id)
    if not ID.fullmatch(post_id):
        return UnusableRecord(f"The post id is not an id ({_ID_SHAPE}).", None, poster_id)
    if poster_id == post_id:
        return UnusableRecord(
            "The post id is that of the account: the columns may be shifted.", None, poster_id
        )
    if poster_id is None:
        return UnusableRecord("The row has no account id.", post_id)
    if not ID.fullmatch(poster_id):
        return UnusableRecord(f"The account id is not an id ({_ID_SHAPE}).", post_id)
    n_characters = sum(len(text or "") for text in (record.title, record.content, record.tags))
    if n_characters > max_characters:
        reason = f"Title, text and tags have {n_characters:,} characters, more than {max_characters:,}: no post has."
        return UnusableRecord(reason, post_id, poster_id)
    fetched_at = parse_timestamp(record.fetched, timezone)
    published = _published(record, post_id, crawl_date, timezone, fetched_at)
    row = {
        "crawl_date": crawl_date,
        "post_id": post_id,
        "poster_id": hash_poster(poster_id),
        "post_url": clean_url(record.post_url, post_id, poster_id),
        "title": present(record.title),
        "content": present(record.content),
        "tags": split_tags(record.tags),
        "kind": record.kind,
        **_counts(record),
        **published,
        "fetched_at": fetched_at,
        "location": present(record.location),
        "keyword": present(record.keyword),
    }
    undated = None if published["published_at"] else _why_undated(record, timezone)
    return Post(post_id, poster_id, fetched_at, row, undated)


def clean_url(text: str | None, post_id: str, poster_id: str) -> str | None:
    """The web address of a post without query and fragment; built anew if an account is in it."""
    shown = (present(text) or "").strip()
    if len(shown) > _LONGEST_ADDRESS:  # looking for signs in a host takes a square of it
        return None
    try:
        parts = urlsplit(shown)
    except ValueError:  # "http://["
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    address = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    if poster_id in address or "/user/" in parts.path or "@" in parts.netloc:
        return POST_ADDRESS.format(post_id=post_id)
    return address


def _id(text: str | None) -> str | None:
    kept = present(text)
    return present(unprotected(kept)) if kept else None


def _counts(record: Record) -> dict[str, int | bool | None]:
    row: dict[str, int | bool | None] = {}
    for name in ("likes", "collects", "comments", "shares"):
        count = parse_count(getattr(record, name))
        row[f"n_{name}"] = count.value
        row[f"n_{name}_is_lower_bound"] = count.is_lower_bound
    return row


def _published(
    record: Record, post_id: str, crawl_date: date, timezone: str, fetched_at: datetime | None
) -> dict[str, datetime | str | None]:
    """The time that the field says, or else the one in the id, unless it is after the crawl.

    A drop that was fetched over days has posts of all of them: up to the fetch, or, of a crawler that does not
    say when it fetched, where the field and the id agree.
    """
    created = time_in_post_id(post_id, timezone=timezone)
    latest = max(crawl_date, (fetched_at or datetime.combine(crawl_date, time())).date())
    stated = parse_timestamp(record.published, timezone)
    if stated and created and abs(stated - created) <= timedelta(days=1):
        return {"published_at": stated, "published_from": "field"}
    in_field = parse_published(record.published, crawl_date, timezone, fetched_at)
    moment = in_field or time_in_post_id(post_id, latest, timezone)
    source = "field" if in_field else "post_id"
    return {"published_at": moment, "published_from": source if moment else None}


def _why_undated(record: Record, timezone: str) -> str:
    if not present(record.published):
        return "give none"
    is_later = parse_timestamp(record.published, timezone) is not None
    return "say one after the crawl date" if is_later else "say one that cannot be read"


def _json_strings(text: str) -> list[str] | None:
    if not text.lstrip().startswith(("[", '"')):
        return None
    try:
        values = IN_CELLS.decode(text)
    except (ValueError, RecursionError):  # a tag may begin with a bracket or a quotation mark
        return None
    if isinstance(values, str):
        return _COMMA.split(storable(values))
    return [storable(value) for value in values if isinstance(value, str)]
