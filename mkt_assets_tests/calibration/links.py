"""Links of styles and topics, as `believe` supports them.

Null worlds: every account draws styles and topics of its own (Dirichlet; the smaller the concentration, the more
one-sided), independently of each other; no link is true. "Real activity" is 21 accounts of which one writes a third.
Planted: that share of the posts takes the topic of its style, in every account alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.belief import believe
from mkt_assets.core.crosstab import cross
from mkt_assets_tests.calibration.cases import Case, activity

REAL = activity(21, 1000)


@dataclass(frozen=True)
class World:
    """Accounts with styles and topics of their own, and what is planted in their posts."""

    posts: NDArray[np.int64]
    concentration: float
    n_styles: int = 20
    n_topics: int = 20
    n_pictures: int = 1
    planted: float = 0.0
    copies: int = 1

    def labels(self, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of every post its account, (posts,), its pictures' styles, (posts, pictures), and its topic, (posts,)."""
        rng = np.random.default_rng(seed)
        # an account repeats each of its posts, as shops do
        first = np.maximum(self.posts // self.copies, 1)
        account = np.repeat(np.arange(len(first)), first)
        styles = self._drawn(rng, account, self.n_styles, self.n_pictures)
        topic = self._drawn(rng, account, self.n_topics, 1)[:, 0]
        topic = np.where(rng.random(len(account)) < self.planted, styles[:, 0] % self.n_topics, topic)
        times = np.repeat(np.arange(len(account)), self.copies)
        return account[times], styles[times], topic[times]

    def _drawn(
        self, rng: np.random.Generator, account: NDArray[np.int64], n: int, times: int
    ) -> NDArray[np.int64]:
        taste = rng.dirichlet(np.full(n, self.concentration / n), len(self.posts)).cumsum(axis=1)
        reached = rng.random((len(account), times, 1)) > taste[account, None]
        return np.minimum(reached.sum(axis=2), n - 1)

    def frames(self, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Images and texts, as `cross` takes them."""
        account, styles, topic = self.labels(seed)
        post = np.arange(len(account))
        texts = pd.DataFrame({"poster_id": account, "post_id": post, "text_cluster": topic})
        images = pd.DataFrame(
            {
                "poster_id": np.repeat(account, styles.shape[1]),
                "post_id": np.repeat(post, styles.shape[1]),
                "frame": np.tile(np.arange(styles.shape[1]), len(post)).astype(str),
                "image_cluster": styles.ravel(),
            }
        )
        return images, texts


def believed(world: World, seed: int) -> pd.DataFrame:
    """Pairs of a crawl of this world."""
    images, texts = world.frames(seed)
    return believe(cross(images, texts, "post"), images, texts)


def any_link(world: World, seed: int) -> float:
    """Whether any pair is supported."""
    return float(believed(world, seed)["supported"].any())


def links_found(world: World, seed: int) -> float:
    """Share of the planted pairs that are supported."""
    found = believed(world, seed)
    true = found["image_cluster"] % world.n_topics == found["text_cluster"]
    return float((found["supported"] & true).sum() / world.n_styles)


def any_false_link(world: World, seed: int) -> float:
    """Whether any pair is supported that is not planted."""
    found = believed(world, seed)
    return float(
        (found["supported"] & (found["image_cluster"] % world.n_topics != found["text_cluster"])).any()
    )


def _null(what: str, n_runs: int, world: World) -> Case:
    return Case("any link is real", what, "at most", 0.05, partial(any_link, world), n_runs)


def _found(what: str, bound: float, n_runs: int, world: World) -> Case:
    return Case(
        "share of true links found",
        f"planted: {what}",
        "at least",
        bound,
        partial(links_found, world),
        n_runs,
    )


_HARD = World(activity(21, 2000), 4.5, planted=0.15)

CASES = (
    *(
        _null(f"real activity, 1,000 posts, concentration {c}", 200, World(REAL, c))
        for c in (0.3, 1.0, 4.5, 20.0)
    ),
    _null("real activity, 300 posts, 10 x 8, concentration 4.5", 200, World(activity(21, 300), 4.5, 10, 8)),
    _null("real activity, 3,000 posts of 4 pictures, 30 x 20", 60, World(activity(21, 3000), 4.5, 30, 20, 4)),
    _null("real activity, every post three times", 100, World(REAL, 4.5, copies=3)),
    _null("60 accounts, 600 posts of 2 pictures, 10 x 8", 200, World(activity(60, 600), 1.0, 10, 8, 2)),
    _null("100 accounts, 1,500 posts, concentration 1", 200, World(activity(100, 1500), 1.0)),
    _null("400 accounts, 1,500 posts, concentration 1", 60, World(activity(400, 1500), 1.0)),
    _null("400 accounts, 2 posts each", 60, World(activity(400, 800, exponent=0), 4.5)),
    _null("1,500 accounts, 3,000 posts, 100 x 20", 10, World(activity(1500, 3000, exponent=1), 1.0, 100)),
    _found("30 % of 1,500 posts of 400 accounts", 0.8, 40, World(activity(400, 1500), 4.5, planted=0.3)),
    _found(
        "30 % of 800 posts, 400 accounts of 2",
        0.8,
        40,
        World(activity(400, 800, exponent=0), 4.5, planted=0.3),
    ),
    _found("30 % of 1,000 posts at real activity, 8 x 8", 0.8, 60, World(REAL, 4.5, 8, 8, planted=0.3)),
    _found("15 % of 2,000 posts at real activity, hard", 0.35, 60, _HARD),
    Case(
        "any false link beside true ones",
        "planted: 15 % of 2,000 posts at real activity",
        "at most",
        0.05,
        partial(any_false_link, _HARD),
        60,
    ),
)
