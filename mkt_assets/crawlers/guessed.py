"""Rows of a table whose columns were guessed, or named by its user, as records of posts.

Not here: which column is what (crawlers/guess, crawlers/columns_file).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, cast

from mkt_assets.crawlers.base import Record
from mkt_assets.crawlers.guess import Guess, normal
from mkt_assets.crawlers.ids import is_rounded
from mkt_assets.crawlers.links import account_in_home, account_in_post, address_of, post_id_in
from mkt_assets.crawlers.posts import IN_CELLS, present
from mkt_assets.crawlers.redact import ID

NO_ID = (
    "The row has neither a post's id nor a link with the id in it ({}): the link of the post's own page has "
    "one, that of a search, a picture or an account has not."
)
_OF_A_COMMENT = "The row is a comment, as its type says; only posts are read."
_COMMENTS = frozenset({"comment", "reply", "评论", "回复"})
_KINDS: Mapping[str, Literal["image", "video"]] = {
    **dict.fromkeys(
        ("normal", "image", "images", "photo", "picture", "sidecar", "carousel", "album"), "image"
    ),
    **dict.fromkeys(
        ("图文", "图集", "图片", "照片", "圖文", "graphimage", "graphsidecar", "image/text"), "image"
    ),
    **dict.fromkeys(("video", "videos", "reel", "reels", "clips", "igtv", "graphvideo"), "video"),
    **dict.fromkeys(("视频", "短视频", "視頻", "影片"), "video"),
}
_IS_VIDEO: Mapping[str, Literal["image", "video"]] = {
    "true": "video",
    "1": "video",
    "false": "image",
    "0": "image",
}
_NAMES_OF_A_TAG = ("name", "tag_name", "tagName", "hashtag_name", "hashtagName", "title", "text")
_TAG_SEPARATORS = re.compile(r"[,，;；|、\n\r\t]+")
_SIGN = re.compile("[#＃]")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?", re.ASCII)
_ROW_NUMBER = re.compile(r"\d{1,5}", re.ASCII)
_LONGEST_TITLE_FROM_CONTENT = 255
_MOST_TAG_CHARACTERS = 100_000


class GuessedTable:
    """A table with these columns."""

    crawler = "generic"

    def __init__(self, columns: Guess) -> None:
        self.guess = columns

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; its account is, of what there is, its id, that in its home page, its name, or the post's own.

        An id under a name that may mean anything comes behind the one in the post's link, and is none where it
        is the number of a row. A name is hashed, as an id is: the same name is the same account.
        """
        link, post_id = self._identified(values)
        title, content = self._text(values, "title"), self._text(values, "content")
        if title and content and title in (content, content[:_LONGEST_TITLE_FROM_CONTENT]):
            title = None
        account = self._account(values, link, post_id)
        return Record(
            post_id=post_id,
            poster_id=account,
            post_url=address_of(link, account),
            title=title,
            content=content,
            tags=self._tags(values),
            kind=self._kind(values),
            likes=self._text(values, "likes"),
            collects=self._text(values, "collects"),
            comments=self._text(values, "comments"),
            shares=self._text(values, "shares"),
            published=self._published(values),
            fetched=self._text(values, "fetched"),
            location=self._text(values, "location"),
            keyword=self._text(values, "keyword"),
            problem=self._problem(values, post_id),
        )

    def _problem(self, values: Mapping[str, str], post_id: str | None) -> str | None:
        if post_id is None:
            columns = [column for field in ("id", "link") for column in self.guess.columns.get(field, ())]
            return NO_ID.format(", ".join(columns[:4]))
        shown = {values.get(column, "").strip().lower() for column in self.guess.columns.get("kind", ())}
        return _OF_A_COMMENT if shown & _COMMENTS else None

    def _identified(self, values: Mapping[str, str]) -> tuple[str | None, str | None]:
        """The post's link and its id; an id that is none (6.9E+23) comes behind the link's, too."""
        links = self._all(values, "link")
        link, in_link = next(((text, found) for text in links if (found := post_id_in(text))), (None, None))
        link = link or (links[0] if links else None)
        for column in self.guess.columns.get("id", ()):
            shown = (present(values.get(column)) or "").strip()
            if "://" in shown:
                return link or shown, post_id_in(shown) or in_link
            is_row_number = column in self.guess.vague and _ROW_NUMBER.fullmatch(shown)
            is_better = column not in self.guess.vague and ID.fullmatch(shown) and not is_rounded(shown)
            if shown and not is_row_number and (is_better or in_link is None):
                return link, shown
        return link, in_link

    def _account(self, values: Mapping[str, str], link: str | None, post_id: str | None) -> str | None:
        if given := self._text(values, "account"):
            return given
        if home := self._text(values, "home"):
            return _as_account(account_in_home(home) or home)
        found = self._text(values, "name") or account_in_post(link)
        if found:
            return _as_account(found)
        return None if post_id is None else _digest(f"post {post_id}")

    def _tags(self, values: Mapping[str, str]) -> str | None:
        """The tags of one column, or those of a column each (hashtags/0, hashtags/1)."""
        columns = self.guess.columns.get("tags", ())
        if not columns or "." not in normal(columns[0]):
            return tags_of(self._text(values, "tags"))
        return json.dumps([tag for column in columns if (tag := values.get(column))], ensure_ascii=False)

    def _published(self, values: Mapping[str, str]) -> str | None:
        """The time of publication; a day and a time of day in two columns are put together."""
        shown = [text.strip() for text in self._all(values, "published")]
        clock = next((text for text in shown if _CLOCK.fullmatch(text)), None)
        day = next((text for text in shown if text != clock), None)
        return f"{day} {clock}" if day and clock and ":" not in day else day

    def _kind(self, values: Mapping[str, str]) -> Literal["image", "video"] | None:
        for column in self.guess.columns.get("kind", ()):
            shown = values.get(column, "").strip().lower()
            found = _KINDS.get(shown) or (_IS_VIDEO.get(shown) if normal(column) == "isvideo" else None)
            if found:
                return found
        return None

    def _text(self, values: Mapping[str, str], field: str) -> str | None:
        """The first value of the field's columns."""
        return next(iter(self._all(values, field)), None)

    def _all(self, values: Mapping[str, str], field: str) -> list[str]:
        """The values of the field's columns; an object, whose parts are columns of their own, is none."""
        return [
            text
            for column in self.guess.columns.get(field, ())
            if (text := present(values.get(column)))
            and not (text[0] == "{" and any(name.startswith(f"{column}.") for name in values))
        ]


def tags_of(text: str | None) -> str | None:
    """Tags as a JSON list: of objects with a name, of strings, or of a text with ``#``, separators or blanks.

    A blank separates tags only where nothing else does and a part is not in Latin letters: "City walk" is one.
    """
    if text is None or len(text) > _MOST_TAG_CHARACTERS:
        return text
    if _is_container(text):
        names = (
            [_tag_name(tag) for tag in cast("list[Any]", listed)]
            if isinstance(listed := _json(text), list)
            else []
        )
        return json.dumps([name for name in names if name], ensure_ascii=False)
    parts = _TAG_SEPARATORS.split(text)
    if _SIGN.search(text):
        parts = [tag for part in parts for tag in _SIGN.split(part)]
    elif len(parts) == 1 and not text.isascii():
        parts = text.split()
    return json.dumps([tag for part in parts if (tag := part.strip())], ensure_ascii=False)


def _tag_name(tag: object) -> str | None:
    if isinstance(tag, str):
        return tag
    if not isinstance(tag, dict):
        return None
    names = cast("dict[str, object]", tag)
    return next((name for key in _NAMES_OF_A_TAG if isinstance(name := names.get(key), str) and name), None)


def _is_container(text: str) -> bool:
    return text.lstrip()[:1] in ("[", "{") and isinstance(_json(text), list | dict)


@lru_cache(maxsize=8)
def _json(text: str) -> object:
    try:
        return IN_CELLS.decode(text)
    except (ValueError, RecursionError):
        return None


def _as_account(name: str) -> str:
    """An account for a name or an address: itself where it is an id, else a hash of it."""
    return name if ID.fullmatch(name) and any(map(str.isdigit, name)) and len(name) >= 8 else _digest(name)


def _digest(text: str) -> str:
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]
