"""Which links are real.

Accounts that write as unequally as real ones have styles and topics of their own (Dirichlet, the concentration summed
over the clusters), independent of each other: whatever goes with whatever does so by chance, and how often a crawl
shows any supported link is counted. Planted: a share of all posts is of a style and the topic that goes with it,
whoever writes them; counted is the share of these links that are found.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.crosstab.belief import believe
from mkt_assets.core.crosstab.crosstab import cross
from mkt_assets_tests.calibration.cases import Case, activity

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class World:
    """What a crawl is drawn from.

    Attributes:
        n_accounts: Accounts.
        n_posts: Posts.
        exponent: Of the accounts' activity; 0: all write as much.
        concentration: Of the styles, and of the topics, of an account.
        n_styles: Styles.
        n_topics: Topics.
        pictures: Pictures of a post, each in a style of its own.
        planted: Share of all posts that are of one of `n_planted` pairs.
        n_planted: Pairs of a style and a topic, the first ones.
    """

    n_accounts: int = 21
    n_posts: int = 986
    exponent: float = 1.25
    concentration: float = 4.5
    n_styles: int = 20
    n_topics: int = 20
    pictures: int = 1
    planted: float = 0.0
    n_planted: int = 5


def draw(world: World, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pictures and captions of a crawl, as `cross` takes them."""
    rng = np.random.default_rng([seed, 16])
    account = np.repeat(
        np.arange(world.n_accounts), activity(world.n_accounts, world.n_posts, exponent=world.exponent)
    )
    style = np.stack([_own(account, world.n_styles, world, rng) for _ in range(world.pictures)], axis=1)
    topic = _own(account, world.n_topics, world, rng)
    is_planted = rng.random(len(account)) < world.planted
    pair = rng.integers(0, world.n_planted, len(account))
    style[is_planted], topic[is_planted] = pair[is_planted, None], pair[is_planted]
    posts = np.array([f"p{i:05d}" for i in range(len(account))])
    posters = np.array([f"a{i:04d}" for i in account])
    images = pd.DataFrame(
        {
            "post_id": np.repeat(posts, world.pictures),
            "poster_id": np.repeat(posters, world.pictures),
            "frame": [f"image_{i}" for i in range(world.pictures)] * len(posts),
            "image_cluster": style.ravel(),
        }
    )
    return images, pd.DataFrame({"post_id": posts, "poster_id": posters, "text_cluster": topic})


def _own(account: Ids, n: int, world: World, rng: np.random.Generator) -> Ids:
    """For every post, a cluster by its account's own shares; each picture of an account has the same ones."""
    shares = rng.dirichlet(np.full(n, world.concentration / n), world.n_accounts).cumsum(axis=1)
    return np.minimum((rng.random(len(account))[:, None] > shares[account]).sum(axis=1), n - 1)


def supported(world: World, seed: int) -> pd.DataFrame:
    """The supported pairs of a crawl."""
    images, texts = draw(world, seed)
    found = believe(cross(images, texts, "post"), images, texts)
    return found[found["supported"].fillna(False)]


def any_link(world: World, seed: int) -> float:
    """Whether the crawl shows a link, where there is none."""
    return float(len(supported(world, seed)) > 0)


def found_links(world: World, seed: int) -> float:
    """The share of the planted links that the crawl shows."""
    found = supported(world, seed)
    of_plant = (found["image_cluster"] == found["text_cluster"]) & (found["image_cluster"] < world.n_planted)
    return float(of_plant.sum() / world.n_planted)


def _null(what: str, world: World, n_runs: int = 200) -> Case:
    return Case("a link is real", f"none: {what}", "at most", 0.05, partial(any_link, world), n_runs)


def _planted(what: str, bound: float, world: World, n_runs: int = 60) -> Case:
    return Case("a link is real", f"planted: {what}", "at least", bound, partial(found_links, world), n_runs)


CASES = (
    _null("21 accounts, 20 x 20, concentration 4.5", World()),
    _null("21 accounts, 20 x 20, concentration 1", World(concentration=1)),
    _null("21 accounts, 20 x 20, concentration 20", World(concentration=20)),
    _null("21 accounts, 10 x 8, 300 posts", World(n_styles=10, n_topics=8, n_posts=300)),
    _null("21 accounts, 3 pictures a post", World(pictures=3)),
    _null("100 accounts, concentration 1", World(n_accounts=100, n_posts=2000, concentration=1)),
    _null(
        "100 equal accounts, concentration 1",
        World(n_accounts=100, n_posts=2000, concentration=1, exponent=0),
    ),
    _null("400 accounts, concentration 4.5", World(n_accounts=400, n_posts=2000), 100),
    _null(
        "100 accounts, concentration 0.3",
        World(n_accounts=100, n_posts=1500, concentration=0.3, pictures=2),
        100,
    ),
    _planted("30 % of 2,000 posts, 400 accounts", 0.8, World(n_accounts=400, n_posts=2000, planted=0.3)),
    _planted(
        "30 % of 800 posts, 400 equal accounts, 20 pairs",
        0.8,
        World(n_accounts=400, n_posts=800, exponent=0, planted=0.3, n_planted=20),
        30,
    ),
    _planted("30 % of 986 posts, 21 accounts", 0.8, World(planted=0.3)),
    _planted("15 % of 2,000 posts, 21 accounts", 0.5, World(n_posts=2000, planted=0.15)),
)
