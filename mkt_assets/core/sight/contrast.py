"""What sets the pictures of a group apart from all others, asked by account: each counts once, however much it posts.

Not here: what is scored: words (styles), topics (matches).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ids = NDArray[np.int64]

MIN_ACCOUNTS = 3
"""With fewer accounts inside or outside a group nothing is said of it: their spread is not known."""
_MAD_TO_SD = 1.4826
_NOISE = 1e-6
"""What cosines of float32 vectors differ by for no reason."""


@dataclass(frozen=True)
class Contrasts:
    """By group (sorted) and score.

    Attributes:
        groups: (g,) ids.
        mean: (g, w) mean score of the group's accounts.
        difference: (g, w) by how much that is above the mean of the accounts outside.
        p: (g, w) chance of such a difference, or a larger one, if the group were like the rest.
    """

    groups: Ids
    mean: Floats
    difference: Floats
    p: Floats


def contrasts(scores: Floats, groups: Ids, accounts: Ids) -> Contrasts:
    """Compare, for every score, the accounts in each group with those outside: one-sided, by Welch's t.

    An account's value inside is the mean of its items there, outside that of its others.

    Args:
        scores: (n, w) of n items.
        groups: (n,) the item's group.
        accounts: (n,) who posted it.

    Source:
        B. L. Welch, The generalization of "Student's" problem when several different population variances are
        involved, Biometrika 34 (1947).

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.sight.contrast import contrasts
        >>> groups, accounts = np.repeat([0, 1], 6), np.tile(np.arange(6), 2)
        >>> score = np.where(groups == 0, 0.3, 0.1)[:, None] + 0.01 * np.cos(np.arange(12))[:, None]
        >>> found = contrasts(score, groups, accounts)
        >>> found.difference.round(2).ravel().tolist(), (found.p < 0.001).ravel().tolist()
        ([0.2, -0.2], [True, False])
    """
    names, group_of = np.unique(groups, return_inverse=True)
    _, account_of = np.unique(accounts, return_inverse=True)
    n_accounts = int(account_of.max(initial=-1)) + 1
    all_sums, all_counts = _by_account(scores, account_of, n_accounts)
    shape = (len(names), scores.shape[1])
    mean, difference, p = np.zeros(shape), np.zeros(shape), np.ones(shape)
    for group in range(len(names)):
        inside = group_of == group
        sums, counts = _by_account(scores[inside], account_of[inside], n_accounts)
        within = sums[counts > 0] / counts[counts > 0, None]
        left = all_counts - counts
        without = (all_sums - sums)[left > 0] / left[left > 0, None]
        mean[group] = within.mean(axis=0)
        if len(without):
            difference[group] = mean[group] - without.mean(axis=0)
        if min(len(within), len(without)) >= MIN_ACCOUNTS:
            p[group] = _welch(difference[group], within, without)
    return Contrasts(names.astype(np.int64), mean, difference, p)


def chance_contrast(differences: Floats, share: float) -> float:
    """The difference that a `share` of these would exceed if none of them meant anything.

    Any two groups of pictures differ in some direction, however many accounts show it, and what is in that direction
    by chance is as good as normal: around the median, with a spread as of the median absolute deviation, which the few
    that mean something hardly move.

    Args:
        differences: any shape, most of which mean nothing.
        share: 0..1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.sight.contrast import chance_contrast
        >>> round(chance_contrast(np.random.default_rng(0).normal(size=100_000), 0.05), 2)
        1.64
    """
    from scipy.stats import norm

    median = float(np.median(differences))
    spread = _MAD_TO_SD * float(np.median(np.abs(differences - median)))
    return median + float(norm.isf(share)) * max(spread, _NOISE)


def _by_account(scores: Floats, account_of: Ids, n_accounts: int) -> tuple[Floats, Ids]:
    """(a, w) sums and (a,) counts of items."""
    order = np.argsort(account_of, kind="stable")
    present, starts = np.unique(account_of[order], return_index=True)
    sums = np.zeros((n_accounts, scores.shape[1]))
    if len(present):
        sums[present] = np.add.reduceat(scores[order], starts, axis=0)
    return sums, np.bincount(account_of, minlength=n_accounts)


def _welch(difference: Floats, within: Floats, without: Floats) -> Floats:
    from scipy.stats import t

    parts = [
        (values.var(axis=0, ddof=1) / len(values) + _NOISE**2, len(values) - 1)
        for values in (within, without)
    ]
    variance = parts[0][0] + parts[1][0]
    freedom = variance**2 / sum(part**2 / n for part, n in parts)
    return np.asarray(t.sf(difference / np.sqrt(variance), freedom), dtype=np.float64)
