"""How sure a share is.

Accounts have topics of their own (Dirichlet); the share of a topic among the posts of a style is measured in a crawl,
and the truth is what the same accounts' kind would write on average: with how many of the cells does the interval of
95 % contain it? Told is the coverage.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from mkt_assets.core.crosstab.intervals import clustered_interval
from mkt_assets_tests.calibration.cases import Case, activity


def coverage(n_accounts: int, n_posts: int, exponent: float, concentration: float, seed: int) -> float:
    """The share of 20 topics whose interval contains the true share, in a crawl of such accounts."""
    rng = np.random.default_rng([seed, 17])
    truth = rng.dirichlet(np.full(20, 2.0))
    sizes = activity(n_accounts, n_posts, exponent=exponent)
    own = rng.dirichlet(np.maximum(concentration * truth, 1e-3), n_accounts)
    counts = np.stack([rng.multinomial(n, p) for n, p in zip(sizes, own, strict=True)])
    low, high = clustered_interval(counts, sizes[:, None])
    return float(((low <= truth) & (truth <= high)).mean())


def _case(world: str, bound: float, *of: float, n_runs: int = 300) -> Case:
    n_accounts, n_posts, exponent, concentration = of
    simulate = partial(coverage, int(n_accounts), int(n_posts), exponent, concentration)
    return Case("a share of 95 % interval", world, "at least", bound, simulate, n_runs)


CASES = (
    _case("21 accounts, concentration 4.5", 0.95, 21, 986, 1.25, 4.5),
    _case("21 accounts, concentration 1", 0.9, 21, 986, 1.25, 1),
    _case("21 accounts, concentration 20", 0.95, 21, 986, 1.25, 20),
    _case("100 equal accounts, concentration 4.5", 0.95, 100, 1000, 0, 4.5),
    _case("400 accounts, all alike", 0.95, 400, 2000, 1.25, 1e6),
)
