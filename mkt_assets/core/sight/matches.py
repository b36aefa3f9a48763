"""How well captions describe pictures: of each post, and of each style and topic as a second opinion on their link.

Not here: how often a style and a topic come together (core/crosstab), words for what a style shows (styles).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.crosstab.belief import MAX_P, false_discovery_rates
from mkt_assets.core.sight.contrast import Floats, Ids, chance_contrast, contrasts

MAX_COMPARED = 1000
"""With so many other posts, at most, a post is compared: a percentile to a point, and time that grows with posts."""
_BLOCK = 512


@dataclass(frozen=True)
class PostMatches:
    """Of each post, in their order.

    Attributes:
        cosine: (n,) of its caption with its pictures, their mean.
        percentile: (n,) share of mismatched pairs that match less, 0..1, ties half; NaN: there are none.
        n_compared: (n,) how many mismatched pairs that were.
    """

    cosine: Floats
    percentile: Floats
    n_compared: Ids


def match_posts(
    pictures: NDArray[np.float32], captions: NDArray[np.float32], accounts: Ids, *, seed: int = 0
) -> PostMatches:
    """Compare each post's match with mismatched pairs: its pictures with others' captions, its caption with theirs.

    So neither a picture nor a caption that is near to everything matches well. Posts of its own account are left
    out: an account's posts resemble each other. At most `MAX_COMPARED` others are drawn, the same for all posts.

    Args:
        pictures: (n, d) mean of the unit vectors of each post's pictures.
        captions: (n, d) unit vectors of their captions, in the same space.
        accounts: (n,) who wrote the post, as a number.
        seed: of what is drawn.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.sight.matches import match_posts
        >>> colours = np.eye(3, dtype=np.float32)
        >>> match_posts(colours, colours[[0, 2, 1]], np.arange(3)).percentile.tolist()
        [1.0, 0.25, 0.25]
    """
    n = len(pictures)
    drawn = np.sort(np.random.default_rng(seed).permutation(n)[:MAX_COMPARED])
    cosine = np.einsum("nd,nd->n", pictures.astype(np.float64), captions.astype(np.float64))
    below, compared = np.zeros(n), np.zeros(n, dtype=np.int64)
    for start in range(0, n, _BLOCK):
        block = slice(start, start + _BLOCK)
        is_other = accounts[block, None] != accounts[None, drawn]
        own = cosine[block, None]
        for mine, theirs in ((pictures, captions), (captions, pictures)):
            mismatched = mine[block].astype(np.float64) @ theirs[drawn].astype(np.float64).T
            is_less = np.where(np.isclose(mismatched, own, rtol=0, atol=1e-6), 0.5, mismatched < own)
            below[block] += np.where(is_other, is_less, 0.0).sum(axis=1)
            compared[block] += is_other.sum(axis=1)
    percentile = np.divide(below, compared, out=np.full(n, np.nan), where=compared > 0)
    return PostMatches(cosine, percentile, compared)


@dataclass(frozen=True)
class Side:
    """One side of links: pictures by style, or captions by topic.

    Attributes:
        vectors: (n, d) unit vectors, of both sides in one space.
        groups: (n,) cluster of each.
        accounts: (n,) who posted it, as a number that both sides know the account by.
    """

    vectors: NDArray[np.float32]
    groups: Ids
    accounts: Ids


@dataclass(frozen=True)
class LinkMatches:
    """By style and topic, both sorted.

    Attributes:
        styles: (s,) image clusters.
        topics: (t,) text clusters.
        contrast: (s, t) by how much the style's pictures match the topic's captions better than the others' do.
        q: (s, t) chance of such a contrast, or a larger one, if pictures were dealt at random to styles, or captions
            to topics, whichever is likelier; corrected for all pairs.
        agrees: (s, t) pictures and captions are of one thing: q < 0.05, and the contrast is one of those that stand
            out among all pairs, see `chance_contrast`.
    """

    styles: Ids
    topics: Ids
    contrast: Floats
    q: Floats
    agrees: NDArray[np.bool_]


def match_links(pictures: Side, captions: Side) -> LinkMatches:
    """Compare the pictures of each style with the captions of each topic that other accounts wrote.

    A picture's match with a topic is its mean cosine with these captions, above its mean over all topics; styles are
    compared in it by account, see `contrast`; and so are topics in their captions' match with styles. As no picture
    meets a caption of its own account, the answer does not rest on posts that have both: it is a second opinion on a
    link that was counted from these.

    Raises:
        ValueError: there is no picture, or no caption.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.sight.matches import Side, match_links
        >>> kinds, accounts = np.arange(40) % 2, np.arange(40) // 2
        >>> side = Side(np.eye(2, 8, dtype=np.float32)[kinds], kinds, accounts)
        >>> (match_links(side, side).contrast > 0).tolist()
        [[True, False], [False, True]]
    """
    if not len(pictures.vectors) or not len(captions.vectors):
        raise ValueError("links have pictures and captions.")
    of_styles, of_topics = (
        contrasts(_scores(one, other), one.groups, one.accounts)
        for one, other in ((pictures, captions), (captions, pictures))
    )
    q = false_discovery_rates(np.maximum(of_styles.p, of_topics.p.T))
    contrast = of_styles.difference
    agrees = (q < MAX_P) & (contrast > chance_contrast(contrast, MAX_P))
    return LinkMatches(of_styles.groups, of_topics.groups, contrast, q, agrees)


def _scores(one: Side, other: Side) -> Floats:
    """(n, g) mean cosine of each item with the other side's items of other accounts, above its mean over groups."""
    names, group_of = np.unique(other.groups, return_inverse=True)
    by_group, counts = _sums(other.vectors, group_of, len(names))
    vectors = one.vectors.astype(np.float64)
    sums, n_others = vectors @ by_group.T, np.tile(counts, (len(vectors), 1))
    for account in np.intersect1d(one.accounts, other.accounts).tolist():
        own, theirs = one.accounts == account, other.accounts == account
        of_account, n_own = _sums(other.vectors[theirs], group_of[theirs], len(names))
        sums[own] -= vectors[own] @ of_account.T
        n_others[own] -= n_own
    scores = np.divide(sums, n_others, out=np.full(sums.shape, np.nan), where=n_others > 0)
    scores -= _mean(scores, axis=1)
    # a group that is all of the item's own account says nothing of it
    return np.where(np.isnan(scores), _mean(scores, axis=0), scores)


def _sums(vectors: NDArray[np.float32], group_of: Ids, n_groups: int) -> tuple[Floats, Ids]:
    """(g, d) sums and (g,) numbers of vectors by group."""
    sums = np.zeros((n_groups, vectors.shape[1]))
    np.add.at(sums, group_of, vectors)
    return sums, np.bincount(group_of, minlength=n_groups)


def _mean(scores: Floats, axis: int) -> Floats:
    """Mean of what is known, 0 where nothing is."""
    known = ~np.isnan(scores)
    n = known.sum(axis=axis, keepdims=True)
    total = np.where(known, scores, 0.0).sum(axis=axis, keepdims=True)
    return np.asarray(total / np.maximum(n, 1), dtype=np.float64)
