"""All that is measured of one trial: the row of the comparison, from a clustering and what it may have found."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mkt_assets.core.clustering.distinct import count_distinct
from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.knee import choose_k, default_ks
from mkt_assets.core.clustering.labels import Matrix
from mkt_assets.core.clustering.silhouette import silhouette
from mkt_assets.core.experiments.controls import (
    IsCopy,
    agreement,
    copied_neighbours,
    nearest_neighbours,
    once_a_post,
    same_group_neighbours,
    without_copies,
)
from mkt_assets.core.experiments.methods import (
    MIN_ITEMS,
    Trial,
    clustered_silhouette,
    half_sample_error,
    stability_replicates,
)


@dataclass(frozen=True)
class References:
    """What is known of the sampled items beside their vectors, one entry an item.

    Attributes:
        posts: Post of each.
        posters: Account of each.
        other_clusters: Its cluster in the other modality; None where it has none.
        backgrounds: Group of its background's colours; None where unknown.
        is_copy: Whether two items are near duplicates of each other.
    """

    posts: Sequence[Hashable]
    posters: Sequence[Hashable]
    other_clusters: Sequence[Hashable | None]
    backgrounds: Sequence[Hashable | None]
    is_copy: IsCopy

    def part(self, kept: Sequence[int]) -> References:
        """The same for some of the items only, by their numbers."""
        return References(
            [self.posts[i] for i in kept],
            [self.posters[i] for i in kept],
            [self.other_clusters[i] for i in kept],
            [self.backgrounds[i] for i in kept],
            partial(_is_copy_in_part, self.is_copy, kept),
        )


def _is_copy_in_part(is_copy: IsCopy, kept: Sequence[int], i: int, j: int) -> bool:
    return is_copy(kept[i], kept[j])


def measure(trial: Trial, X: Matrix, references: References) -> dict[str, object]:
    """Columns of `method_comparison` for one trial; NaN where a thing cannot be known.

    Agreements with what is not in the vectors count one item a post. Beside the columns there are the replicates
    (of each refit) of what `verdicts` compares, under the column's name and "_replicates".

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.methods import fit_kmeans, try_method
        >>> from mkt_assets.core.experiments.comparison import References, measure
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + rng.normal(0, 0.05, (60, 8))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> posts = [f"post{i}" for i in range(60)]
        >>> accounts, topics = [f"account{i % 30}" for i in range(60)], groups.tolist()
        >>> references = References(posts, accounts, topics, [None] * 60, is_copy=lambda i, j: False)
        >>> row = measure(try_method(fit_kmeans, X, 3), X, references)
        >>> row["n_clusters"], round(row["cross_agreement"], 2), row["background_agreement"]
        (3, 1.0, nan)
    """
    stable, stable_replicates = stability_replicates(trial)
    nearest = nearest_neighbours(X, references.posts)
    neighbours, expected = same_group_neighbours(nearest, references.posters, references.posts)
    posters, topics, backgrounds = (
        once_a_post(reference, references.posts)
        for reference in (references.posters, references.other_clusters, references.backgrounds)
    )
    cross = agreement(trial, topics)
    without = agreement(trial, without_copies(topics, nearest, references.is_copy))
    background = agreement(trial, backgrounds)
    return {
        "parameters": trial.parameters,
        "n_clusters": trial.n_clusters,
        "noise_share": trial.noise_share,
        "silhouette": clustered_silhouette(X, trial.labels),
        "stability": stable,
        "stability_spread": half_sample_error(stable_replicates),
        "poster_agreement": agreement(trial, posters).value,
        "poster_neighbours": neighbours,
        "poster_neighbours_expected": expected,
        "cross_agreement": cross.value,
        "cross_error": cross.error,
        "cross_agreement_without_copies": without.value,
        "background_agreement": background.value,
        "background_error": background.error,
        "copied_neighbours": copied_neighbours(nearest, references.is_copy),
        "seconds": trial.seconds,
        "stability_replicates": stable_replicates,
        "cross_agreement_replicates": cross.replicates,
        "background_agreement_replicates": background.replicates,
    }


def group_backgrounds(descriptions: Matrix, *, random_state: int = 0) -> list[int | None]:
    """Groups of backgrounds by their colours: k-means at the k that `choose_k` finds.

    Args:
        descriptions: Colour histograms, (n, d) float32; all zeros where nothing is seen of a background.
        random_state: Seed.

    Returns:
        The group of each; None where nothing is seen, and everywhere if fewer than `MIN_ITEMS` are seen.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.comparison import group_backgrounds
        >>> rng = np.random.default_rng(0)
        >>> groups = np.repeat(np.arange(3), 20)
        >>> X = np.eye(3, 8)[groups] + np.abs(rng.normal(0, 0.05, (60, 8)))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> X[0] = 0  # nothing is seen of its background
        >>> found = group_backgrounds(X)
        >>> found[0] is None, len({*found[1:]})
        (True, 3)
    """
    seen = np.flatnonzero(descriptions.any(axis=1))
    groups: list[int | None] = [None] * len(descriptions)
    if len(seen) < MIN_ITEMS:
        return groups
    X = descriptions[seen]
    n_distinct = count_distinct(X)
    sweep = fit_sweep(X, default_ks(n_distinct, largest=40), random_state=random_state)
    silhouettes = [silhouette(X, sweep.labels(k)) for k in sweep.ks]
    k = choose_k(sweep.ks, sweep.inertia, silhouettes, n_distinct=n_distinct, vectors=X).k
    for row, label in zip(seen.tolist(), sweep.labels(k).tolist(), strict=True):
        groups[row] = label
    return groups
