"""Crawls of captions of known topics, written as their vectors, clusters and profiles: no step has to make them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from mkt_assets.contract.schema import TABLES
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings

FIRST = date(2024, 6, 13)
N = 20
RNG = np.random.default_rng(0)
PLACES = RNG.standard_normal((4, 32)) / np.sqrt(32)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def write_topics(
    settings: Settings, number: int, topics: Sequence[int], *, encoder_version: str = "1"
) -> None:
    """A crawl of N captions of each topic, each by an account of its own; its clusters are the topics."""
    rng = np.random.default_rng(number)
    clusters = np.repeat(np.arange(len(topics)), N)
    vectors = PLACES[np.asarray(topics)[clusters]] + 0.02 * rng.standard_normal((len(clusters), 32))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    means = [vectors[clusters == c].mean(axis=0) for c in range(len(topics))]
    posts = [
        {
            "post_id": f"p{number}-{i}",
            "poster_id": f"a{number}-{i}",
            "cluster_id": int(c),
            "distance": float(np.linalg.norm(vectors[i] - means[c])),
            "item_crawl_date": day(number),
            "embedding": vectors[i].tolist(),
            "dimension": 32,
            "encoder_version": encoder_version,
        }
        for i, c in enumerate(clusters)
    ]
    profiles = [
        {
            "cluster_id": c,
            "proposed_name": f"word {topic}",
            "proposed_by": "keywords",
            "keywords": ["x"],
            "n_items": N,
            "medoid_post_id": "p",
            "typical_post_ids": ["p"],
            "typical_frames": [""],
            "centroid": (means[c] / np.linalg.norm(means[c])).tolist(),
        }
        for c, topic in enumerate(topics)
    ]
    of = {"raw_posts": posts, "text_embeddings": posts, "clusters": posts, "cluster_profiles": profiles}
    for name, rows in of.items():
        open_warehouse(settings).replace_partition(name, day(number), _table(name, day(number), rows))


def _table(name: str, crawl_date: date, rows: Sequence[dict[str, Any]]) -> pa.Table:
    usual = {"VARCHAR": "e", "BIGINT": 1, "DOUBLE": 0.5, "BOOLEAN": False, "VARCHAR[]": []}
    spec = TABLES[name]
    filled = [
        {c.name: None if c.nullable else usual.get(c.type) for c in spec.columns}
        | {"crawl_date": crawl_date, "modality": "text", "n_effective_posters": 1.0}
        | row
        for row in rows
    ]
    return pa.Table.from_pylist(
        [{c.name: row[c.name] for c in spec.columns} for row in filled], spec.arrow_schema()
    )
