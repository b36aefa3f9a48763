"""The CSV and media folders of the original project's own crawler.

Not here: the original's results, as files (core/crosstab/original_files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from mkt_assets.crawlers.base import MediaKey, Record, TableKind

_MARKS = frozenset({"post_title", "post_content", "post_fetch_time"})
_FRAME = r"post|video|video_\d{1,4}|image_\d{1,4}"
_IN_FOLDERS = re.compile(_FRAME)
# {MM-DD}_{poster_id}_{post_id}_{frame}: the prefix is the shown date, whatever its form
_FLATTENED = re.compile(rf"[^_]*_([0-9A-Za-z-]{{1,64}})_([0-9A-Za-z-]{{1,64}})_({_FRAME})")


class OriginalReader:
    """Columns post_title, post_content ..; media in {poster_id}/{post_id}/post.png, or flattened."""

    crawler = "original"

    def kind_of(self, columns: frozenset[str]) -> TableKind | None:
        """Posts, if there is a post id and a column that the tables derived from a crawl lack."""
        return "posts" if "post_id" in columns and columns & _MARKS else None

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; its title is the page's, without the platform's name, and date and time are one field."""
        return Record(
            post_id=values.get("post_id"),
            poster_id=values.get("poster_id"),
            post_url=values.get("post_url"),
            title=values.get("post_title"),
            content=values.get("post_content"),
            tags=values.get("post_tag"),
            likes=values.get("post_like"),
            collects=values.get("post_collect"),
            comments=values.get("post_comments"),
            published=f"{values.get('post_date', '')} {values.get('post_time', '')}",
            fetched=values.get("post_fetch_time"),
            location=values.get("post_location"),
        )

    def media_key(self, path: PurePosixPath) -> MediaKey | None:
        """{poster_id}/{post_id}/{frame}.* under any folder, or *_{poster_id}_{post_id}_{frame}.*."""
        if match := _FLATTENED.fullmatch(path.stem):
            return MediaKey(post_id=match[2], frame=match[3], poster_id=match[1])
        if len(path.parts) >= 3 and _IN_FOLDERS.fullmatch(path.stem):
            return MediaKey(post_id=path.parts[-2], frame=path.stem, poster_id=path.parts[-3])
        return None
