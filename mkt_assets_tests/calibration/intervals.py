"""95 % intervals of a share, where few accounts write most of the posts.

The truth is the share that accounts have on average. A ratio of the cross table is only seen where a pair occurs,
so very one-sided accounts (concentration below 1) are out of any interval's reach: a cell that they do not fill is not
asked about.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from mkt_assets.core.intervals import clustered_interval, wilson_interval
from mkt_assets_tests.calibration.cases import Case, activity
from mkt_assets_tests.calibration.links import REAL, World, believed


def ratios_covered(world: World, seed: int) -> float:
    """Share of the cross table's ratios whose interval holds the truth."""
    found = believed(world, seed)
    truth = 1 / world.n_topics
    return float(((found["ratio_low"] <= truth) & (found["ratio_high"] >= truth)).mean())


def shares_covered(world: World, seed: int) -> float:
    """Share of topics whose share of the crawl has an interval that holds the truth."""
    account, _, topic = world.labels(seed)
    counts = np.zeros((len(world.posts), world.n_topics))
    np.add.at(counts, (account, topic), 1)
    low, high = clustered_interval(counts, counts.sum(axis=1, keepdims=True))
    return float(((low <= 1 / world.n_topics) & (high >= 1 / world.n_topics)).mean())


def width_over_wilson(world: World, seed: int) -> float:
    """How much wider than Wilson's the intervals of the topics' shares are."""
    account, _, topic = world.labels(seed)
    counts = np.zeros((len(world.posts), world.n_topics))
    np.add.at(counts, (account, topic), 1)
    low, high = clustered_interval(counts, counts.sum(axis=1, keepdims=True))
    plain = wilson_interval(counts.sum(axis=0) / len(topic), len(topic))
    return float((high - low).mean() / (plain[1] - plain[0]).mean())


def _covered(claim: str, of: str, world: World) -> Case:
    simulate = ratios_covered if claim == "ratio" else shares_covered
    return Case(
        f"the interval of a {claim} holds the truth", of, "at least", 0.95, partial(simulate, world), 60
    )


CASES = (
    _covered("ratio", "real activity, 1,000 posts, concentration 4.5", World(REAL, 4.5)),
    _covered("ratio", "real activity, 1,000 posts, concentration 20", World(REAL, 20.0)),
    _covered("ratio", "real activity, 2,000 posts, 10 x 8", World(activity(21, 2000), 4.5, 10, 8)),
    _covered("ratio", "60 accounts, 1,500 posts, concentration 4.5", World(activity(60, 1500), 4.5)),
    _covered("share", "real activity, 1,000 posts, concentration 1", World(REAL, 1.0)),
    _covered("share", "real activity, 1,000 posts, concentration 4.5", World(REAL, 4.5)),
    _covered("share", "real activity, 1,000 posts, concentration 20", World(REAL, 20.0)),
    _covered("share", "400 accounts, 2 posts each", World(activity(400, 800, exponent=0), 4.5)),
    Case(
        "width of an interval over Wilson's, posts being independent",
        "real activity, concentration 10,000",
        "at most",
        1.3,
        partial(width_over_wilson, World(REAL, 10_000.0)),
        60,
    ),
)
