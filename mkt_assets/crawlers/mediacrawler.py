"""The tables and media folders of MediaCrawler's Xiaohongshu mode, old and new.

Not here: its modes for other platforms, which are guessed (crawlers/guess).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from mkt_assets.crawlers.base import MediaKey, Record, TableKind

_KINDS = {"normal": "image", "video": "video"}
_TITLE_FROM_CONTENT = 255
_ACCOUNTS = frozenset({"user_id", "creator_hash"})
_COLUMNS = (
    _ACCOUNTS
    | {"note_id", "type", "title", "desc", "time", "last_update_time", "nickname", "ip_location", "tag_list"}
    | {
        "collected_count",
        "comment_count",
        "share_count",
        "last_modify_ts",
        "note_url",
        "source_keyword",
        "xsec_token",
    }
)
_OTHER_PLATFORMS = frozenset({"tieba_id", "tieba_name"})
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)


class MediaCrawlerReader:
    """Columns note_id, desc ..; media in xhs/images/{note_id}/0.jpg and xhs/videos/{note_id}/0.mp4."""

    crawler = "mediacrawler"

    def kind_of(self, columns: frozenset[str]) -> TableKind | None:
        """Posts, comments or accounts; tables of the other platforms it crawls are none of these."""
        if columns & _OTHER_PLATFORMS:
            return None
        if "comment_id" in columns and "note_id" in columns:
            return "comments"
        is_note = "note_id" in columns and columns & {"desc", "title"} and columns & _ACCOUNTS
        # others call a post's id so, too, and have more than is read here
        if is_note and ("liked_count" in columns or columns <= _COLUMNS):
            return "posts"
        if columns & _ACCOUNTS and columns & {"fans", "follows"} and "title" not in columns:
            return "accounts"
        return None

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; a title that the crawler made from the content (its first 255 characters) is left out."""
        title, content = values.get("title"), values.get("desc")
        if title and content and title == content[:_TITLE_FROM_CONTENT]:
            title = None
        return Record(
            post_id=values.get("note_id"),
            poster_id=values.get("creator_hash") or values.get("user_id"),
            post_url=values.get("note_url"),
            title=title,
            content=content,
            tags=values.get("tag_list"),
            kind=_KINDS.get(values.get("type", "")),  # pyright: ignore[reportArgumentType]
            likes=values.get("liked_count"),
            collects=values.get("collected_count"),
            comments=values.get("comment_count"),
            shares=values.get("share_count"),
            published=values.get("time"),
            fetched=values.get("last_modify_ts"),
            location=values.get("ip_location"),
            keyword=values.get("source_keyword"),
        )

    def media_key(self, path: PurePosixPath) -> MediaKey | None:
        """{note_id}/{n}.* under any folder; n is not always the number of the picture's URL."""
        if len(path.parts) >= 2 and _NUMBER.fullmatch(path.stem):
            return MediaKey(post_id=path.parts[-2], frame=f"image_{int(path.stem)}")
        return None
