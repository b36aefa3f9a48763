"""The same posts as every known crawler writes them, for tests of reading. No project code is used here."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import openpyxl

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Written:
    """A post, before any crawler saw it; times are naive, of China."""

    post_id: str
    user_id: str
    nickname: str
    title: str
    content: str
    tags: tuple[str, ...]
    is_video: bool
    likes: str
    collects: str
    comments: str
    published: datetime
    fetched: datetime


_TITLES = (
    "今日穿搭",
    "小个子也显高",
    "红色连衣裙🧣",
    "=1+1 的裙子",
    'it\'s "vintage"',
    "a_b_c",
    "",
    "通勤西装<b>",
)
_CONTENTS = (
    "今天穿白衬衫#通勤",
    "第一行\n第二行，逗号,\"引号\" 'q'",
    "",
    "全角\u3000空格 和 👩‍👧 emoji",
    "-5度的冬天\\n 反斜杠",
    "<script>alert(1)</script>",
)
_TAGS = ("通勤", "穿搭", "小个子", "it's", "OOTD每日", "旗袍")
_COUNTS = ("0", "12", "1千+", "1.2万", "10万+", "3k", "1,234", "-1", "")


def random_posts(seed: int, n: int) -> list[Written]:
    rng = random.Random(seed)
    posts: list[Written] = []
    for i in range(n):
        published = datetime(2024, 3, 1) + timedelta(minutes=rng.randrange(100_000))
        seconds = int(published.replace(tzinfo=CHINA).timestamp())
        posts.append(
            Written(
                post_id=f"{seconds:08x}{rng.getrandbits(64):016x}",
                user_id=f"5e5e{rng.randrange(12):020x}",
                nickname=rng.choice(("小红", "a_b", "裙子/控", "x")),
                title=rng.choice(_TITLES),
                content=rng.choice(_CONTENTS),
                tags=tuple(rng.sample(_TAGS, rng.randrange(4))),
                is_video=rng.random() < 0.3,
                likes=rng.choice(_COUNTS),
                collects=rng.choice(_COUNTS),
                comments=rng.choice(_COUNTS),
                published=published,
                fetched=datetime(2024, 6, 13, 10) + timedelta(seconds=i),
            )
        )
    return posts


def creator_hash(user_id: str) -> str:
    return hashlib.sha256(user_id.encode()).hexdigest()[:16]


def original_csv(folder: Path, posts: Sequence[Written]) -> None:
    rows = [
        {
            "poster_id": post.user_id,
            "post_id": post.post_id,
            "post_url": f"https://www.xiaohongshu.com/explore/{post.post_id}",
            "post_title": post.title,
            "post_location": "",
            "post_date": f"{post.published:%Y-%m-%d}",
            "post_time": f"{post.published:%H:%M}",
            "post_content": post.content,
            "post_tag": ", ".join(post.tags),
            "post_comments": post.comments,
            "post_like": post.likes,
            "post_collect": post.collects,
            "post_img": "",
            "post_comment_content": "",
            "post_fetch_time": f"{post.fetched:%Y-%m-%d %H:%M:%S}",
        }
        for post in posts
    ]
    _put(folder / "01_post_data_2024-06-13.csv", _csv(rows))


def mediacrawler_csv(folder: Path, posts: Sequence[Written]) -> None:
    _put(folder / "xhs/csv/detail_contents_2024-06-13.csv", b"\xef\xbb\xbf" + _csv([_note(p) for p in posts]))


def mediacrawler_hashed_csv(folder: Path, posts: Sequence[Written]) -> None:
    data = b"\xef\xbb\xbf" + _csv([_hashed(_note(p)) for p in posts])
    _put(folder / "xhs/csv/search_contents_2024-06-13.csv", data)


def mediacrawler_jsonl(folder: Path, posts: Sequence[Written]) -> None:
    lines = "".join(json.dumps(_hashed(_note(p)), ensure_ascii=False) + "\n" for p in posts)
    _put(folder / "xhs/jsonl/search_contents_2024-06-13.jsonl", lines.encode())


def mediacrawler_json(folder: Path, posts: Sequence[Written]) -> None:
    _put(
        folder / "xhs/json/creator_contents_2024-06-13.json",
        json.dumps([_note(p) for p in posts], ensure_ascii=False, indent=4).encode(),
    )


def mediacrawler_xlsx(folder: Path, posts: Sequence[Written]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Contents"
    append(sheet, [_hashed(_note(p)) for p in posts])
    comments = book.create_sheet("Comments")
    append(comments, [{"comment_id": "1", "note_id": "2", "content": "好看", "nickname": "x"}])
    path = folder / "xhs/xhs_search_20240613_143025.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


def mediacrawler_sqlite(folder: Path, posts: Sequence[Written]) -> None:
    rows = [_hashed(_note(p)) for p in posts]
    rows = [
        row | {key: json.dumps(row[key]) for key in ("image_list", "tag_list") if row[key]} for row in rows
    ]
    tables = {
        "xhs_note": rows,
        "xhs_note_comment": [{"comment_id": "1", "note_id": "2", "content": "好看"}],
        "bilibili_video": [{"video_id": 1, "title": "视频", "desc": ""}],
    }
    _sqlite(folder / "sqlite_tables.db", tables)


def spider_json(folder: Path, posts: Sequence[Written]) -> None:
    for post in posts:
        nickname, title = (text.replace("/", "") for text in (post.nickname, post.title or "无标题"))
        path = folder / f"{nickname}_{post.user_id}" / f"{title}_{post.post_id}" / "info.json"
        _put(path, (json.dumps(_spider(post)) + "\n").encode())


def spider_xlsx(folder: Path, posts: Sequence[Written]) -> None:
    header = (
        *("笔记id", "笔记url", "笔记类型", "用户id", "用户主页url", "昵称", "头像url", "标题", "描述"),
        *("点赞数量", "收藏数量", "评论数量", "分享数量", "视频封面url", "视频地址url", "图片地址url列表"),
        *("标签", "上传时间", "ip归属地"),
    )
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    append(sheet, [dict(zip(header, map(str, _spider(p).values()), strict=True)) for p in posts])
    folder.mkdir(parents=True, exist_ok=True)
    book.save(folder / "笔记.xlsx")


def downloader_sqlite(folder: Path, posts: Sequence[Written]) -> None:
    rows = [
        {
            "采集时间": f"{post.fetched:%Y-%m-%d_%H:%M:%S}",
            "作品ID": post.post_id,
            "作品类型": "视频" if post.is_video else "图文",
            "作品标题": post.title,
            "作品描述": post.content,
            "作品标签": " ".join(post.tags),
            "发布时间": f"{post.published:%Y-%m-%d_%H:%M:%S}",
            "最后更新时间": "未知",
            "收藏数量": post.collects or "-1",
            "评论数量": post.comments or "-1",
            "分享数量": "-1",
            "点赞数量": post.likes or "-1",
            "作者昵称": post.nickname,
            "作者ID": post.user_id,
            "作者链接": f"https://www.xiaohongshu.com/user/profile/{post.user_id}",
            "作品链接": f"https://www.xiaohongshu.com/explore/{post.post_id}",
            "下载地址": "https://x.example/1 https://x.example/2",
            "动图地址": "NaN",
        }
        for post in posts
    ]
    _sqlite(folder / "ExploreData.db", {"explore_data": rows})


WRITERS: dict[str, Callable[[Path, Sequence[Written]], None]] = {
    writer.__name__: writer
    for writer in (
        original_csv,
        mediacrawler_csv,
        mediacrawler_hashed_csv,
        mediacrawler_jsonl,
        mediacrawler_json,
        mediacrawler_xlsx,
        mediacrawler_sqlite,
        spider_json,
        spider_xlsx,
        downloader_sqlite,
    )
}


def _note(post: Written) -> dict[str, object]:
    return {
        "note_id": post.post_id,
        "type": "video" if post.is_video else "normal",
        "title": post.title or post.content[:255],
        "desc": post.content,
        "video_url": "",
        "time": _milliseconds(post.published),
        "last_update_time": _milliseconds(post.published),
        "user_id": post.user_id,
        "nickname": post.nickname,
        "liked_count": post.likes,
        "collected_count": post.collects,
        "comment_count": post.comments,
        "share_count": "",
        "ip_location": "",
        "image_list": "https://x.example/1,https://x.example/2",
        "tag_list": ",".join(post.tags),
        "last_modify_ts": _milliseconds(post.fetched),
        "note_url": f"https://www.xiaohongshu.com/explore/{post.post_id}?xsec_token=5e5e&xsec_source=pc",
        "source_keyword": "",
    }


def _hashed(note: dict[str, object]) -> dict[str, object]:
    """The column set since 2026-07."""
    kept = {name: value for name, value in note.items() if name not in ("user_id", "ip_location")}
    return {"creator_hash": creator_hash(str(note["user_id"])), **kept, "xsec_token": "5e5e"}


def _spider(post: Written) -> dict[str, object]:
    return {
        "note_id": post.post_id,
        "note_url": f"https://www.xiaohongshu.com/explore/{post.post_id}?xsec_token=5e5e",
        "note_type": "视频" if post.is_video else "图集",
        "user_id": post.user_id,
        "home_url": f"https://www.xiaohongshu.com/user/profile/{post.user_id}",
        "nickname": post.nickname,
        "avatar": "",
        "title": post.title or "无标题",
        "desc": post.content,
        "liked_count": post.likes,
        "collected_count": post.collects,
        "comment_count": post.comments,
        "share_count": "",
        "video_cover": None,
        "video_addr": None,
        "image_list": ["https://x.example/1"],
        "tags": list(post.tags),
        "upload_time": f"{post.published:%Y-%m-%d %H:%M:%S}",
        "ip_location": "未知",
    }


def _milliseconds(moment: datetime) -> int:
    return int(moment.replace(tzinfo=CHINA).timestamp() * 1000)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _csv(rows: Sequence[dict[str, object]] | Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["post_id", "post_title"])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def append(sheet: object, rows: Sequence[Mapping[str, Any]]) -> None:
    table: list[list[Any]] = [list(rows[0]), *(list(row.values()) for row in rows)]
    for number, values in enumerate(table, start=1):
        for column, value in enumerate(values, start=1):
            cell = sheet.cell(row=number, column=column)  # pyright: ignore[reportAttributeAccessIssue]
            cell.value = value
            if isinstance(value, str) and value.startswith("="):
                cell.data_type = "s"


def _sqlite(path: Path, tables: Mapping[str, Sequence[Mapping[str, object]]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        for name, rows in tables.items():
            columns = ", ".join(f'"{column}"' for column in rows[0])
            database.execute(f'CREATE TABLE "{name}" (id INTEGER PRIMARY KEY, {columns})')
            marks = ", ".join("?" * len(rows[0]))
            database.executemany(
                f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', [tuple(row.values()) for row in rows]
            )
