"""What is new, or no longer there.

Captions of planted topics are drawn for accounts that write as unequally as real ones and each have topics of their
own (Dirichlet, the concentration summed over the topics), and clustered as crawls of their own: two parts of one
crawl, which differ in nothing but who or what fell where, and the same with a group in one part only. Counted is
how often a cluster is announced as new or as gone, both together; a planted group is found if one of its clusters is
announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.labels import cluster_means, distances
from mkt_assets.core.over_time.identities import CLUSTER_KEY, anchors, identify, spreads
from mkt_assets.core.over_time.novelty import CrawlItems, claims
from mkt_assets_tests.calibration.cases import Case, activity

BEFORE, NOW = date(2024, 6, 13), date(2024, 6, 14)
DIMENSION = 48
GROUP = -1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class World:
    """What two crawls are drawn from, and how a crawl is dealt out into two.

    Attributes:
        n_accounts: Accounts.
        n_posts: Posts of both crawls together.
        concentration: Of the topics of an account; infinite: all have the same.
        k: Clusters of each crawl.
        parts: Whether posts or whole accounts fall into the one or the other crawl.
        group: Share of a crawl's posts that are of a group that the other crawl has not.
        group_by: Who posts it: any account, or one alone.
        group_in: Which crawl has it.
        n_topics: Planted topics; 0: one cloud without any.
    """

    n_accounts: int = 21
    n_posts: int = 960
    exponent: float = 1.25
    concentration: float = 4.5
    k: int = 20
    parts: Literal["posts", "accounts"] = "posts"
    group: float = 0.0
    group_by: Literal["any", "one"] = "any"
    group_in: Literal["now", "before"] = "now"
    n_topics: int = 20


def unit(rows: Floats) -> Floats:
    """The rows with length 1."""
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def draw(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Posts of both crawls: crawl_date, post_id, poster_id, topic (`GROUP`: of the planted group), vector."""
    posts = activity(world.n_accounts, world.n_posts, exponent=world.exponent)
    account = np.repeat(np.arange(world.n_accounts), posts)
    n_topics = max(world.n_topics, 1)
    own = np.full((world.n_accounts, n_topics), 1 / n_topics)
    if np.isfinite(world.concentration):
        own = rng.dirichlet(np.full(n_topics, world.concentration / n_topics), size=world.n_accounts)
    topic = np.array([rng.choice(n_topics, p=own[a]) for a in account])
    if world.parts == "posts":
        now = rng.random(len(account)) < 0.5
    else:
        now = np.isin(account, rng.permutation(world.n_accounts)[: world.n_accounts // 2])
    has_group = now if world.group_in == "now" else ~now
    if world.group_by == "one":
        of_group = has_group & (account == 1)
    else:
        of_group = has_group & (rng.random(len(account)) < world.group)
    topic = np.where(of_group, GROUP, topic)
    centres = unit(rng.standard_normal((n_topics + 1, DIMENSION))) * (world.n_topics > 0)
    habits = 0.3 * unit(rng.standard_normal((world.n_accounts, DIMENSION)))
    noise = rng.standard_normal((len(account), DIMENSION)) / np.sqrt(DIMENSION)
    return pd.DataFrame(
        {
            "crawl_date": [NOW if is_now else BEFORE for is_now in now],
            "post_id": [f"post-{i}" for i in range(len(account))],
            "poster_id": [f"account-{a}" for a in account],
            "topic": topic,
            "vector": list(unit(centres[topic] + habits[account] + noise)),
        }
    )


def announced(posts: pd.DataFrame, k: int, seed: int) -> pd.DataFrame:
    """Clusters of both crawls, k each, as the platform judges them, with the `topic` that most of each are of."""
    members: list[pd.DataFrame] = []
    for _, crawl in posts.groupby("crawl_date"):
        vectors = np.stack(list(crawl["vector"])).astype(np.float32)
        labels = fit_sweep(vectors, [k], random_state=seed, n_init=1, n_jobs=1).labels(k)
        apart = distances(vectors, labels, cluster_means(vectors, labels))
        members.append(crawl.assign(cluster_id=labels, distance=apart, modality="text", frame=None))
    items = pd.concat(members)
    clusters = pd.concat([anchors(items), spreads(items)], axis=1)
    means = items.groupby(CLUSTER_KEY)["vector"].apply(
        lambda vectors: unit(np.mean(list(vectors), axis=0)[None])[0]
    )
    found = identify(clusters.assign(centroid=means, encoder="e").reset_index())

    def items_of(_: str, day: date) -> CrawlItems:
        of_day = items[items["crawl_date"] == day]
        names = ("cluster_id", "post_id", "poster_id")
        return CrawlItems(
            np.stack(list(of_day["vector"])).astype(np.float32), *(of_day[name].tolist() for name in names)
        )

    topics = items.groupby(CLUSTER_KEY)["topic"].agg(lambda topics: topics.mode()[0])
    return claims(found, items_of).merge(topics.reset_index(), on=CLUSTER_KEY)


def _judged(world: World, seed: int) -> pd.DataFrame:
    return announced(draw(world, np.random.default_rng(seed)), world.k, seed)


def n_announced(world: World, seed: int) -> float:
    """How many clusters are announced as new or as gone."""
    found = _judged(world, seed)
    return float(found["is_new"].sum() + found["is_gone"].sum())


def is_found(world: World, seed: int) -> float:
    """Whether the planted group is announced, as new or as gone."""
    found = _judged(world, seed)
    of_group = found[found["topic"] == GROUP]
    return float(of_group["is_new" if world.group_in == "now" else "is_gone"].any())


def _false(of: str, world: World, bound: float = 0.25) -> Case:
    return Case("new, or no longer there", of, "at most", bound, partial(n_announced, world), 40)


def _found(claim: str, of: str, world: World) -> Case:
    return Case(claim, of, "at least", 0.9, partial(is_found, world), 30)


REAL = "21 accounts, 960 posts"
CASES = (
    _false(f"{REAL}: posts dealt out, k = 20", World()),
    _false(f"{REAL}: posts dealt out, k = 44", World(k=44)),
    _false(f"{REAL}: accounts dealt out", World(parts="accounts")),
    _false(
        f"{REAL}: accounts dealt out, concentration 1, k = 44", World(parts="accounts", concentration=1, k=44)
    ),
    _false("one cloud without topics, posts dealt out", World(n_topics=0)),
    _false(
        "400 accounts, concentration 1: accounts dealt out",
        World(n_accounts=400, exponent=0.5, concentration=1, parts="accounts"),
    ),
    _false(
        "60 accounts, 180 posts: posts dealt out",
        World(n_accounts=60, n_posts=180, exponent=0.5, n_topics=8, k=8),
    ),
    Case(
        "new",
        f"{REAL}: the second account has posts of a kind in one crawl only",
        "at most",
        0.05,
        partial(is_found, World(group_by="one")),
        30,
    ),
    _found("new", f"{REAL}: 6 % of one crawl", World(group=0.06, k=21)),
    _found("no longer there", f"{REAL}: 6 % of one crawl", World(group=0.06, k=21, group_in="before")),
    _found("new", f"{REAL}: 8 %, accounts dealt out", World(group=0.08, k=21, parts="accounts")),
    _found(
        "new",
        "60 accounts, 240 posts: 15 %",
        World(n_accounts=60, n_posts=240, exponent=0.5, n_topics=8, group=0.15, k=9),
    ),
)
