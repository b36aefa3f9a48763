"""Whether a topic goes with a style in accounts at large, or only in the few that write most posts.

Not here: which links are believed (core/crosstab/belief), trends by account (core/over_time/trend_tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.crosstab.intervals import intraclass_correlation

Floats = NDArray[np.float64]

_TEMPER = 0.25
"""An account of n posts weighs n^-this less: halfway between equal posts (0) and equally heard accounts (1/2)."""
_BLOCK = 2_000_000  # numbers of a block of styles in memory
_TINY = 1e-9  # what rounding leaves of a zero


def counts_by_account(of_post: Floats, topic: NDArray[np.int64], posters: NDArray[np.int64]) -> Floats:
    """Posts of every account with a style and a topic, (accounts, styles, topics).

    Args:
        of_post: (posts, styles), 1 where a post has a picture in the style; it may have several.
        topic: (posts,), the post's topic, numbered from 0.
        posters: (posts,), its account, numbered from 0.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.account_links import counts_by_account
        >>> of_post = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])  # the second post shows both styles
        >>> counts_by_account(of_post, np.array([0, 0, 1]), np.array([0, 0, 1])).tolist()
        [[[2.0, 0.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]]
    """
    from scipy.sparse import csr_array

    n_accounts, n_topics, n_posts = int(posters.max()) + 1, int(topic.max()) + 1, len(topic)
    cell = posters * n_topics + topic
    placed = csr_array((np.ones(n_posts), (cell, np.arange(n_posts))), shape=(n_accounts * n_topics, n_posts))
    return (placed @ of_post).reshape(n_accounts, n_topics, -1).transpose(0, 2, 1)


def poster_p_values(both: Floats, of_topic: Floats) -> Floats:
    """One-sided p of every (style, topic) pair, with accounts, not posts, as what varies.

    An account with styles and topics of its own makes many posts of one pair, and that is one observation. What is
    tested is the slope of "the post has the topic" on "the post is of the style", that is, the difference of the
    topic's share inside and outside the style. It is known from two comparisons: of an account's posts of the style
    with its other posts, which no taste of the account can feign; and of accounts with each other, where n posts of
    one account count as n / (1 + (n - 1) r), r being the intraclass correlation of topics (the random-effects
    estimate of Fuller and Battese 1973). Large accounts weigh somewhat less again (`_TEMPER`): how one of them
    links is one observation, too.

    The variance of the slope is that over accounts, by leaving out each in turn (MacKinnon, Nielsen and Webb 2023),
    corrected for leverage as CR2 (Bell and McCaffrey 2002) and taken of angles (`_angular_gain`), but no less than
    the one that r would make, as few accounts may agree by chance; Student's t has accounts - 1 degrees of freedom. p
    is 1 where the slope without some one account is not positive or cannot be told: such a link rests on that account.

    Args:
        both: What `counts_by_account` gives.
        of_topic: (accounts, topics), posts of every account with a topic, in a style or not; each account has one.

    Returns:
        (styles, topics), 0..1; all 1 if there are fewer than three accounts.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.account_links import poster_p_values
        >>> both = np.zeros((10, 2, 2))
        >>> both[:, 0, 0], both[:, 1, 1] = 2, 2  # ten accounts: two posts of each pair
        >>> by_all = poster_p_values(both, both.sum(axis=1))
        >>> both[:] = 0
        >>> both[0, 0, 0], both[1:, 1, 1] = 20, 2  # the same posts, but one account made one of the pairs
        >>> by_one = poster_p_values(both, both.sum(axis=1))
        >>> bool(by_all[0, 0] < 0.001), float(by_one[0, 0])
        (True, 1.0)
    """
    n_accounts, n_styles, n_topics = both.shape
    if n_accounts < 3:
        return np.ones((n_styles, n_topics))
    accounts = _Accounts.of(of_topic)
    width = max(1, _BLOCK // (n_accounts * n_topics))
    blocks = [both[:, start : start + width] for start in range(0, n_styles, width)]
    return np.concatenate([_p_values(block, accounts) for block in blocks])


@dataclass(frozen=True)
class _Accounts:
    """Of every account: its posts, how its topics divide them, and what its two comparisons weigh."""

    n: Floats
    shares: Floats
    """(accounts, topics)."""
    alike: float
    """The intraclass correlation."""
    within: Floats
    """Weight of each of its posts in the comparison with its other posts."""
    between: Floats
    """Weight of its shares in the comparison with other accounts."""

    @classmethod
    def of(cls, of_topic: Floats) -> _Accounts:
        n = of_topic.sum(axis=1)
        # at 1 nothing would be left to compare
        alike = min(intraclass_correlation(of_topic, n[:, None]), 0.99)
        tempered = n**-_TEMPER
        worth = n * (1 - alike) / (1 + (n - 1) * alike)
        return cls(n, of_topic / n[:, None], alike, tempered, tempered * worth)

    def variance(self, style: Floats) -> Floats:
        """Of the products' sums if style and topic are independent in each account, over share * (1 - share)."""
        apart = style - self.between @ style / self.between.sum()
        of_within = (self.within**2 * self.n) @ (style * (1 - style)) * (1 - self.alike)
        of_between = (self.between**2 * (self.alike + (1 - self.alike) / self.n)) @ apart**2
        return of_within + of_between


def _p_values(both: Floats, accounts: _Accounts) -> Floats:
    """`poster_p_values` of a block of styles."""
    from scipy.stats import t

    n_accounts = len(both)
    style = both.sum(axis=2) / accounts.n[:, None]
    slope, spread, slope_without, spread_without = _slopes(both, style, accounts)
    least = slope_without.min(axis=0)
    total = accounts.between.sum()
    share, size = accounts.between @ accounts.shares / total, (accounts.between @ style / total)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = spread_without / spread
        over_accounts = np.einsum("gst,gs->st", (slope_without - slope) ** 2, kept) * (1 - 1 / n_accounts)
        by_chance = (accounts.variance(style) / spread**2)[:, None] * (share * (1 - share))
        gain = _angular_gain(share + slope * (1 - size), share - slope * size, size)
        p = t.sf(slope / np.sqrt(np.maximum(over_accounts / gain**2, by_chance)), n_accounts - 1)
    return np.where(least > _TINY, p, 1.0)


def _angular_gain(inside: Floats, outside: Floats, size: Floats) -> Floats:
    """How much surer a difference of shares is as one of angles, at least 1; `size` is the style's own share.

    The variance of a share grows with it, that of the arcsine of its root does not (Bartlett 1947): the share inside
    a style that is found to be large would else be held against it.
    """
    known = (outside > 0) & (inside < 1) & (inside > outside)
    high, low = np.where(known, inside, 0.75), np.where(known, outside, 0.25)
    angle = 2 * (np.arcsin(np.sqrt(high)) - np.arcsin(np.sqrt(low)))
    steepness = (1 - size) / np.sqrt(high * (1 - high)) + size / np.sqrt(low * (1 - low))
    return np.where(known, np.maximum(angle / ((high - low) * steepness), 1.0), 1.0)


def _slopes(both: Floats, style: Floats, accounts: _Accounts) -> tuple[Floats, Floats, Floats, Floats]:
    """The slope (styles, topics), the style's spread that it is over, and both without each account in turn."""
    within, weight = accounts.within, accounts.between
    centred = (weight - within * accounts.n)[:, None] * style
    parts = (
        within[:, None, None] * both + _outer(centred, accounts.shares),
        (within * accounts.n)[:, None] * style + centred * style,
        weight[:, None] * style,
        weight[:, None] * accounts.shares,
        weight[:, None],
    )
    products, squares, in_style, in_topic, total = (part.sum(axis=0) for part in parts)
    slope, spread = _slope(products, squares, in_style, in_topic, total)
    others = (
        products - parts[0],
        squares - parts[1],
        in_style - parts[2],
        in_topic - parts[3],
        total - parts[4],
    )
    return slope, spread, *_slope(*others)


def _slope(
    products: Floats, squares: Floats, in_style: Floats, in_topic: Floats, total: Floats
) -> tuple[Floats, Floats]:
    """Covariance over spread from weighted sums, and the spread; 0 where the spread is none."""
    spread = squares - in_style**2 / total
    known = spread > _TINY * squares
    covariance = products - _outer(in_style / total, in_topic)
    return np.where(known[..., None], covariance / np.where(known, spread, 1.0)[..., None], 0.0), spread


def _outer(of_style: Floats, of_topic: Floats) -> Floats:
    """(..., styles) by (..., topics)."""
    return of_style[..., :, None] * of_topic[..., None, :]
