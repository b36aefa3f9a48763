"""The explorer on 20,000 posts with 40,000 pictures: how soon it starts, answers, and what it takes of memory."""

from __future__ import annotations

import json
import resource
import statistics
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.core.vectors import to_column
from mkt_assets.explore import answers
from mkt_assets.explore.filters import parse
from mkt_assets.explore.index import open_index
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.resources.tags import Tags
from mkt_assets.settings import Settings
from mkt_assets_tests.explore.planted import DEFAULTS

LIKE = "image/2024-06-01/p000008/cover"
DAYS = [date(2024, 6, 1) + timedelta(days=n) for n in range(10)]
POSTS_A_DAY, D = 2000, 1280
WORDS = ("瑜伽", "通勤", "连衣裙", "白色", "蕾丝", "牛仔", "国风", "早八", "健身", "露营")


def rows_of(table: str, day: date, n: int, given: dict[str, Any]) -> pa.Table:
    spec = TABLES[table]
    columns = {
        c.name: given.get(
            c.name, [None if c.nullable else c.allowed[0] if c.allowed else DEFAULTS[c.type]] * n
        )
        for c in spec.columns
    }
    return pa.table({**columns, "crawl_date": [day] * n}, schema=spec.arrow_schema())


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("many")
    settings = Settings.load(home=folder / "home", drops=folder / "drops")
    warehouse, random = open_warehouse(settings), np.random.default_rng(0)
    for at, day in enumerate(DAYS):
        posts = [f"p{at * POSTS_A_DAY + i:06}" for i in range(POSTS_A_DAY)]
        accounts = [f"a{min(int(a), 2999)}" for a in random.zipf(1.3, POSTS_A_DAY)]
        texts = [" ".join(random.choice(WORDS, 3)) + "，今天穿这个去上班，很舒服" * 6 for _ in posts]
        images = [post for post in posts for _ in range(2)]
        frames = ["cover", "post"] * POSTS_A_DAY
        clusters = {m: random.integers(0, 60, n) for m, n in (("image", len(images)), ("text", len(posts)))}

        def put(table: str, n: int, day: date = day, **given: Any) -> None:
            warehouse.replace_partition(table, day, rows_of(table, day, n, given))

        put(
            "raw_posts",
            len(posts),
            post_id=posts,
            poster_id=accounts,
            content=texts,
            n_likes=random.integers(0, 9999, len(posts)),
            published_at=[datetime(2024, 5, 1)] * len(posts),
        )
        put("matted_images", len(images), post_id=images, frame=frames, matte_path=["x.webp"] * len(images))
        of_items: dict[str, dict[str, Any]] = {
            "image": {"post_id": images, "frame": frames, "n": len(images)},
            "text": {"post_id": posts, "frame": [None] * len(posts), "n": len(posts)},
        }
        for modality, of in of_items.items():
            vectors = random.normal(size=(of["n"], D)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            frame = {"frame": of["frame"]} if modality == "image" else {}
            put(
                f"{modality}_embeddings",
                of["n"],
                post_id=of["post_id"],
                dimension=[D] * of["n"],
                embedding=to_column(vectors),
                **frame,
            )
        keys = ("post_id", "frame", "n")
        both: dict[str, Any] = {key: of_items["image"][key] + of_items["text"][key] for key in keys}
        named: dict[str, Any] = {
            "modality": ["image"] * len(images) + ["text"] * len(posts),
            "post_id": both["post_id"],
            "frame": both["frame"],
        }
        numbers = np.concatenate([clusters["image"], clusters["text"]])
        put("clusters", both["n"], **named, cluster_id=numbers, item_crawl_date=[day] * both["n"])
        places = {axis: random.uniform(-0.5, 0.5, both["n"]) for axis in "xy"}
        put("item_positions", both["n"], **named, **places, layout=["one"] * both["n"])
        put(
            "cluster_identities",
            120,
            modality=["image"] * 60 + ["text"] * 60,
            cluster_id=[*range(60)] * 2,
            identity=[f"{m}-{c}" for m in "st" for c in range(60)],
            name=[f"{m}{c}" for m in "st" for c in range(60)],
            first_seen=[DAYS[0]] * 120,
            last_seen=[DAYS[-1]] * 120,
        )
    warehouse.publish_snapshot()
    return settings


def milliseconds(of: Callable[[], object], repeats: int = 5) -> float:
    times: list[float] = []
    for _ in range(repeats):
        began = time.perf_counter()
        of()
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)


def test_the_explorer_answers_at_once(settings: Settings, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    index = open_index(settings.snapshot_path)
    start_seconds = time.perf_counter() - began
    tags = Tags(tmp_path / "tags.csv")
    questions = {
        "everything": {},
        "a word": {"words": "瑜伽"},
        "three filters": {"words": "瑜伽 通勤", "style": "s-3", "likes": "2000"},
        "a lasso": {"lasso": "-0.5,-0.5,0,-0.5,0,0,-0.5,0"},
        "likeness": {"like": LIKE},
        "likeness and words": {"like": LIKE, "words": "露营"},
    }
    answers.found(index, tags, parse({"like": LIKE}))  # vectors are read once
    took = {
        name: milliseconds(lambda query=query: json.dumps(answers.found(index, tags, parse(query))))
        for name, query in questions.items()
    }
    took["the map"] = milliseconds(lambda: json.dumps(answers.map_of(index, "image")))
    with duckdb.connect(str(settings.snapshot_path), read_only=True) as connection:
        posts = connection.execute("SELECT content, n_likes FROM raw_posts").df()
    peer = milliseconds(lambda: posts[posts["content"].str.contains("瑜伽", regex=False)])
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\nstart {start_seconds:.2f} s, {used:,.0f} MB more at most; pandas finds a word in {peer:.0f} ms")
    for name, ms in took.items():
        print(f"  {name:20} {ms:6.0f} ms, {ms / peer:5.1f} x pandas")
    assert took["a word"] < 25 * peer
