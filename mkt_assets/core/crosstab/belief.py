"""How much to believe a link of the cross table: interval, lift, tests by post and poster.

Not here: the counting (core/crosstab/crosstab), the words for it (core/crosstab/link_sentences).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.crosstab.account_links import counts_by_account, poster_p_values
from mkt_assets.core.crosstab.crosstab import join, tally
from mkt_assets.core.crosstab.intervals import effective_sizes, wilson_interval

MAX_P = 0.05
"""A link is believed below this q by post and this q by poster."""
MIN_POSTERS = 3
"""Accounts that must have written a pair before it is believed."""

Floats = NDArray[np.float64]

COLUMNS = [
    *("ratio_low", "ratio_high", "base_share", "lift", "cautious_lift", "npmi", "largest_poster_share"),
    *("p_value", "q_value", "poster_p_value", "poster_q_value", "supported"),
]


def believe(
    ratios: pd.DataFrame, images: pd.DataFrame, texts: pd.DataFrame, *, random_state: int = 0
) -> pd.DataFrame:
    """The pairs of `crosstab.cross` with what is needed to believe them or not.

    Tests ask about distinct posts in every unit: pictures of one post are not independent of each other. Rows that
    are there twice change nothing.

    Args:
        ratios: What `cross` gave for these images and texts, in any unit.
        images: See `cross`; a post without poster_id counts as a poster of its own.
        texts: See `cross`.
        random_state: Of no effect: nothing is drawn at random.

    Returns:
        `ratios` and these columns, missing where text_cluster is:

        - ratio_low, ratio_high: 95 % interval of the ratio (Wilson 1927) with n = what the image cluster's posts
          with a text are worth, as few accounts wrote most (`intervals.effective_sizes`), whatever the unit;
        - base_share: the text cluster's share among all image clusters' items; lift: ratio over it;
          cautious_lift: the lift nearest to 1 that the interval allows, so that a cell of two posts does not shout:
          what to show, to colour and to sort by; npmi: normalised pointwise mutual information (Bouma 2009), -1..1;
        - largest_poster_share: share of the pair's posts that its most active account wrote; missing if no post
          has a poster_id;
        - p_value: chance that at least as many posts of the image cluster have this text cluster if text
          clusters were dealt at random to posts (hypergeometric, one-sided); poster_p_value: the same asked by
          account, see `poster_p_values`; q_value, poster_q_value: corrected for all pairs that could be, also
          those that do not occur (Benjamini and Hochberg 1995);
        - supported: q_value and poster_q_value below `MAX_P`, posts of at least `MIN_POSTERS` accounts, lift above
          1, not of low support.

    Examples:
        >>> import pandas as pd
        >>> from mkt_assets.core.crosstab.crosstab import cross
        >>> from mkt_assets.core.crosstab.belief import believe
        >>> posts = [(f"account{i % 12}", f"post{i}", i // 24, (i + i // 20) // 24) for i in range(46)]
        >>> of_posts = pd.DataFrame(posts, columns=["poster_id", "post_id", "image_cluster", "text_cluster"])
        >>> images, texts = of_posts.drop(columns="text_cluster"), of_posts.drop(columns="image_cluster")
        >>> believed = believe(cross(images, texts, "post"), images, texts)
        >>> shown = believed[["image_cluster", "text_cluster", "n", "lift", "supported"]]
        >>> print(shown.round(2).to_string(index=False))
         image_cluster  text_cluster  n  lift  supported
                     0             0 23  1.92       True
                     0             1  1  0.08      False
                     1             1 22  2.00       True
    """
    pairs = ratios.dropna(subset=["text_cluster"])
    if pairs.empty:
        unknown = pd.DataFrame(np.nan, index=ratios.index, columns=COLUMNS[:-1])
        missing = pd.Series(pd.array([pd.NA] * len(ratios), dtype="boolean"), index=ratios.index)
        return pd.concat([ratios, unknown], axis=1).assign(supported=missing)
    posts = _Posts.of(images, texts)
    style = posts.styles.columns.get_indexer(pd.Index(pairs["image_cluster"]))
    topic = posts.topics.get_indexer(pd.Index(pairs["text_cluster"].astype("int64")))
    of_post = posts.styles.to_numpy(np.float64)
    both = counts_by_account(of_post, posts.topic, posts.poster)
    of_topic = counts_by_account(np.ones((len(of_post), 1)), posts.topic, posts.poster)[:, 0]
    by_post = hypergeometric_p_values(
        both.sum(axis=0), of_post.sum(axis=0), of_topic.sum(axis=0), len(of_post)
    )
    by_poster = poster_p_values(both, of_topic)
    in_pair = both[:, style, topic]
    ratio, n_with_text = pairs["ratio"].to_numpy(np.float64), pairs["n_with_text"].to_numpy(np.float64)
    low, high = wilson_interval(ratio, effective_sizes(in_pair, both.sum(axis=2)[:, style]))
    n_all = pairs.drop_duplicates("image_cluster")["n_with_text"].sum()
    base = pairs.groupby("text_cluster")["n"].transform("sum").to_numpy(np.float64) / n_all
    found = pd.DataFrame(
        {
            "ratio_low": low,
            "ratio_high": high,
            "base_share": base,
            "lift": ratio / base,
            "cautious_lift": np.clip(1.0, low / base, high / base),
            "npmi": normalised_pmi(pairs["n"].to_numpy() / n_all, n_with_text / n_all, base),
            "largest_poster_share": in_pair.max(axis=0) / in_pair.sum(axis=0)
            if posts.posters_known
            else np.nan,
            "p_value": by_post[style, topic],
            "q_value": false_discovery_rates(by_post)[style, topic],
            "poster_p_value": by_poster[style, topic],
            "poster_q_value": false_discovery_rates(by_poster)[style, topic],
        },
        index=pairs.index,
    )
    found["supported"] = (
        (found["q_value"] < MAX_P)
        & (found["poster_q_value"] < MAX_P)
        & ((in_pair > 0).sum(axis=0) >= MIN_POSTERS)
        & (found["lift"] > 1)
        & ~pairs["low_support"]
    ).astype("boolean")
    return ratios.join(found)


def normalised_pmi(both: Floats, one: Floats, other: Floats) -> Floats:
    """Pointwise mutual information of shares, over its largest value (Bouma 2009): 1 always together, 0 by chance.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.belief import normalised_pmi
        >>> both = np.array([0.2, 0.08, 0.01])  # of two that have a share of 0.2 each
        >>> normalised_pmi(both, np.full(3, 0.2), np.full(3, 0.2)).round(2).tolist()
        [1.0, 0.27, -0.3]
    """
    largest = -np.log(both)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(largest > 1e-12, np.log(both / (one * other)) / largest, 1.0)


def hypergeometric_p_values(counts: Floats, rows: Floats, columns: Floats, n: int) -> Floats:
    """One-sided p of every cell of a table of counts, (r, c): as many or more by dealing columns to n posts.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.belief import hypergeometric_p_values
        >>> rows = columns = np.array([4.0, 4.0])  # the lady tasting tea
        >>> hypergeometric_p_values(np.array([[4.0, 0.0], [0.0, 4.0]]), rows, columns, 8).round(3).tolist()
        [[0.014, 1.0], [1.0, 0.014]]
    """
    from scipy.stats import hypergeom

    return np.asarray(hypergeom.sf(counts - 1, n, columns[None, :], rows[:, None]), dtype=np.float64)


def false_discovery_rates(p: Floats) -> Floats:
    """Q of all p values together (Benjamini and Hochberg 1995), in the same shape.

    Raises:
        ValueError: if a p value is missing or not in 0..1.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.crosstab.belief import false_discovery_rates
        >>> false_discovery_rates(np.array([[0.01, 0.04], [0.03, 0.8]])).round(3).tolist()
        [[0.04, 0.053], [0.053, 0.8]]
    """
    from scipy.stats import false_discovery_control

    return np.asarray(false_discovery_control(p.ravel()), dtype=np.float64).reshape(p.shape)


@dataclass(frozen=True)
class _Posts:
    """Every post with a picture and a text, by (poster, post) id, so that the order of the rows does not matter."""

    styles: pd.DataFrame
    """1 where the post has a picture in the image cluster; a column each."""
    topic: NDArray[np.int64]
    """Its text cluster, as a number of `topics`."""
    topics: pd.Index
    poster: NDArray[np.int64]
    """Numbers of its poster; a post without one has a number of its own."""
    posters_known: bool

    @classmethod
    def of(cls, images: pd.DataFrame, texts: pd.DataFrame) -> _Posts:
        joined = join(images, texts, "post").dropna(subset=["text_cluster"])
        styles = tally(joined, "post", "image_cluster").clip(upper=1)
        posts = joined.drop_duplicates("post").sort_values("post")
        topic, topics = pd.factorize(posts["text_cluster"].astype("int64"), sort=True)
        poster, known = pd.factorize(posts["poster_id"], sort=True)
        unknown = np.flatnonzero(poster < 0)
        poster[unknown] = len(known) + np.arange(len(unknown))
        return cls(styles, topic.astype(np.int64), pd.Index(topics), poster.astype(np.int64), len(known) > 0)
