"""The files of Spider_XHS: info.json beside each post's media, and workbooks.

Not here: parsing them (crawlers/json_files, crawlers/workbook_files).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from mkt_assets.crawlers.base import MediaKey, Record, TableKind

# info.json's name of a field, and the header of the same field in a workbook
_HEADERS = {
    "note_id": "笔记id",
    "note_url": "笔记url",
    "note_type": "笔记类型",
    "user_id": "用户id",
    "title": "标题",
    "desc": "描述",
    "liked_count": "点赞数量",
    "collected_count": "收藏数量",
    "comment_count": "评论数量",
    "share_count": "分享数量",
    "tags": "标签",
    "upload_time": "上传时间",
    "ip_location": "ip归属地",
}
_KINDS = {"图集": "image", "视频": "video"}
_NO_TITLE = "无标题"
_UNKNOWN_PLACE = "未知"
_FOLDER = re.compile(r"(?:.*_)?([0-9a-f]{24})", re.DOTALL)
_FRAME = re.compile(r"(image_\d{1,4})|(cover)|(video)", re.ASCII)
# A workbook has its lists as Python shows them: ['a', "it's"]
_SHOWN_STRING = r"""'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+\""""
_SHOWN_LIST = re.compile(rf"\[(?:{_SHOWN_STRING})(?:, (?:{_SHOWN_STRING}))*+\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:(['\"\\nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class SpiderXhsReader:
    """Columns note_id, upload_time .. or 笔记id, 上传时间 ..; media in {nickname}_{user_id}/{title}_{note_id}/."""

    crawler = "spider_xhs"

    def kind_of(self, columns: frozenset[str]) -> TableKind | None:
        """Posts, comments or accounts, of either kind of file."""
        if columns >= {"评论id", "评论内容"} or columns >= {"comment_id", "show_tags"}:
            return "comments"
        if columns >= {"笔记id", "用户id", "上传时间"} or columns >= {"note_id", "upload_time"}:
            return "posts"
        if "标题" in columns:
            return None
        if columns >= {"用户id", "粉丝数量"} or columns >= {"user_id", "home_url", "fans"}:
            return "accounts"
        return None

    def record(self, values: Mapping[str, str]) -> Record:
        """A post; it has no time of the crawl, and says 无标题 for no title, 未知 for no place."""
        found = {name: values.get(name, values.get(header)) for name, header in _HEADERS.items()}
        return Record(
            post_id=found["note_id"],
            poster_id=found["user_id"],
            post_url=found["note_url"],
            title=_unless(found["title"], _NO_TITLE),
            content=found["desc"],
            tags=_as_json(found["tags"]),
            kind=_KINDS.get(found["note_type"] or ""),  # pyright: ignore[reportArgumentType]
            likes=found["liked_count"],
            collects=found["collected_count"],
            comments=found["comment_count"],
            shares=found["share_count"],
            published=found["upload_time"],
            location=_unless(found["ip_location"], _UNKNOWN_PLACE),
        )

    def media_key(self, path: PurePosixPath) -> MediaKey | None:
        """{nickname}_{user_id}/{title}_{note_id}/image_0.*, cover.* or video.*, under any folder."""
        if len(path.parts) < 3:
            return None
        account, post = (_FOLDER.fullmatch(part) for part in path.parts[-3:-1])
        frame = _FRAME.fullmatch(path.stem)
        if not (account and post and frame):
            return None
        return MediaKey(post[1], frame[1] or ("post" if frame[2] else "video"), account[1])


def _unless(text: str | None, placeholder: str) -> str | None:
    return None if text is not None and text.strip() == placeholder else text


def _as_json(text: str | None) -> str | None:
    """A list as Python shows it, as JSON; any other text, JSON too, as it is."""
    if text is None or not _SHOWN_LIST.fullmatch(text) or _is_json(text):
        return text
    return json.dumps([_unescaped(shown[1:-1]) for shown in re.findall(_SHOWN_STRING, text, re.DOTALL)])


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text)


def _character(escape: re.Match[str]) -> str:
    if escape[1]:
        return _ESCAPED.get(escape[1], escape[1])
    code = int(escape[2] or escape[3] or escape[4], 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"
