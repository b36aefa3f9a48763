"""Which shares rise or fall over a few crawls: what a share varies by without a trend, and two tests against it.

Not here: which posts count (core/over_time/trend_posts), what is new or gone (core/over_time/novelty).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.crosstab.intervals import intraclass_correlation

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]

_EXCESS = 0.1 * 2.0 ** np.arange(11)
"""How much more crawls may vary than their posts and accounts tell, as parts of the variance of a typical crawl."""
_CORRELATIONS = np.array([0.0, 0.3, 0.6, 0.9])
"""How much of it may last to the next crawl."""
_ALIKE = 0.5
"""Probability beforehand that crawls differ by posts and accounts alone."""
_OTHERS = 40.0
"""Degrees of freedom that all identities together count for at most when one of them is judged."""
_LEAST_WITHIN = 0.02  # of a share's variance lies within accounts: one account's mix is never known exactly


@dataclass(frozen=True)
class Posts:
    """When each post is and who wrote it.

    Attributes:
        days: (times,) at least 3, in increasing order.
        at: (posts,) number of the time; every time has a post.
        accounts: (posts,) numbers from 0 without gaps.
    """

    days: Floats
    at: Integers
    accounts: Integers

    @cached_property
    def written(self) -> Floats:
        """(accounts, times), posts of each account at each time."""
        counts = np.zeros((int(self.accounts.max()) + 1, len(self.days)))
        np.add.at(counts, (self.accounts, self.at), 1.0)
        return counts

    @cached_property
    def n_all(self) -> Floats:
        """(times,), posts at each time."""
        return self.written.sum(axis=0)

    def per_time(self, is_in: Floats) -> Floats:
        """(times, identities), posts of each identity at each time."""
        return _summed(self.at, len(self.days), is_in)

    def per_account(self, values: Floats) -> Floats:
        """(accounts, identities), sums of a number a post."""
        return _summed(self.accounts, len(self.written), values)


def _summed(groups: Integers, n_groups: int, values: Floats) -> Floats:
    from scipy.sparse import csr_array

    n = len(groups)
    membership = csr_array((np.ones(n), (groups, np.arange(n))), shape=(n_groups, n))
    return np.asarray(membership @ values, dtype=np.float64)


@dataclass(frozen=True)
class Noise:
    """How shares without a trend vary together over times: candidates, and how likely each one is.

    Attributes:
        covariances: (candidates, times, times) of the shares of an identity whose posts have a variance of 1.
        log_prior: (candidates,).
        log_likelihood: (candidates,) of all identities together.
        free: Degrees of freedom behind log_likelihood.
    """

    covariances: Floats
    log_prior: Floats
    log_likelihood: Floats
    free: int

    @cached_property
    def typical(self) -> Floats:
        """(times, times), the mean of the candidates, as likely as they are."""
        weights = _normalised(self.log_prior + self.log_likelihood)
        return np.tensordot(weights, self.covariances, 1)


def share_noise(posts: Posts, is_in: Floats) -> Noise:
    """What shares vary by if none of them has a trend, learnt from all identities of a modality together.

    Three things make shares differ between crawls: that posts are few; that they come in accounts, each with styles
    and topics of its own, which are there in some crawls and not in others; and that the search found other things
    that day, today's whims lasting, maybe, to the next crawl. The covariance of shares over times is

        (1 - r) diag(1 / n_t) + r sum_g a_gt a_gs + c rho^|t - s|

    where a_gt is account g's part of the posts at t, r how alike two posts of an account are (an intraclass
    correlation, see `intraclass_correlation`), c the variance of crawls (as in Williams 1982, whose weights follow
    from it) and rho its correlation from one crawl to the next. r is estimated from within crawls and accounts. c
    and rho are not: a handful of crawls cannot tell. A grid of them is weighed by restricted likelihood (Patterson
    and Thompson 1971; lines through shares are left out), with even odds beforehand that c is 0.

    Args:
        posts: When and whose they are.
        is_in: (posts, identities) 1 where the post has the identity.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.trend_tests import Posts, share_noise
        >>> at = np.repeat(np.arange(4), 50)  # four crawls, 50 posts of 50 accounts in each
        >>> posts = Posts(np.array([0.0, 7.0, 14.0, 21.0]), at, np.tile(np.arange(50), 4))
        >>> steady, rising = np.arange(200) % 5 == 0, np.arange(200) % 50 < 5 + 10 * at
        >>> is_in = np.stack([steady, rising, ~rising], axis=1).astype(float)
        >>> noise = share_noise(posts, is_in)
        >>> round(float(noise.typical[0, 0]) * 50, 1)  # 1 if crawls differ by having 50 posts alone
        1.8
    """
    r = _likeness(posts, is_in)
    parts = posts.written / posts.n_all
    base = (1 - r) * np.diag(1 / posts.n_all) + r * parts.T @ parts
    typical = float(np.exp(np.log(np.diag(base)).mean()))
    lag = np.abs(posts.days[:, None] - posts.days) / np.median(np.diff(posts.days))
    lasting = _CORRELATIONS[:, None, None] ** lag
    crawls = (typical * _EXCESS[:, None, None, None] * lasting).reshape(-1, *base.shape)
    covariances = np.concatenate([base[None], base + crawls])
    log_prior = np.log(np.append(_ALIKE, np.full(len(crawls), (1 - _ALIKE) / len(crawls))))
    standardised = _standardised(posts, is_in)
    varying = standardised[:, standardised.any(axis=0)]
    # shares sum to about 1: one identity follows from the others
    n_free = max(1, varying.shape[1] - 1)
    per_identity = _log_likelihoods(posts.days, covariances, varying)
    together = per_identity.mean(axis=1) * n_free if varying.size else np.zeros(len(covariances))
    return Noise(covariances, log_prior, together, n_free * (len(posts.days) - 2))


def _likeness(posts: Posts, is_in: Floats) -> float:
    sizes = posts.written.sum(axis=1)[:, None]
    return min(intraclass_correlation(posts.per_account(is_in), sizes), 1 - _LEAST_WITHIN)


def _standardised(posts: Posts, is_in: Floats) -> Floats:
    """(times, identities), shares less their mean, over the standard deviation of a post; 0 where none varies."""
    mean = is_in.mean(axis=0)
    sd = np.sqrt(mean * (1 - mean))
    away = posts.per_time(is_in) / posts.n_all[:, None] - mean
    return np.where(sd > 0, away / np.where(sd > 0, sd, 1.0), 0.0)


def _log_likelihoods(days: Floats, covariances: Floats, shares: Floats) -> Floats:
    """(candidates, identities), restricted: of what is left of the shares beside any line."""
    line = np.stack([np.ones_like(days), days - days.mean()], axis=1)
    beside = np.linalg.svd(line)[0][:, 2:]
    left = beside.T @ shares
    within = beside.T @ covariances @ beside
    _, log_det = np.linalg.slogdet(within)
    distance = np.einsum("tk,jtk->jk", left, np.linalg.inv(within) @ left)
    return -0.5 * (log_det[:, None] + distance)


def _normalised(log_weights: Floats) -> Floats:
    weights = np.exp(log_weights - log_weights.max(axis=0))
    return weights / weights.sum(axis=0)


@dataclass(frozen=True)
class Tests:
    """What `trend_tests` found; every array is (identities,).

    Attributes:
        slope: Of the fitted line, share per day.
        error: Standard error of the slope: the noise's or that of the accounts, whichever is larger.
        p: Two-sided, by the noise.
        account_p: Two-sided, by leaving out one account at a time.
    """

    slope: Floats
    error: Floats
    p: Floats
    account_p: Floats


def trend_tests(posts: Posts, is_in: Floats, noise: Noise) -> Tests:
    """Two tests of the line through the shares, each time weighted by how well its shares are known.

    By noise: the chance of such a slope if nothing but `noise` moved the share, averaged over the candidates as
    likely as they are (Meng 1994). So few crawls make a wide distribution as Student's t does, and what cannot be
    estimated is not assumed. How likely they are is said by all identities, for `_OTHERS` degrees of freedom at
    most, and by the identity's own crawls: what is seen of others is believed less of one that behaves otherwise
    (as in Smyth 2004).

    By account: the line is fitted again without each account in turn (the cluster jackknife CV3 of MacKinnon,
    Nielsen and Webb 2023; t of accounts - 1 degrees). It assumes nothing of how accounts behave: m accounts that
    move alike while the rest stay make a t of about the root of m, so it takes five of them.

    Args:
        posts: When and whose they are.
        is_in: (posts, identities) 1 where the post has the identity.
        noise: Of the same posts.

    Returns:
        Tests; an identity that has no post, or all of them, has p 1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.over_time.trend_tests import Posts, share_noise, trend_tests
        >>> at = np.repeat(np.arange(4), 50)  # four crawls, 50 posts of 50 accounts in each
        >>> posts = Posts(np.array([0.0, 7.0, 14.0, 21.0]), at, np.tile(np.arange(50), 4))
        >>> steady, rising = np.arange(200) % 5 == 0, np.arange(200) % 50 < 5 + 10 * at
        >>> is_in = np.stack([steady, rising, ~rising], axis=1).astype(float)
        >>> tests = trend_tests(posts, is_in, share_noise(posts, is_in))
        >>> tests.slope.round(3).tolist(), (np.maximum(tests.p, tests.account_p) < 0.05).tolist()
        ([0.0, 0.029, -0.029], [False, True, True])
    """
    from scipy.stats import norm

    share = posts.per_time(is_in) / posts.n_all[:, None]
    mean = is_in.mean(axis=0)
    variance = mean * (1 - mean)
    line = _line(posts.days, 1 / np.diag(noise.typical))
    slope = line @ share
    of_line = np.einsum("t,jts,s->j", line, noise.covariances, line)
    others = noise.log_likelihood * min(1.0, _OTHERS / noise.free)
    own = _log_likelihoods(posts.days, noise.covariances, _standardised(posts, is_in))
    weights = _normalised((noise.log_prior + others)[:, None] + own)
    varies = variance > 0
    errors = np.sqrt(of_line[:, None] * np.where(varies, variance, 1.0))
    p = (weights * 2 * norm.sf(np.abs(slope) / errors)).sum(axis=0)
    by_account, account_p = _jackknife(posts, is_in, noise)
    error = np.sqrt(np.maximum((weights * errors**2).sum(axis=0), by_account))
    return Tests(
        np.where(varies, slope, 0.0),
        np.where(varies, error, 0.0),
        np.where(varies, np.minimum(p, 1.0), 1.0),
        np.where(varies, account_p, 1.0),
    )


def _line(days: Floats, weights: Floats) -> Floats:
    """What a slope is made of, (.., times): the slope of a line through shares is their sum weighted by this.

    0 where all weight lies at one time: there is no line.
    """
    parts = weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300)
    centred = days - (parts @ days)[..., None]
    spread = (parts * centred**2).sum(axis=-1, keepdims=True)
    there_is_one = spread > 1e-9 * np.ptp(days) ** 2
    return np.where(there_is_one, parts * centred / np.where(there_is_one, spread, 1.0), 0.0)


def _jackknife(posts: Posts, is_in: Floats, noise: Noise) -> tuple[Floats, Floats]:
    """Variance of the slopes over accounts and two-sided p, both (identities,)."""
    from scipy.stats import t

    n_accounts = len(posts.written)
    if n_accounts < 2:
        nothing = np.zeros(is_in.shape[1])
        return nothing, nothing + 1
    # a time varies by its posts, and by so much more however many it has
    more = np.maximum(np.diag(noise.typical) - 1 / posts.n_all, 0.0)
    slope = _line(posts.days, 1 / (1 / posts.n_all + more)) / posts.n_all @ posts.per_time(is_in)
    left = posts.n_all - posts.written
    some = left > 0
    n_left = np.where(some, left, 1.0)
    per_post = _line(posts.days, np.where(some, 1 / (1 / n_left + more), 0.0)) / n_left
    of_account = posts.per_account(per_post[posts.accounts, posts.at][:, None] * is_in)
    moved = per_post @ posts.per_time(is_in) - of_account - slope
    variance = (1 - 1 / n_accounts) * (moved**2).sum(axis=0)
    score = np.abs(slope) / np.sqrt(np.maximum(variance, 1e-300))
    return variance, np.where(variance > 0, 2 * t.sf(score, n_accounts - 1), 1.0)
