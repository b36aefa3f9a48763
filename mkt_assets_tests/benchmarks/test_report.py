"""A large crawl from finished clusters to its report: time of each asset, and the size of the page."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.runs import materialize
from mkt_assets_tests.stand_ins import FakeModels

DAY = date(2024, 6, 13)
N_POSTS, N_PICTURES, N_STYLES, N_TOPICS, N_POSTERS = 20_000, 30_000, 100, 20, 3_000
MOST_SECONDS, MOST_BYTES = 60, 15_000_000
WORDS = [
    *("通勤", "西装", "约会", "连衣裙", "运动", "健身", "旗袍", "国风", "羽绒服", "冬天"),
    *("显高", "小个子", "咖啡", "探店", "包包", "鞋子", "牛仔裤", "甜美", "极简", "复古"),
]


def mixture(
    n: int, n_clusters: int, dimension: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_clusters, n)
    centres = rng.standard_normal((n_clusters, dimension)).astype(np.float32)
    items = centres[labels] + rng.standard_normal((n, dimension)).astype(np.float32)
    return items / np.linalg.norm(items, axis=1, keepdims=True), labels


def store(warehouse: Warehouse, table: str, frame: pd.DataFrame) -> None:
    spec = TABLES[table]
    for column in spec.columns:
        if column.name not in frame:
            frame[column.name] = None if column.nullable else _filling(column.type)
    rows = pa.Table.from_pandas(frame[spec.column_names], spec.arrow_schema(), preserve_index=False)
    warehouse.replace_partition(table, DAY, rows)


def _filling(kind: str) -> Any:
    return {"BIGINT": 1, "DOUBLE": 0.5, "BOOLEAN": False, "VARCHAR": "x" * 64, "DATE": DAY}[kind]


def fill(settings: Settings, mattes: int = 400) -> None:
    rng = np.random.default_rng(0)
    warehouse = open_warehouse(settings)
    pictures, styles = mixture(N_PICTURES, N_STYLES, 1280, 1)
    texts, topics = mixture(N_POSTS, N_TOPICS, 512, 2)
    posts = pd.DataFrame({"crawl_date": DAY, "post_id": [f"post{i:05}" for i in range(N_POSTS)]})
    posts["poster_id"] = [f"{i:024x}" for i in rng.integers(0, N_POSTERS, N_POSTS)]
    captions = [" ".join([WORDS[t], *rng.choice(WORDS, 40)]) for t in topics]
    nothing = pd.Series([[] for _ in captions], dtype=object)
    of_post = np.arange(N_PICTURES) % N_POSTS
    items = posts.iloc[of_post].reset_index(drop=True)
    items["frame"] = [f"picture_{i // N_POSTS}" for i in range(N_PICTURES)]
    settings.media_dir.mkdir(parents=True)
    for i in range(mattes):
        # as heavy as cut-outs of real photographs: 19 kB as stored, 5 kB as a tile
        texture = Image.fromarray(rng.integers(0, 255, (52, 39, 3), dtype=np.uint8))
        person = Image.new("L", (405, 720), 0)
        ImageDraw.Draw(person).ellipse((100, 20, 305, 700), fill=255)
        matte = texture.resize(person.size, Image.Resampling.BICUBIC).convert("RGBA")
        matte.putalpha(person)
        matte.save(settings.media_dir / f"{i}.webp", quality=80)
    store(
        warehouse,
        "raw_posts",
        posts.assign(
            title="标题", content=captions, tags=nothing, media_paths=nothing,
            n_likes=rng.integers(0, 5000, N_POSTS), published_at=datetime(2024, 6, 1), published_from="field",
        ),
    )  # fmt: skip
    store(
        warehouse,
        "matted_images",
        items.assign(verdict="kept", matte_path=[f"{i % mattes}.webp" for i in range(N_PICTURES)]),
    )
    store(
        warehouse,
        "image_embeddings",
        items.assign(embedding=list(pictures), dimension=1280, encoder="e", encoder_version="1"),
    )
    store(
        warehouse,
        "summaries",
        posts.assign(summary=captions, has_text=True, removed_words=nothing),
    )
    store(
        warehouse,
        "text_embeddings",
        posts.assign(embedding=list(texts), dimension=512, encoder="t", encoder_version="1"),
    )
    curves = [
        {"crawl_date": DAY, "modality": m, "k": k, "inertia": 1e4 / k, "chosen": k == n, "window_start": DAY,
         "chosen_by": "pin" if k == n else None, "reason": "pinned" if k == n else None}
        for m, n in (("image", N_STYLES), ("text", N_TOPICS)) for k in (10, 20, 50, 100, 200)
    ]  # fmt: skip
    store(warehouse, "k_selection", pd.DataFrame(curves))
    both: list[pd.DataFrame] = [
        items.assign(modality="image", cluster_id=styles, encoder="e 1"),
        posts.assign(modality="text", cluster_id=topics, frame=None, encoder="t 1"),
    ]
    clusters = pd.concat(both, ignore_index=True).assign(item_crawl_date=DAY)
    clusters["rank_in_cluster"] = clusters.groupby(["modality", "cluster_id"]).cumcount() + 1
    store(warehouse, "clusters", clusters)


def test_a_crawl_of_20_000_posts_reports_in_a_minute_from_finished_clusters(tmp_path: Path) -> None:
    settings = Settings.load(home=tmp_path / "home", drops=tmp_path)
    fill(settings)
    # of the vectors, not of the clusters
    assert materialize(settings, FakeModels(), DAY, last="item_positions", upstream=False).success
    total = 0.0
    for name in ("crosstab_ratios", "cluster_profiles", "cluster_identities", "trends", "report"):
        began = time.perf_counter()
        assert materialize(settings, FakeModels(), DAY, last=name, upstream=False).success
        seconds = time.perf_counter() - began
        total += seconds
        print(f"{name:<20} {seconds:6.1f} s")
    n_bytes = (settings.reports_dir / DAY.isoformat() / "report.html").stat().st_size
    print(f"{'in all':<20} {total:6.1f} s; page {n_bytes / 1e6:.1f} MB")
    assert total < MOST_SECONDS
    assert n_bytes < MOST_BYTES
