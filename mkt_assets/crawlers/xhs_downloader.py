"""The table of XHS-Downloader (ExploreData.db) and its media.

Not here: reading the database (crawlers/sqlite_files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from mkt_assets.core.text.chinese import simplified
from mkt_assets.crawlers.base import MediaKey, Record, TableKind

# Also in English and in Traditional characters; a live photo is a picture, and what is unknown stays so.
_KINDS = {
    **{"图文": "image", "图集": "image", "实况": "image", "动图": "image", "视频": "video"},
    **{"image": "image", "livephoto": "image", "video": "video"},
}
_MOST_WORDS = 6  # of one tag
# How it names files is its user's choice; where that ends with the post's id, the post is known.
_NAME = re.compile(r"(?:.*_)?([0-9a-f]{24})(?:_(\d{1,3}))?", re.DOTALL | re.ASCII)


class XhsDownloaderReader:
    """Columns 作品ID, 作者ID, 作品标题 ..; media whose names end with the post's id and a number."""

    crawler = "xhs_downloader"

    def kind_of(self, columns: frozenset[str]) -> TableKind | None:
        """Posts; it keeps no other tables with texts."""
        is_known = columns >= {"作品ID", "作者ID"} and columns & {"作品标题", "作品描述"}
        return "posts" if is_known else None

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; its tags are separated by blanks."""
        tags = values.get("作品标签")
        return Record(
            post_id=values.get("作品ID"),
            poster_id=values.get("作者ID"),
            post_url=values.get("作品链接"),
            title=values.get("作品标题"),
            content=values.get("作品描述"),
            tags=None if tags is None else ",".join(_tags(tags, values.get("作品描述") or "")),
            kind=_KINDS.get(simplified(values.get("作品类型", "")).strip().lower()),  # pyright: ignore[reportArgumentType]
            likes=values.get("点赞数量"),
            collects=values.get("收藏数量"),
            comments=values.get("评论数量"),
            shares=values.get("分享数量"),
            published=values.get("发布时间"),
            fetched=values.get("采集时间"),
        )

    def media_key(self, path: PurePosixPath) -> MediaKey | None:
        """*{post_id}_{n}.* or *{post_id}.*, anywhere; pictures are numbered from 1, a video has no number."""
        match = _NAME.fullmatch(path.stem)
        if match is None:
            return None
        return MediaKey(match[1], f"image_{max(int(match[2]) - 1, 0)}" if match[2] else "post")


def _tags(text: str, caption: str) -> list[str]:
    """Tags between blanks; a blank is inside of one where the caption has its hashtag so.

    As in ``#City walk[话题]#``; or, without the mark, where no hashtag begins with the second word: a caption has
    all tags as hashtags. Only words in Latin letters go on so: behind ``#显高``, a blank ends the hashtag.
    """
    found: list[str] = []
    words = text.split()
    i = 0
    while i < len(words):
        n = next(
            (n for n in range(min(_MOST_WORDS, len(words) - i), 1, -1) if _is_one(words[i : i + n], caption)),
            1,
        )
        found.append(" ".join(words[i : i + n]))
        i += n
    return found


def _is_one(words: list[str], caption: str) -> bool:
    tag = " ".join(words)
    if f"#{tag}[" in caption:
        return True
    is_latin = all(word.isascii() and f"#{word}" not in caption for word in words[1:])
    at = caption.find(f"#{tag}") + 1 + len(tag)
    return is_latin and at > len(tag) and (caption[at : at + 1] in ("", "#") or caption[at].isspace())
