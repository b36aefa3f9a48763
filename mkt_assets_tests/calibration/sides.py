"""Two crawls side by side: grown, shrunk, new or gone.

Worlds as those of `novelty`: two parts of one crawl that differ in nothing but who or what fell where, of which nothing
may be said; and the same with a topic of which one part has several times as much, or all of it.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.labels import cluster_means, distances
from mkt_assets.core.over_time.identities import CLUSTER_KEY, anchors, identify, spreads
from mkt_assets.core.over_time.novelty import CrawlItems
from mkt_assets.core.over_time.side_by_side import GONE, GROWN, NEW, SHRUNK, side_by_side
from mkt_assets_tests.calibration.cases import Case
from mkt_assets_tests.calibration.novelty import BEFORE, GROUP, NOW, World, draw, unit

CLAIMS = (GROWN, SHRUNK, NEW, GONE)


def thinned(posts: pd.DataFrame, keep: float, crawl_date: object, rng: np.random.Generator) -> pd.DataFrame:
    """The posts without most of the largest topic's in one crawl: a topic that grows, or shrinks."""
    topic = posts["topic"].mode()[0]
    of_topic = posts["topic"] == topic
    less = of_topic & (posts["crawl_date"] == crawl_date) & (rng.random(len(posts)) >= keep)
    return posts.assign(topic=posts["topic"].mask(of_topic, GROUP))[~less]


def compared(posts: pd.DataFrame, k: int, seed: int) -> pd.DataFrame:
    """The two crawls, k clusters each, side by side; with the `topic` that most of each are of."""
    crawls: dict[object, CrawlItems] = {}
    members: list[pd.DataFrame] = []
    for day, crawl in posts.groupby("crawl_date"):
        vectors = np.stack(list(crawl["vector"])).astype(np.float32)
        labels = fit_sweep(vectors, [k], random_state=seed, n_init=1, n_jobs=1).labels(k)
        apart = distances(vectors, labels, cluster_means(vectors, labels))
        members.append(crawl.assign(cluster_id=labels, distance=apart, modality="text", frame=None))
        names = crawl["post_id"].tolist(), crawl["poster_id"].tolist()
        crawls[day] = CrawlItems(vectors, labels.tolist(), *names)
    items = pd.concat(members)
    means = items.groupby(CLUSTER_KEY)["vector"].apply(
        lambda rows: unit(np.mean(list(rows), axis=0)[None])[0]
    )
    clusters = pd.concat([anchors(items), spreads(items)], axis=1).assign(centroid=means, encoder="e")
    identities = identify(clusters.reset_index())
    of = {
        day: dict(zip(rows["cluster_id"].tolist(), rows["identity"].tolist(), strict=True))
        for day, rows in identities.groupby("crawl_date")
    }
    topics = items.merge(identities[[*CLUSTER_KEY, "identity"]], on=CLUSTER_KEY)
    topics = topics.groupby("identity")["topic"].agg(lambda topics: topics.mode()[0])
    found = side_by_side(crawls[BEFORE], crawls[NOW], (of[BEFORE], of[NOW]))
    return found.assign(topic=found["identity"].map(topics))


def is_any_claimed(world: World, seed: int) -> float:
    """Whether anything is claimed of two crawls."""
    found = compared(draw(world, np.random.default_rng(seed)), world.k, seed)
    return float(found["what"].isin(CLAIMS).any())


def is_found(world: World, keep: float, seed: int) -> float:
    """Whether a topic of which the second, or the first crawl has `keep` is said to have shrunk, or grown."""
    rng = np.random.default_rng(seed)
    day, what = (NOW, (SHRUNK, GONE)) if seed % 2 else (BEFORE, (GROWN, NEW))
    found = compared(thinned(draw(world, rng), keep, day, rng), world.k, seed)
    return float(found.loc[found["topic"] == GROUP, "what"].isin(what).any())


def _false(of: str, world: World) -> Case:
    return Case("grown, shrunk, new or gone", of, "at most", 0.05, partial(is_any_claimed, world), 60)


def _found(of: str, world: World, keep: float) -> Case:
    return Case("grown or shrunk", of, "at least", 0.8, partial(is_found, world, keep), 40)


REAL = "21 accounts, 960 posts"
CASES = (
    _false(f"{REAL}: posts dealt out, k = 20", World()),
    _false(f"{REAL}: accounts dealt out", World(parts="accounts")),
    _false(
        f"{REAL}: accounts dealt out, concentration 1, k = 44", World(parts="accounts", concentration=1, k=44)
    ),
    _false("one cloud without topics, posts dealt out", World(n_topics=0)),
    _false(
        "400 accounts, concentration 1: accounts dealt out",
        World(n_accounts=400, exponent=0.5, concentration=1, parts="accounts"),
    ),
    _false("400 accounts, 8,000 posts: posts dealt out", World(n_accounts=400, n_posts=8000, exponent=0.5)),
    _false(
        "60 accounts, 180 posts: posts dealt out",
        World(n_accounts=60, n_posts=180, exponent=0.5, n_topics=8, k=8),
    ),
    _found(
        "200 accounts, 1,600 posts: the largest topic, a third of it in one crawl",
        World(n_accounts=200, n_posts=1600, exponent=0.5, concentration=np.inf, n_topics=8, k=8),
        1 / 3,
    ),
)
