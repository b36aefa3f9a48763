"""The method comparison: equal methods and encoders must not be told apart, and a planted better one must be found.

21 accounts with their own tastes write the captions, few of them most (`cases.activity`). The clusterings are k-means
of one start, which depends on its seed far more than the platform's own. Nulls are of one comparison, planted
differences of one among the 14 of a crawl.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.labels import Labels, Matrix
from mkt_assets.core.experiments.comparison import References, measure
from mkt_assets.core.experiments.methods import drawn_together, try_method
from mkt_assets.core.experiments.verdicts import encoder_verdict, method_verdict
from mkt_assets_tests.calibration.cases import Case, activity

N_ACCOUNTS, N_POSTS, N_KINDS = 21, 500, 6
COMPARISONS = 14

Fit = Callable[[Matrix, int, int], tuple[Labels, str]]


def one_start(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """K-means of one start."""
    from sklearn.cluster import KMeans

    k = min(n_clusters, len(X))
    found = KMeans(k, n_init=1, max_iter=30, random_state=random_state).fit(X)  # pyright: ignore[reportArgumentType]
    return np.asarray(found.labels_, dtype=np.int64), ""


def by_chance(X: Matrix, n_clusters: int, random_state: int) -> tuple[Labels, str]:
    """K-means of one start that sees only a random line through the items: it finds other clusters each time."""
    direction = np.random.default_rng(random_state).normal(size=X.shape[1]).astype(np.float32)
    return one_start((X @ direction)[:, None], n_clusters, random_state)


class World:
    """Posts of accounts with tastes: kinds of picture, and topics, of which 6 in 10 follow the kind."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.accounts = np.repeat(np.arange(N_ACCOUNTS), activity(N_ACCOUNTS, N_POSTS))
        tastes = self.rng.dirichlet(np.full(N_KINDS, 0.6), size=N_ACCOUNTS)
        self.kinds = np.array([self.rng.choice(N_KINDS, p=tastes[a]) for a in self.accounts])
        n, dealt = len(self.kinds), self.rng.integers(0, N_KINDS, len(self.kinds))
        self.topics = np.where(self.rng.random(n) < 0.6, self.kinds, dealt)
        self.directions = self.rng.normal(size=(N_KINDS, 16))

    def seen(self, noise: float) -> NDArray[np.float32]:
        """The pictures as an encoder sees them: each account's look (half of the noise) and the picture's own."""
        look = self.rng.normal(size=(N_ACCOUNTS, 16))[self.accounts]
        own = self.rng.normal(size=(len(self.kinds), 16))
        X = self.directions[self.kinds] + noise * (look + own) / np.sqrt(2)
        return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)

    def row(self, X: NDArray[np.float32], fit: Fit, seed: int) -> dict[str, object]:
        """The row of the comparison."""
        n = len(X)
        of = References(
            range(n), self.accounts.tolist(), self.topics.tolist(), [None] * n, lambda i, j: False
        )
        units = drawn_together(of.posters, of.posts)
        trial = try_method(fit, X, N_KINDS, units=units, random_state=seed)
        return {"variant": f"{seed}", "modality": "image"} | measure(trial, X, of)


def told_stability(seed: int, *, other: Fit, n_comparisons: int, noise: float) -> float:
    """Whether the verdict calls a method more or less stable than k-means on the same items."""
    world = World(seed)
    X = world.seen(noise)
    said = method_verdict(
        world.row(X, other, 1000 + seed), world.row(X, one_start, seed), n_comparisons=n_comparisons
    )
    return float("less stable" in said or "more stable" in said)


def told_encoder(seed: int, *, noise: float, n_comparisons: int) -> float:
    """Whether the verdict calls an encoder (noise 1) better or worse than one that sees with this noise."""
    world = World(seed)
    one, two = (
        world.row(world.seen(1.0), one_start, seed),
        world.row(world.seen(noise), one_start, 1000 + seed),
    )
    said = encoder_verdict(one, two, n_comparisons=n_comparisons)
    return float(" more than " in said or " less than " in said)


_ITSELF = partial(told_stability, other=one_start, n_comparisons=1)
CASES = (
    Case(
        "k-means is more (less) stable than itself",
        "another seed; plain clusters",
        "at most",
        0.05,
        partial(_ITSELF, noise=1.0),
        120,
    ),
    Case(
        "k-means is more (less) stable than itself",
        "another seed; blurred clusters",
        "at most",
        0.05,
        partial(_ITSELF, noise=2.0),
        120,
    ),
    Case(
        "an encoder's styles go better (worse) with topics",
        "two encoders that see as much, each account's look in its own way",
        "at most",
        0.05,
        partial(told_encoder, noise=1.0, n_comparisons=1),
        120,
    ),
    Case(
        "a method is less stable than k-means",
        "it looks at a random line, among 14 comparisons",
        "at least",
        0.8,
        partial(told_stability, other=by_chance, n_comparisons=COMPARISONS, noise=1.0),
        60,
    ),
    Case(
        "an encoder's styles go better with topics",
        "the other sees hardly anything, among 14 comparisons",
        "at least",
        0.8,
        partial(told_encoder, noise=6.0, n_comparisons=COMPARISONS),
        60,
    ),
)
