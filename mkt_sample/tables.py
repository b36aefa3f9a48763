"""Rows about posts as the original's crawler (CSV) and MediaCrawler (JSON lines) write them, broken ones included."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from mkt_sample.captions import PLATFORM_SUFFIX, Caption, compose
from mkt_sample.lexicon import COMMENTS, LOCATIONS, NICKNAMES, TOPICS
from mkt_sample.plan import CHINA_HOURS, Crawl, Post

COLUMNS = (
    "poster_id",
    "post_id",
    "post_url",
    "post_title",
    "post_location",
    "post_date",
    "post_time",
    "post_content",
    "post_tag",
    "post_comments",
    "post_like",
    "post_collect",
    "post_img",
    "post_comment_content",
    "post_fetch_time",
)

_COUNT_TEXTS = {
    "万": ("1万", "1.2万", "3.5万"),
    "w": ("1.2w", "2w", "1.5w"),
    "万+": ("10万+", "1万+", "10万+"),
    "千+": ("1千+", "5千+", "1千+"),
    "k": ("3k", "1.5k", "2k"),
    "comma": ("1,234", "12,056", "3,007"),
    "empty": ("", "", ""),
    "minus_one": ("-1", "-1", "-1"),
}
_LABELS = {"likes": "赞", "collects": "收藏", "comments": "评论"}
_TYPICAL = {"likes": 5.6, "collects": 4.4, "comments": 3.0}


def caption_of(post: Post, seed: int) -> Caption:
    """The post's text, the same at every fetch until its author edits it."""
    if not post.topic:
        return Caption("", "", ())
    rng = random.Random(f"caption:{seed}:{post.serial}")
    return compose(rng, post.topic, post.length, tagless=post.tagless, oddity=post.oddity, edited=post.edited)


def csv_tables(crawl: Crawl, seed: int) -> Iterator[tuple[str, bytes]]:
    """Batches 01 and 02 of the original's crawler: file names and bytes.

    The second begins with a byte order mark, repeats posts of the day with a later fetch, and holds a second
    header, a row with a path in place of its id, one without id, and a last line cut in the middle.
    """
    cut = len(crawl.posts) * 3 // 5
    name = f"post_data_{crawl.crawl_date}.csv"
    yield f"01_{name}", _csv([_csv_row(post, crawl.crawl_date, seed, 0) for post in crawl.posts[:cut]])
    rows = [_csv_row(post, crawl.crawl_date, seed, 0) for post in crawl.posts[cut:]]
    rows.insert(len(rows) // 2, list(COLUMNS))
    rows += [_csv_row(post, crawl.crawl_date, seed, 1) for post in crawl.repeated]
    poster = crawl.posts[0].poster_id
    rows.append(_broken_csv_row(poster, "../../5e5e5e5e/media", "编号里有路径"))
    rows.append(_broken_csv_row(poster, "", "没有编号的一行"))
    last = f'{poster},{_unwritten_id(crawl)},https://www.xiaohongshu.com/explore/{_unwritten_id(crawl)},"写到一半就断'
    yield f"02_{name}", b"\xef\xbb\xbf" + _csv(rows) + last.encode()


def jsonl_tables(crawl: Crawl, seed: int) -> Iterator[tuple[str, bytes]]:
    """MediaCrawler's contents and comments: file names and bytes; its last line is cut in the middle."""
    rows = [_note(post, crawl.crawl_date, seed, 0) for post in crawl.posts]
    rows += [_note(post, crawl.crawl_date, seed, 1) for post in crawl.repeated]
    broken = dict(rows[0], note_id="../5e5e5e5e", title="编号里有路径")
    without_id = dict(rows[0], note_id="", title="没有编号的一条")
    lines = [json.dumps(row, ensure_ascii=False) for row in (*rows, broken, without_id)]
    half = json.dumps(dict(rows[0], note_id=_unwritten_id(crawl)), ensure_ascii=False)[:160]
    yield f"search_contents_{crawl.crawl_date}.jsonl", "\n".join([*lines, half]).encode()
    comments = [_comment(post, seed) for post in crawl.posts[:: max(1, len(crawl.posts) // 12)]]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in comments)
    yield f"search_comments_{crawl.crawl_date}.jsonl", text.encode()


def count_text(post: Post, what: str, seed: int, n_fetched: int) -> str:
    """A count as the platform shows it: higher at every later fetch, or in one of its short forms."""
    rng = random.Random(f"count:{what}:{seed}:{post.serial}")
    if post.count_form == "label":
        return _LABELS[what]
    if post.count_form:
        return rng.choice(_COUNT_TEXTS[post.count_form])
    count = min(int(rng.lognormvariate(_TYPICAL[what], 1.3)), 9000)
    growth = sum(rng.randrange(1, 40) for _ in range(n_fetched))
    return str(count + growth)


def date_text(post: Post, crawl_date: date) -> str:
    """The date as the platform shows it on the crawl date: without year in the same year, or relative."""
    shown = post.published
    if post.date_form == "yesterday":
        return f"昨天 {shown:%H:%M}"
    if post.date_form == "days_ago":
        return f"{(crawl_date - shown.date()).days}天前"
    if post.date_form == "edited":
        return f"编辑于 {shown:%m-%d}"
    same_year = shown.year == crawl_date.year or post.date_form == "year_roll_over"
    return f"{shown:%m-%d}" if same_year else f"{shown:%Y-%m-%d}"


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def _csv_row(post: Post, crawl_date: date, seed: int, n_repeated: int) -> list[str]:
    rng = random.Random(f"row:{seed}:{post.serial}")
    caption = caption_of(post, seed)
    n_fetched = 2 * post.n_seen_before + n_repeated
    shown = date_text(post, crawl_date)
    values = {
        "poster_id": post.poster_id,
        "post_id": post.post_id,
        "post_url": _url(post, rng),
        "post_title": f"{caption.title}{PLATFORM_SUFFIX}",
        "post_location": rng.choice(LOCATIONS),
        "post_date": shown,
        "post_time": f"{post.published:%H:%M}" if rng.random() < 0.7 and ":" not in shown else "",
        "post_content": caption.content,
        "post_tag": ", ".join(caption.tags),
        "post_comments": count_text(post, "comments", seed, n_fetched),
        "post_like": count_text(post, "likes", seed, n_fetched),
        "post_collect": count_text(post, "collects", seed, n_fetched),
        "post_img": f"https://pictures.example/{post.post_id}/0",
        "post_comment_content": " | ".join(rng.sample(COMMENTS, rng.randrange(4))),
        "post_fetch_time": f"{_fetched(post, crawl_date, n_repeated):%Y-%m-%d %H:%M:%S}",
    }
    return [values[column] for column in COLUMNS]


def _broken_csv_row(poster_id: str, post_id: str, title: str) -> list[str]:
    values = {"poster_id": poster_id, "post_id": post_id, "post_title": f"{title}{PLATFORM_SUFFIX}"}
    return [values.get(column, "") for column in COLUMNS]


def _note(post: Post, crawl_date: date, seed: int, n_repeated: int) -> dict[str, object]:
    rng = random.Random(f"row:{seed}:{post.serial}")
    caption = caption_of(post, seed)
    n_fetched = 2 * post.n_seen_before + n_repeated
    published = int((post.published - CHINA_HOURS).replace(tzinfo=UTC).timestamp() * 1000)
    fetched = (_fetched(post, crawl_date, n_repeated) - CHINA_HOURS).replace(tzinfo=UTC)
    is_video = post.cell.medium == "video"
    topics = TOPICS[post.topic].keywords if post.topic else ("穿搭",)
    return {
        "note_id": post.post_id,
        "type": "video" if is_video else "normal",
        # MediaCrawler puts the body's beginning where a note has no title
        "title": caption.title or caption.content[:255],
        # the platform's interface marks half of its hashtags so
        "desc": re.sub(r"#([^\s#]+)", r"#\1[话题]#", caption.content) if post.serial % 2 else caption.content,
        "video_url": f"https://videos.example/{post.post_id}" if is_video else "",
        "time": published,
        "last_update_time": published,
        "user_id": post.poster_id,
        "nickname": NICKNAMES[int(post.poster_id[4:], 16) % len(NICKNAMES)],
        "avatar": "",
        "liked_count": count_text(post, "likes", seed, n_fetched),
        "collected_count": count_text(post, "collects", seed, n_fetched),
        "comment_count": count_text(post, "comments", seed, n_fetched),
        "share_count": "" if post.count_form == "empty" else str(rng.randrange(60) + n_fetched),
        "ip_location": rng.choice(LOCATIONS),
        "image_list": f"https://pictures.example/{post.post_id}/0",
        "tag_list": ",".join(caption.tags),
        "last_modify_ts": int(fetched.timestamp() * 1000),
        "note_url": _url(post, rng),
        "source_keyword": rng.choice(topics),
        "xsec_token": f"5e5e{post.serial:08d}",
    }


def _comment(post: Post, seed: int) -> dict[str, object]:
    rng = random.Random(f"comment:{seed}:{post.serial}")
    return {
        "comment_id": f"5e5e5e5e{post.serial:016d}",
        "note_id": post.post_id,
        "content": rng.choice(COMMENTS),
        "nickname": rng.choice(NICKNAMES),
        "like_count": str(rng.randrange(30)),
    }


def _url(post: Post, rng: random.Random) -> str:
    site = "https://www.xiaohongshu.com"
    if rng.random() < 0.1:
        return f"{site}/user/profile/{post.poster_id}/{post.post_id}"
    return f"{site}/explore/{post.post_id}?xsec_token=5e5e{post.serial:08d}&xsec_source=pc_search"


def _fetched(post: Post, crawl_date: date, n_repeated: int) -> datetime:
    evening = datetime(crawl_date.year, crawl_date.month, crawl_date.day, 19, 0, 0)
    return evening + timedelta(seconds=post.serial * 7 % 9000, hours=2 * n_repeated)


def _unwritten_id(crawl: Crawl) -> str:
    return f"{crawl.posts[0].post_id[:8]}5e5e5e5e99999999"
