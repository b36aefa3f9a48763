"""The same posts as exporters, researchers' tools and people write them, for tests of reading. No project code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from mkt_assets_tests.crawler_files import CHINA, Written, append

Posts = Sequence[Written]
HOST = "https://www.xiaohongshu.com"


def link(post: Written) -> str:
    return f"{HOST}/explore/{post.post_id}"


def home(post: Written) -> str:
    return f"{HOST}/user/profile/{post.user_id}"


def plain(post: Written, account: str) -> dict[str, Any]:
    """The plain form: one column a field, under the plainest name."""
    accounts = {"author_id": post.user_id, "author": post.nickname, "author_url": home(post)}
    return {
        "link": link(post),
        "title": post.title,
        "content": post.content,
        "tags": ",".join(post.tags),
        "likes": post.likes,
        "collects": post.collects,
        "comments": post.comments,
        "type": "video" if post.is_video else "image",
        "published": f"{post.published:%Y-%m-%d %H:%M:%S}",
        account: accounts[account],
    }


def plain_csv(folder: Path, posts: Posts, account: str = "author_id") -> None:
    write_csv(folder / "posts.csv", [plain(post, account) for post in posts])


def plain_xlsx(folder: Path, posts: Posts) -> None:
    write_xlsx(folder / "posts.xlsx", [plain(post, "author_id") for post in posts])


def plain_json(folder: Path, posts: Posts) -> None:
    write_json(folder / "posts.json", [plain(p, "author_id") | {"tags": list(p.tags)} for p in posts])


def flattened_csv(folder: Path, posts: Posts) -> None:
    """Note cards as pandas' json_normalize flattens them."""
    rows = []
    for post in posts:
        card = note_card(post)
        user, counts = card.pop("user"), card.pop("interact_info")
        flat = {f"user.{k}": v for k, v in user.items()} | {
            f"interact_info.{k}": v for k, v in counts.items()
        }
        rows.append({k: v for k, v in card.items() if k != "tag_list"} | flat | {"tag_list": str_list(post)})
    write_csv(folder / "normalized.csv", rows)


def note_list(folder: Path, posts: Posts) -> None:
    """What a package for the web API gives: a list of notes."""
    write_json(folder / "notes.json", [note_card(post) for post in posts])


def api_answers(folder: Path, posts: Posts) -> None:
    """Raw answers of a search, a page each, one behind the other; the note is in a card."""
    for start in range(0, len(posts), 4):
        items = [
            {"id": p.post_id, "model_type": "note", "note_card": card(p), "xsec_token": "t"}
            for p in posts[start : start + 4]
        ]
        answer = {"code": 0, "success": True, "msg": "成功", "data": {"has_more": True, "items": items}}
        write_json(folder / f"page_{start}.json", answer)


def page_state(folder: Path, posts: Posts) -> None:
    """window.__INITIAL_STATE__ of notes' pages, saved whole: camelCase, the note under its id."""
    for post in posts:
        entry = {"note": camel(note_card(post)), "comments": {"list": [], "cursor": ""}, "currentTime": 1}
        state = {
            "user": {"loggedIn": False},
            "note": {"noteDetailMap": {post.post_id: entry}, "firstNoteId": ""},
        }
        write_json(folder / f"state_{post.post_id}.json", state)


def feeds(folder: Path, posts: Posts) -> None:
    """What a tool that reads page states gives: camelCase cards in a list."""
    found = [{"id": p.post_id, "modelType": "note", "noteCard": camel(card(p))} for p in posts]
    write_json(folder / "feeds.json", {"feeds": found, "count": len(found)})


def zeeschuimer(folder: Path, posts: Posts) -> None:
    lines = [
        {
            "nav_index": "1:2:3",
            "item_id": p.post_id,
            "timestamp_collected": 1_718_250_000_000,
            "source_platform": "xiaohongshu.com",
            "source_platform_url": f"{HOST}/search_result?keyword=x",
            "source_url": "https://edith.xiaohongshu.com/api/sns/web/v1/search/notes",
            "user_agent": "x",
            "data": {"id": p.post_id, "model_type": "note", "xsec_token": "t", "note_card": card(p)},
        }
        for p in posts
    ]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write(folder / "zeeschuimer-export-xiaohongshu.com.ndjson", text.encode())


def fourcat(folder: Path, posts: Posts) -> None:
    rows = [
        {
            "collected_from_url": f"{HOST}/explore",
            "id": p.post_id,
            "thread_id": p.post_id,
            "url": link(p),
            "title": p.title,
            "body": p.content,
            "hashtags": ",".join(p.tags),
            "timestamp": f"{p.published:%Y-%m-%d %H:%M:%S}",
            "author": p.nickname,
            "author_avatar_url": "https://x.example/a.jpg",
            "image_urls": "https://x.example/1.jpg",
            "video_url": "",
            "likes": p.likes,
            "unix_timestamp": seconds(p),
        }
        for p in posts
    ]
    write_csv(folder / "xiaohongshu-search-4cat.csv", rows)


def octoparse(folder: Path, posts: Posts) -> None:
    """八爪鱼: columns as people name them; the ids stand in the links."""
    rows = [
        {
            "关键词": "穿搭",
            "标题": p.title,
            "正文": p.content,
            "作者": p.nickname,
            "作者主页链接": home(p) + "?channel_type=web",
            "笔记链接": f"{link(p)}?xsec_token=a=",
            "点赞数": p.likes,
            "收藏数": p.collects,
            "评论数": p.comments,
            "发布时间": f"{p.published:%Y-%m-%d %H:%M:%S}",
            "话题": " ".join(f"#{tag}" for tag in p.tags),
            "图片链接": None,
        }
        for p in posts
    ]
    write_xlsx(folder / "采集结果.xlsx", rows)


def houyi(folder: Path, posts: Posts) -> None:
    """后羿采集器: the title's link beside the title, the account by its name."""
    rows = [
        {
            "标题": p.title,
            "标题链接": f"{home(p)}/{p.post_id}?xsec_source=pc_user" if i % 2 else link(p),
            "内容": p.content,
            "昵称": p.nickname,
            "点赞": p.likes,
            "收藏": p.collects,
            "评论": p.comments,
            "标签": "、".join(p.tags),
            "时间": f"{p.published:%Y-%m-%d %H:%M:%S}",
        }
        for i, p in enumerate(posts)
    ]
    write_csv(folder / "小红书.csv", rows)


_ALL = frozenset(
    ("post_id", "post_url", "title", "content", "tags", "n_likes", "n_collects", "n_comments", "published_at")
)
# {exporter: (its writer, how it has the account, the columns of raw_posts that it has besides)}
EXPORTERS: Mapping[str, tuple[Callable[[Path, Posts], None], str, frozenset[str]]] = {
    "plain_xlsx": (plain_xlsx, "author_id", _ALL | {"kind"}),
    "plain_json": (plain_json, "author_id", _ALL | {"kind"}),
    "flattened_csv": (flattened_csv, "author_id", _ALL | {"kind"}),
    "note_list": (note_list, "author_id", _ALL | {"kind"}),
    "api_answers": (api_answers, "author_id", _ALL | {"kind"}),
    "page_state": (page_state, "author_id", _ALL | {"kind"}),
    "feeds": (feeds, "author_id", _ALL | {"kind"}),
    "zeeschuimer": (zeeschuimer, "author_id", _ALL | {"kind"}),
    "fourcat": (fourcat, "author", _ALL - {"n_collects", "n_comments"}),
    "octoparse": (octoparse, "author_url", _ALL),
    "houyi": (houyi, "author", _ALL),
}


def note_card(post: Written) -> dict[str, Any]:
    return {
        "note_id": post.post_id,
        "type": "video" if post.is_video else "normal",
        "title": post.title,
        "desc": post.content,
        "time": seconds(post) * 1000,
        "last_update_time": 1_718_240_000_000,
        "ip_location": "上海",
        "user": {"user_id": post.user_id, "nickname": post.nickname, "avatar": "https://x.example/a.jpg"},
        "interact_info": {
            "liked": False,
            "liked_count": post.likes,
            "collected_count": post.collects,
            "comment_count": post.comments,
            "share_count": "",
        },
        "tag_list": [{"id": "1", "name": tag, "type": "topic"} for tag in post.tags],
        "image_list": [{"url_default": "https://x.example/1", "info_list": [{"url": "https://x.example/2"}]}],
    }


def card(post: Written) -> dict[str, Any]:
    """A card in a list: its id stands outside, its title has another name."""
    note = note_card(post)
    note["display_title"] = note.pop("title")
    del note["note_id"]
    return note


def camel(value: Any) -> Any:
    if isinstance(value, list):
        return [camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name[0] + name.title().replace("_", "")[1:]: camel(one) for name, one in value.items()}


def str_list(post: Written) -> str:
    return json.dumps([{"name": tag} for tag in post.tags], ensure_ascii=False)


def seconds(post: Written) -> int:
    return int(post.published.replace(tzinfo=CHINA).timestamp())


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_json(path: Path, value: Any) -> None:
    write(path, json.dumps(value, ensure_ascii=False).encode())


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    write(path, b"\xef\xbb\xbf" + text.getvalue().encode())


def write_xlsx(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    append(sheet, rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
