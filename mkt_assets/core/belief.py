"""How much to believe a link of the cross table: interval, lift, tests by post and poster; `crosstab` counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.crosstab import join
from mkt_assets.core.intervals import wilson_interval as wilson_interval

MAX_P = 0.05
"""A link is believed below this q by post and this p by poster."""
N_SIGN_FLIPS = 1999
"""p by poster comes in steps of one over this and one more."""
_CELLS = 4_000_000  # of a block of sign-flipped sums in memory

Floats = NDArray[np.float64]

COLUMNS = [
    *("ratio_low", "ratio_high", "base_share", "lift", "npmi"),
    *("p_value", "q_value", "poster_p_value", "supported"),
]


def believe(
    ratios: pd.DataFrame, images: pd.DataFrame, texts: pd.DataFrame, *, random_state: int = 0
) -> pd.DataFrame:
    """The pairs of `crosstab.cross` with what is needed to believe them or not.

    Tests ask about distinct posts in every unit: pictures of one post are not independent of each other. Rows that
    are there twice change nothing.

    Args:
        ratios: What `cross` gave for these images and texts, in any unit.
        images: See `cross`; without poster_id every post counts as a poster of its own.
        texts: See `cross`.
        random_state: Seed of the sign flips.

    Returns:
        `ratios` and these columns, missing where text_cluster is:

        - ratio_low, ratio_high: 95 % interval of the ratio (Wilson 1927) with n = the image cluster's posts with
          a text, whatever the unit;
        - base_share: the text cluster's share among all image clusters' items; lift: ratio over it; npmi: its
          normalised pointwise mutual information (Bouma 2009), -1..1;
        - p_value: chance that at least as many posts of the image cluster have this text cluster if text
          clusters were dealt at random to posts (hypergeometric, one-sided); q_value: corrected for all pairs
          that could be, also those that do not occur (Benjamini and Hochberg 1995);
        - poster_p_value: see `poster_p_values`;
        - supported: q_value and poster_p_value below `MAX_P`, lift above 1, not of low support.
    """
    pairs = ratios.dropna(subset=["text_cluster"])
    if pairs.empty:
        unknown = pd.DataFrame(np.nan, index=ratios.index, columns=COLUMNS[:-1])
        missing = pd.Series(pd.array([pd.NA] * len(ratios), dtype="boolean"), index=ratios.index)
        return pd.concat([ratios, unknown], axis=1).assign(supported=missing)
    styles, topics, posters = _incidence(images, texts)
    style = styles.columns.get_indexer(pd.Index(pairs["image_cluster"]))
    topic = topics.columns.get_indexer(pd.Index(pairs["text_cluster"].astype("int64")))
    of_post, has = styles.to_numpy(np.float64), topics.to_numpy(np.float64)
    p = hypergeometric_p_values(of_post.T @ has, of_post.sum(axis=0), has.sum(axis=0), len(of_post))
    by_poster = poster_p_values(of_post, has, posters, random_state=random_state)
    low, high = wilson_interval(pairs["ratio"].to_numpy(), of_post.sum(axis=0)[style])
    n_all = pairs.drop_duplicates("image_cluster")["n_with_text"].sum()
    base = pairs.groupby("text_cluster")["n"].transform("sum").to_numpy(np.float64) / n_all
    found = pd.DataFrame(
        {
            "ratio_low": low,
            "ratio_high": high,
            "base_share": base,
            "lift": pairs["ratio"].to_numpy(np.float64) / base,
            "npmi": normalised_pmi(
                pairs["n"].to_numpy() / n_all, pairs["n_with_text"].to_numpy() / n_all, base
            ),
            "p_value": p[style, topic],
            "q_value": false_discovery_rates(p)[style, topic],
            "poster_p_value": by_poster[style, topic],
        },
        index=pairs.index,
    )
    found["supported"] = (
        (found["q_value"] < MAX_P)
        & (found["poster_p_value"] < MAX_P)
        & (found["lift"] > 1)
        & ~pairs["low_support"]
    ).astype("boolean")
    return ratios.join(found)


def normalised_pmi(both: Floats, one: Floats, other: Floats) -> Floats:
    """Pointwise mutual information of shares, over its largest value (Bouma 2009): 1 always together, 0 by chance."""
    largest = -np.log(both)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(largest > 1e-12, np.log(both / (one * other)) / largest, 1.0)


def hypergeometric_p_values(counts: Floats, rows: Floats, columns: Floats, n: int) -> Floats:
    """One-sided p of every cell of a table of counts, (r, c): as many or more by dealing columns to n posts."""
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(counts - 1, n, columns[None, :], rows[:, None]), dtype=np.float64)


def false_discovery_rates(p: Floats) -> Floats:
    """Q of all p values together (Benjamini and Hochberg 1995), in the same shape."""
    flat = p.ravel()
    order = np.argsort(flat)[::-1]
    rank = np.arange(len(flat), 0, -1)
    q = np.empty_like(flat)
    q[order] = np.minimum.accumulate(np.minimum(flat[order] * len(flat) / rank, 1.0))
    # rounding must not put q below p
    return np.maximum(q, flat).reshape(p.shape)


def poster_p_values(
    of_post: Floats, has: Floats, posters: NDArray[np.int64], *, random_state: int = 0
) -> Floats:
    """One-sided p of every (image cluster, text cluster) pair with posters, not posts, as what varies.

    An account with its one style and its one topic makes many posts of one pair; by post that is a finding, and
    by account it is one observation. What is tested is the difference between the topic's share inside and outside
    the style; each poster contributes its posts' deviations from the share outside, weighted so that the sum over
    posters is that difference. If style and topic are independent these sums lie around 0 and are independent of
    each other, so their signs are exchangeable: p is the share of `N_SIGN_FLIPS` random sign patterns whose sum is as
    large (the score wild bootstrap of Kline and Santos 2012, with Rademacher signs). It takes about five posters
    for a p below 0.05. 1 where every post is in the style: there is no outside.

    Args:
        of_post: (posts, image clusters), 1 where a post has a picture in the cluster.
        has: (posts, text clusters), 1 at the post's text cluster.
        posters: (posts,) numbers from 0.
        random_state: Seed.

    Returns:
        (image clusters, text clusters), in 1 / (N_SIGN_FLIPS + 1) .. 1.
    """
    from threadpoolctl import threadpool_limits

    n_posters = int(posters.max()) + 1
    n_inside = of_post.sum(axis=0)
    n_outside = len(of_post) - n_inside
    with np.errstate(divide="ignore", invalid="ignore"):
        outside = ((1 - of_post).T @ has) / n_outside[:, None]
        weight = of_post - (1 - of_post) * n_inside / n_outside
    signs = np.random.default_rng(random_state).integers(0, 2, (N_SIGN_FLIPS, n_posters)) * 2 - 1
    signs = signs.astype(np.float32)
    order = np.argsort(posters, kind="stable")
    first = np.flatnonzero(np.diff(posters[order], prepend=-1))
    p = np.empty(outside.shape)
    width = max(1, _CELLS // (max(N_SIGN_FLIPS, len(posters)) * has.shape[1]))
    with threadpool_limits(limits=1):
        for start in range(0, len(outside), width):
            part = slice(start, start + width)
            deviations = has[order, None, :] - outside[None, part]
            products = weight[order, part, None] * deviations
            sums = np.add.reduceat(products, first, axis=0).reshape(n_posters, -1).astype(np.float32)
            observed = sums.sum(axis=0)
            # equal sums in another order of addition are equal
            reached = signs @ sums >= observed - 1e-4 * np.abs(sums).sum(axis=0)
            p[part] = ((reached.sum(axis=0) + 1) / (N_SIGN_FLIPS + 1)).reshape(-1, has.shape[1])
    p[n_outside == 0] = 1.0
    return p


def _incidence(
    images: pd.DataFrame, texts: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, NDArray[np.int64]]:
    """Of every post with a picture and a text: its image clusters, its text cluster, its poster's number.

    In the order of (poster, post) ids, so that the order of the rows does not matter.
    """
    joined = join(images, texts, "post").dropna(subset=["text_cluster"])
    by_post = joined.groupby("post")
    styles = pd.crosstab(joined["post"], joined["image_cluster"]).clip(upper=1)
    topics = pd.crosstab(by_post["text_cluster"].first().index, by_post["text_cluster"].first().to_numpy())
    poster = by_post["poster_id"].first()
    if poster.isna().all():
        return styles, topics, np.arange(len(styles), dtype=np.int64)
    return styles, topics, pd.factorize(poster, sort=True)[0].astype(np.int64)
