"""How sure a share is: 95 % intervals, of independent items or of items that come in accounts of unequal size.

Not here: intervals of medians (core/profiles/profiles), of trends (core/over_time/trend_tests).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_Z = 1.959963984540054  # of a normal distribution, 95 % two-sided
_BLOCK = 2_000_000  # numbers of a block of cells in memory


def wilson_interval(share: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """95 % score interval of a share of n independent trials (Wilson 1927); it always contains the share.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.intervals import wilson_interval
        >>> [float(end) for end in np.round(wilson_interval(1.0, 4), 2)]
        [0.51, 1.0]
    """
    p, trials = np.asarray(share, dtype=np.float64), np.asarray(n, dtype=np.float64)
    middle = (p + _Z**2 / (2 * trials)) / (1 + _Z**2 / trials)
    half = _Z / (1 + _Z**2 / trials) * np.sqrt(p * (1 - p) / trials + _Z**2 / (4 * trials**2))
    return np.minimum(np.maximum(middle - half, 0.0), p), np.maximum(np.minimum(middle + half, 1.0), p)


def clustered_interval(counts: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    """95 % interval of shares whose posts were written by few accounts, many of them by fewer still.

    An account has topics of its own, so its second post tells less than its first. The interval is Wilson's with as
    many trials as the posts are worth (Korn and Graubard 1998), see `effective_sizes`; where every account has one
    post it is Wilson's of the posts. It always contains the share.

    Args:
        counts: (accounts, cells), posts of each account in each cell (say, of a topic).
        sizes: (accounts, cells) or (accounts, 1), posts of the account that the share is taken of; each cell needs
            at least one.

    Returns:
        Lower and upper ends, (cells,), 0..1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.intervals import clustered_interval
        >>> spread = clustered_interval([[1], [0], [1], [0], [1], [0]], [[1]] * 6)
        >>> lumped = clustered_interval([[3], [0], [0], [3], [0], [0]], [[3]] * 6)  # three posts an account
        >>> np.round(spread, 2).ravel().tolist(), np.round(lumped, 2).ravel().tolist()
        ([0.19, 0.81], [0.06, 0.8])
    """
    hits, trials = _checked(counts, sizes)
    return wilson_interval(hits.sum(axis=0) / trials.sum(axis=0), effective_sizes(hits, trials))


def effective_sizes(counts: ArrayLike, sizes: ArrayLike) -> Floats:
    """How many independent posts the posts of each cell are worth, (cells,), from 1 to their number.

    The smaller of two answers:

    - by the intraclass correlation that all cells have in common (Kish 1965; for accounts of unequal size), which
      few accounts suffice to know as there are many cells; 1 if there is a single account, which tells nothing of
      others;
    - by the cell's own variance over accounts, a jackknife (CV3 of MacKinnon, Nielsen and Webb 2023) that finds a
      cell in which accounts differ more than in others, with Student's t of accounts - 1 degrees (Korn and
      Graubard 1998).

    Arguments are those of `clustered_interval`.

    Examples:
        >>> from mkt_assets.core.crosstab.intervals import effective_sizes
        >>> sizes = [[3]] * 6  # 18 posts of six accounts, each with one opinion
        >>> effective_sizes([[3], [0], [0], [3], [0], [0]], sizes).round(1).tolist()
        [2.9]
    """
    hits, trials = _checked(counts, sizes)
    n = trials.sum(axis=0)
    if trials.max(initial=0) <= 1:
        return n
    correlation = intraclass_correlation(hits, trials)
    found = np.empty(len(n))
    for block in _blocks(hits):
        k, m = hits[:, block], trials[:, block]
        shares = m / n[block]
        worth = 1 / (shares**2 * (correlation + (1 - correlation) / np.maximum(m, 1))).sum(axis=0)
        found[block] = np.fmin(worth, _by_own_variance(k, m))
    independent = trials.max(axis=0, initial=0) <= 1
    return np.where(independent, n, np.clip(found, 1.0, n))


def intraclass_correlation(counts: ArrayLike, sizes: ArrayLike) -> float:
    """How alike two posts of one account are, over all cells: 0 as posts of two accounts, 1 always the same.

    One less the disagreement of posts of one account over that of posts of different accounts (the pairwise form of
    the analysis-of-variance estimate, Fleiss and Cuzick 1979); its expectation does not depend on how unequal the
    accounts are. 1 where no two accounts can be compared, 0 where no account has two posts.

    Arguments are those of `clustered_interval`.

    Examples:
        >>> from mkt_assets.core.crosstab.intervals import intraclass_correlation
        >>> intraclass_correlation([[3], [0], [0]], [[3], [3], [3]])  # each account always does the same
        1.0
        >>> round(intraclass_correlation([[3], [1], [0]], [[4], [4], [4]]), 2)
        0.38
    """
    hits, trials = _checked(counts, sizes)
    n, further = trials.sum(axis=0), np.maximum(trials - 1, 0).sum(axis=0)
    if not further.any():
        return 0.0
    pairs = n**2 - np.concatenate([(trials[:, b] ** 2).sum(axis=0) for b in _blocks(hits)])
    comparable = pairs > 0
    within, between = 0.0, 0.0
    for block in _blocks(hits):
        k, m, use = hits[:, block], trials[:, block], comparable[block]
        apart = k * (m - k)
        across = k.sum(axis=0) * (m - k).sum(axis=0) - apart.sum(axis=0)
        within += float((apart / np.maximum(m, 1)).sum(axis=0)[use].sum())
        between += float((further[block][use] * across[use] / pairs[block][use]).sum())
    return float(np.clip(1 - within / between, 0.0, 1.0)) if between > 0 else 1.0


def _by_own_variance(counts: Floats, sizes: Floats) -> Floats:
    """Posts that have the variance which the cell shows over its accounts; not a number where it shows none."""
    from scipy.stats import t

    k, n = counts.sum(axis=0), sizes.sum(axis=0)
    share, n_accounts = k / n, (sizes > 0).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = (k - counts) / (n - sizes) - share
        variance = (1 - 1 / n_accounts) * np.where(sizes > 0, without**2, 0.0).sum(axis=0)
        worth = share * (1 - share) / variance
    worth = np.where(variance > 0, worth, np.nan)
    return worth * (_Z / t.ppf(0.975, np.maximum(n_accounts - 1, 1))) ** 2


def _checked(counts: ArrayLike, sizes: ArrayLike) -> tuple[Floats, Floats]:
    hits = np.asarray(counts, dtype=np.float64)
    return hits, np.broadcast_to(np.asarray(sizes, dtype=np.float64), hits.shape)


def _blocks(counts: Floats) -> list[slice]:
    width = max(1, _BLOCK // max(1, len(counts)))
    return [slice(start, start + width) for start in range(0, counts.shape[1], width)]
