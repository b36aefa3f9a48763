"""What a cluster is: size, accounts, typical members, near duplicates, engagement.

Not here: its words and name (core/profiles/keywords).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from mkt_assets.core.clustering.threads import one_blas_thread
from mkt_assets.core.profiles.account_words import ONE_ACCOUNT, words_by_post
from mkt_assets.core.profiles.keywords import Caption, cluster_keywords, cluster_names

Matrix = NDArray[np.float32]

NEAR_DUPLICATE = 0.95
"""Cosine from which two pictures, or two captions, are taken for copies of each other: above what different posts reach
(at most 0.93 with the bundled encoders), below frames of one video and captions with a word changed."""
N_TYPICAL = 12
ONE_POSTER_SHARE = 0.9
"""A cluster is one account's if it made at least this share of the items."""
_BLOCK = 1024  # items compared at once: bounds memory at _BLOCK x (members of a cluster)


@dataclass(frozen=True)
class Median:
    """A median and its 95 % interval; None where the counts do not tell.

    Attributes:
        value: The median; a lower bound of it if `is_lower_bound`.
        low: Lower end of the interval.
        high: Upper end.
        is_lower_bound: The median lies among counts that were shown as "at least".
        n: Counts it is of.
    """

    value: float | None
    low: float | None
    high: float | None
    is_lower_bound: bool
    n: int


@dataclass(frozen=True)
class Group:
    """The members of one cluster, most typical first.

    Attributes:
        items: Columns post_id, poster_id, frame (None for texts).
        vectors: (n, d) float32 unit vectors of the items.
        leaders: (n,) positions: see `near_duplicate_leaders`.
    """

    items: pd.DataFrame
    vectors: Matrix
    leaders: NDArray[np.int64]

    @property
    def repeated(self) -> NDArray[np.bool_]:
        """Whether each item is a near duplicate of a more typical one, (n,)."""
        return self.leaders != np.arange(len(self.leaders))


def profile_clusters(
    items: Mapping[str, pd.DataFrame],
    vectors: Mapping[str, Matrix],
    posts: pd.DataFrame,
    captions: Mapping[str, Caption],
    *,
    min_posts: int,
) -> pd.DataFrame:
    """One row for each cluster of each modality, with the columns of `cluster_profiles` but crawl_date and encoder.

    Args:
        items: By modality, `clusters` rows: cluster_id, post_id, poster_id, frame, rank_in_cluster, in any order.
        vectors: By modality, (n, d) float32 unit vectors of these rows, in their order.
        posts: Counts of the posts: post_id, n_likes, n_likes_is_lower_bound, n_collects, n_collects_is_lower_bound.
        captions: Words of the posts that have a text, by post.
        min_posts: Clusters of fewer posts are of low support.

    Examples:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.profiles import profile_clusters
        >>> items = pd.DataFrame({"post_id": ["p", "q", "r"], "poster_id": ["a", "b", "b"], "frame": None})
        >>> items = items.assign(cluster_id=[0, 0, 1], rank_in_cluster=[1, 2, 1])
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
        >>> posts = pd.DataFrame({"post_id": ["p", "q", "r"], "n_likes": [10, 30, 5], "n_collects": [1, 2, 0]})
        >>> posts = posts.assign(n_likes_is_lower_bound=False, n_collects_is_lower_bound=False)
        >>> found = profile_clusters({"text": items}, {"text": vectors}, posts, captions={}, min_posts=5)
        >>> found[["name", "n_posts", "n_posters", "likes_median"]].values.tolist()
        [['topic 0', 2, 2, 20.0], ['topic 1', 1, 1, 5.0]]
    """
    groups = {modality: groups_of(items[modality], vectors[modality]) for modality in items}
    copied = caption_leaders(groups.get("text", {}).values())
    engagement = posts.set_index("post_id")
    rows: list[dict[str, object]] = []
    for modality, of_cluster in groups.items():
        named = _named(of_cluster, captions, copied, modality)
        for cluster, group in of_cluster.items():
            rows.append(
                {
                    "modality": modality,
                    "cluster_id": cluster,
                    **named[cluster],
                    "share": len(group.items) / len(items[modality]),
                    **_members(group, min_posts),
                    **_engagement(group, engagement),
                }
            )
    return pd.DataFrame(rows)


def _named(
    groups: Mapping[int, Group], captions: Mapping[str, Caption], copied: Mapping[str, str], modality: str
) -> dict[int, dict[str, object]]:
    """Name, what it is made of, and keywords of each cluster; those without keywords have one account's words."""
    posts = {cluster: set(group.items["post_id"]) for cluster, group in groups.items()}
    repeats = {cluster: repeated_posts(group, copied) for cluster, group in groups.items()}
    keywords = cluster_keywords(captions, posts, repeats)
    by_post = words_by_post(captions, posts, repeats)
    words = {cluster: keywords[cluster] or by_post[cluster] for cluster in groups}
    named: dict[int, dict[str, object]] = {}
    for cluster, (name, name_by) in cluster_names(words, modality).items():
        of_one = name_by == "keywords" and not keywords[cluster]
        named[cluster] = {
            "name": name,
            "name_by": ONE_ACCOUNT if of_one else name_by,
            "keywords": words[cluster],
        }
    return named


def groups_of(items: pd.DataFrame, vectors: Matrix) -> dict[int, Group]:
    """The clusters' members, by ascending id, each cluster's most typical first.

    Examples:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.profiles import groups_of
        >>> items = pd.DataFrame({"post_id": ["p", "q", "r"], "poster_id": "a", "frame": None})
        >>> items = items.assign(cluster_id=0, rank_in_cluster=[2, 1, 3])
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
        >>> group = groups_of(items, vectors)[0]
        >>> group.items["post_id"].tolist(), group.repeated.tolist()
        (['q', 'p', 'r'], [False, True, False])
    """
    positions = pd.Series(np.arange(len(items)), index=items.index)
    ordered = items.assign(position=positions).sort_values(["cluster_id", "rank_in_cluster"])
    groups: dict[int, Group] = {}
    with one_blas_thread():  # rounding at the threshold must not depend on the number of threads
        for cluster, members in ordered.groupby("cluster_id"):
            X = vectors[members["position"].to_numpy()]
            groups[int(str(cluster))] = Group(
                members[["post_id", "poster_id", "frame"]].reset_index(drop=True),
                X,
                near_duplicate_leaders(X),
            )
    return groups


def near_duplicate_leaders(
    X: Matrix, *, similarity: float = NEAR_DUPLICATE, block: int = _BLOCK
) -> NDArray[np.int64]:
    """The row that each row is a near duplicate of, (n,) int64: itself, or the first leader before it that is so near.

    Leader clustering (Hartigan 1975): a leader is a row that repeats no leader before it, so that chains of
    small changes do not join what differs. Never holds more than `block` x n cosines.

    Args:
        X: (n, d) float32 unit vectors, the most typical first.
        similarity: Cosine from which two rows are near duplicates.
        block: Rows compared at once; changes no result.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.profiles.profiles import near_duplicate_leaders
        >>> near_duplicate_leaders(np.array([[1, 0], [0, 1], [0.99, 0.14]], dtype=np.float32)).tolist()
        [0, 1, 0]
    """
    leader = np.arange(len(X))
    leads = np.ones(len(X), dtype=bool)
    for start in range(0, len(X), block):
        rows = X[start : start + block]
        before = np.flatnonzero(leads[:start])
        near = rows @ X[before].T >= similarity
        inside = np.tril(rows @ rows.T >= similarity, -1)
        for i in range(len(rows)):
            found = before[near[i].argmax()] if near[i].any() else None
            if found is None and (inside[i, :i] & leads[start : start + i]).any():
                found = start + int((inside[i, :i] & leads[start : start + i]).argmax())
            if found is not None:
                leader[start + i], leads[start + i] = found, False
    return leader


def caption_leaders(groups: Iterable[Group]) -> dict[str, str]:
    """By post with a text: the post whose caption its caption repeats, or itself; from the text clusters.

    Examples:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.profiles import caption_leaders, groups_of
        >>> items = pd.DataFrame({"post_id": ["p", "q", "r"], "poster_id": "a", "frame": None})
        >>> items = items.assign(cluster_id=0, rank_in_cluster=[2, 1, 3])
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
        >>> caption_leaders(groups_of(items, vectors).values())
        {'q': 'q', 'p': 'q', 'r': 'r'}
    """
    leaders: dict[str, str] = {}
    for group in groups:
        posts = group.items["post_id"].to_numpy()
        leaders.update(zip(posts.tolist(), posts[group.leaders].tolist(), strict=True))
    return leaders


def repeated_posts(group: Group, caption_of: Mapping[str, str]) -> set[str]:
    """Posts of a cluster that repeat a more typical post of it, by their caption or by all of their pictures.

    Examples:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.profiles import groups_of, repeated_posts
        >>> items = pd.DataFrame({"post_id": ["p", "q", "r"], "poster_id": "a", "frame": None})
        >>> items = items.assign(cluster_id=0, rank_in_cluster=[2, 1, 3])
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
        >>> repeated_posts(groups_of(items, vectors)[0], caption_of={})
        {'p'}
    """
    posts = group.items["post_id"].tolist()
    # a post's second picture may repeat its first; what counts is a picture that no other post had before
    with_new_pictures = {own for own, lead in zip(posts, group.leaders, strict=True) if own == posts[lead]}
    seen: set[str] = set()
    repeated: set[str] = set()
    for post in dict.fromkeys(posts):
        caption = caption_of.get(post, post)
        if caption in seen or post not in with_new_pictures:
            repeated.add(post)
        else:
            seen.add(caption)
    return repeated


def typical_members(group: Group, n: int = N_TYPICAL) -> list[int]:
    """Positions of the n most typical members that are no near duplicates, those of different posts before others.

    Examples:
        >>> import numpy as np
        >>> import pandas as pd
        >>> from mkt_assets.core.profiles.profiles import groups_of, typical_members
        >>> items = pd.DataFrame({"post_id": ["p", "q", "r"], "poster_id": "a", "frame": None})
        >>> items = items.assign(cluster_id=0, rank_in_cluster=[2, 1, 3])
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
        >>> typical_members(groups_of(items, vectors)[0])  # the second repeats the first
        [0, 2]
    """
    originals = np.flatnonzero(~group.repeated)
    first_of_post = ~group.items["post_id"].iloc[originals].duplicated().to_numpy()
    chosen = [*originals[first_of_post], *originals[~first_of_post]][:n]
    return sorted(int(position) for position in chosen)


def unit_centroid(X: Matrix) -> Matrix:
    """Direction of the mean of unit vectors (n, d): (d,) float32 of length 1; the first vector if they cancel out.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.profiles.profiles import unit_centroid
        >>> [round(float(x), 3) for x in unit_centroid(np.eye(2, dtype=np.float32))]
        [0.707, 0.707]
    """
    mean = X.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    return (mean / length).astype(np.float32) if length > 1e-12 else X[0]


def median_with_interval(values: ArrayLike, is_lower_bound: ArrayLike) -> Median:
    """The median of counts of which some are "at least", with a 95 % interval by order statistics.

    The interval holds whatever the distribution (Hahn and Meeker 1991, section 5.2); fewer than 6 counts
    have none. A count shown as "at least" is taken once as shown and once as infinite: where that makes a
    difference to the median, it is a lower bound; where it makes the upper end infinite, there is no upper end.
    The lower end is taken as shown, which can only be too low.

    Examples:
        >>> from mkt_assets.core.profiles.profiles import median_with_interval
        >>> median_with_interval([3, 5, 8, 13, 21, 34, 55], [False] * 7)
        Median(value=13.0, low=3.0, high=55.0, is_lower_bound=False, n=7)
        >>> median_with_interval([9, 10, 10], [False, True, True]).is_lower_bound
        True
    """
    from scipy.stats import binom

    shown = np.asarray(values, dtype=np.float64)
    at_most = np.sort(np.where(np.asarray(is_lower_bound, dtype=bool), np.inf, shown))
    shown = np.sort(shown)
    n = len(shown)
    if n == 0:
        return Median(None, None, None, False, 0)
    value = float(np.median(shown))
    rank = int(binom.ppf(0.025, n, 0.5))  # the rank-th smallest and rank-th largest count
    low = float(shown[rank - 1]) if rank else None
    high = float(at_most[n - rank]) if rank and np.isfinite(at_most[n - rank]) else None
    return Median(value, low, high, bool(np.median(at_most) != value), n)


def _members(group: Group, min_posts: int) -> dict[str, object]:
    items = group.items
    n_posts, by_poster = items["post_id"].nunique(), items["poster_id"].value_counts(normalize=True)
    frames = items["frame"].fillna("").tolist()
    typical = typical_members(group)
    top_poster_share = float(by_poster.max())
    return {
        "n_items": len(items),
        "n_posts": n_posts,
        "n_posters": len(by_poster),
        "medoid_post_id": items["post_id"].iloc[0],
        "medoid_frame": frames[0] or None,
        "typical_post_ids": items["post_id"].iloc[typical].tolist(),
        "typical_frames": [frames[position] for position in typical],
        "top_poster_share": top_poster_share,
        "n_effective_posters": float(1 / (by_poster**2).sum()),
        "n_near_duplicates": int(group.repeated.sum()),
        "low_support": n_posts < min_posts,
        "one_poster": top_poster_share >= ONE_POSTER_SHARE,
        "centroid": unit_centroid(group.vectors),
    }


def _engagement(group: Group, posts: pd.DataFrame) -> dict[str, object]:
    """Medians of likes and collects over the cluster's distinct posts that show them."""
    counts = posts.loc[posts.index.isin(group.items["post_id"])]
    row: dict[str, object] = {}
    for name in ("likes", "collects"):
        known = counts[counts[f"n_{name}"].notna()]
        median = median_with_interval(known[f"n_{name}"], known[f"n_{name}_is_lower_bound"])
        row |= {
            f"{name}_median": median.value,
            f"{name}_low": median.low,
            f"{name}_high": median.high,
            f"{name}_median_is_lower_bound": median.is_lower_bound,
            f"n_with_{name}": median.n,
        }
    return row
