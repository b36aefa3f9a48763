"""Whether items have clusters, and at which k: how far clusters stand apart, against items that have none.

Not here: the choice of k, and the reason given for it (core/clustering/knee).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.distinct import distinct_rows
from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.labels import Labels, Matrix, cluster_means
from mkt_assets.core.clustering.threads import one_blas_thread

Values = NDArray[np.float64]

MIN_EXCESS = 0.06
"""Smaller excesses occur without clusters: of 150 Gaussians one had more, and captions and pictures have 0.3 to 0.4."""
A_DOUBLING = 0.03
"""What twice the clusters must bring: parts of clusters and small groups bring a little at every size of crawl."""
NEARLY = 0.02
"""The smallest k so near to the best is taken: a plateau is the same structure, cut finer."""
N_SEEN = 1500
"""Items looked at, at most: what is there is seen on them, and what is found does not grow with the crawl."""
N_DIRECTIONS = 128
"""Principal directions looked at, as in the sweep."""
STANDARD_DEVIATIONS = 3.0
"""An excess is larger than so many standard deviations of the references, too: it matters below 100 items."""
_NEIGHBOUR = 10
_FIXED_POINT_STEPS = 10


@dataclass(frozen=True)
class Structure:
    """How far the clusters of each k stand apart, and what of it items without clusters would show.

    Attributes:
        ks: Numbers of clusters looked at, ascending.
        separation: Mean silhouette at each, of one item a group of near copies, (len(ks),) float64.
        reference: The same of the references, on average.
        needed: Excess at each k that is more than chance, (len(ks),) float64.
        n_items: Items looked at.
    """

    ks: tuple[int, ...]
    separation: Values
    reference: Values
    needed: Values
    n_items: int

    @property
    def excess(self) -> Values:
        """How much further apart the clusters are than those of the references, (len(ks),) float64."""
        return self.separation - self.reference

    @property
    def plateau(self) -> tuple[int, ...]:
        """The k at which clusters stand out nearly most, ascending: the first is the structure's. Empty: none."""
        ks = np.asarray(self.ks, dtype=np.int64)
        worth = np.where(self.excess >= self.needed, self.excess - A_DOUBLING * np.log2(ks), -np.inf)
        if not np.isfinite(worth).any():
            return ()
        return tuple(ks[worth >= worth.max() - NEARLY].tolist())

    @property
    def k(self) -> int | None:
        """The number of clusters there are; None if there are none."""
        return self.plateau[0] if self.plateau else None

    @property
    def strongest(self) -> tuple[float, float]:
        """The excess, and what is needed there, at the k where there is most evidence; (0, needed) without any k."""
        if not self.ks:
            return 0.0, MIN_EXCESS
        at = self.ks.index(self.k) if self.k is not None else int((self.excess - self.needed).argmax())
        return float(self.excess[at]), float(self.needed[at])

    def sentence(self) -> str:
        """What was found, to be a reason."""
        if not self.ks:
            return "no elbow: there are too few items to see one"
        strength, needed = self.strongest
        if self.k is None:
            return (
                "no elbow: at no k do clusters stand further apart than in items of the same directions without "
                f"clusters (silhouette higher by {strength:.3f} of {needed:.3f} needed)"
            )
        return (
            f"clusters stand out most at k = {self.k}: a silhouette higher by {strength:.3f} than items of the same "
            f"directions without clusters have ({needed:.3f} needed)"
        )


def find_structure(
    X: Matrix,
    ks: Sequence[int],
    *,
    random_state: int = 0,
    n_references: int | None = None,
    sensitivity: float = 1.0,
) -> Structure:
    """Cluster the items and references that have their covariance but no clusters, and compare the silhouettes.

    Any cloud with a few long directions falls apart into clusters that look real: inertia bends and the
    silhouette has a best k. How much of that its directions alone explain is seen on a reference of the same
    mean and covariance (SigClust, Liu et al. 2008; the gap statistic of Tibshirani, Walther and Hastie 2001 does
    the same for inertia). What is more than that is structure. It is the silhouette (Rousseeuw 1987) that is
    compared and not the inertia: the gap of inertia grows with k wherever clusters have parts, without end
    where items are many, while the silhouette's has its largest value at the clusters that stand furthest
    apart. References have as many items, so that the size of the crawl cancels.

    Repeats and near copies are looked at once, see `without_near_copies`: they would be clusters of their own.

    What it takes for structure in two or three dimensions may be an even spread with hard edges, as of uniform
    numbers: that is no Gaussian either. From ten dimensions on uniform numbers have none.

    Args:
        X: Items, (n, d) float32.
        ks: Numbers of clusters, ascending; only those up to a quarter of the items looked at are.
        random_state: Seed.
        n_references: References, two or more; None: 4, and up to 12 where items are few.
        sensitivity: Factor of the excess that is needed.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.reference_curve import find_structure
        >>> rng = np.random.default_rng(0)
        >>> centres = np.repeat(np.eye(6, 16), 40, axis=0)
        >>> X = centres + rng.normal(0, 0.05, (240, 16))
        >>> X = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
        >>> structure = find_structure(X, range(2, 11))
        >>> structure.k  # as many as were planted
        6
        >>> find_structure(rng.normal(size=(240, 16)).astype(np.float32), range(2, 11)).k is None
        True
    """
    with one_blas_thread():  # sums over threads depend on their number, and then so might k
        return _find_structure(X, ks, random_state, n_references, sensitivity)


def _find_structure(
    X: Matrix, ks: Sequence[int], random_state: int, n_references: int | None, sensitivity: float
) -> Structure:
    rng = np.random.default_rng(random_state)
    distinct = distinct_rows(X)
    if len(distinct) > N_SEEN:
        distinct = distinct[np.sort(rng.choice(len(distinct), N_SEEN, replace=False))]
    cloud = _Cloud.of(without_near_copies(distinct))
    n = len(cloud.scores)
    possible = tuple(k for k in ks if 2 <= k <= n // 4)
    if not possible:
        return Structure((), np.empty(0), np.empty(0), np.empty(0), n)
    if n_references is None:
        n_references = min(12, max(4, 4000 // n))

    def separation(items: Matrix) -> Values:
        sweep = fit_sweep(items, possible, random_state=random_state, n_init=1)
        return np.array([squared_silhouette(items, sweep.labels(k)) for k in possible])

    references = np.array([separation(cloud.reference(rng)) for _ in range(n_references)])
    # neighbouring k vary alike, and few references do not tell how much at a single one
    wide = np.pad(references.var(axis=0, ddof=1), 2, mode="edge")
    spread = np.sqrt(np.convolve(wide, np.full(5, 0.2), mode="valid"))
    needed = sensitivity * np.maximum(MIN_EXCESS, STANDARD_DEVIATIONS * spread)
    return Structure(possible, separation(cloud.scores), references.mean(axis=0), needed, n)


def without_near_copies(items: Matrix) -> Matrix:
    """The items without those that nearly repeat another: frames of one video, a picture that is posted again.

    What is near depends on the encoder and on how tight the clusters are: a near copy is nearer to an earlier
    item than half the distance at which its nearest neighbour is to be expected, given that of its tenth and
    the dimension d that the distances of the tenth and the twentieth tell, as balls of radius r hold r^d items.
    Groups of more than ten near copies stay: they are clusters. As leader clustering (Hartigan 1975), so chains
    are not joined.

    Args:
        items: (n, d) float32, distinct.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.reference_curve import without_near_copies
        >>> len(without_near_copies(np.array([[1, 0], [0.99995, 0.01], [0, 1]], dtype=np.float32)))
        3
    """
    n = len(items)
    if n <= 2 * _NEIGHBOUR:
        return items
    centred = items - items.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    distance = np.maximum(squares[:, None] + squares - 2 * centred @ centred.T, 0)
    sorted_distance = np.partition(distance, (_NEIGHBOUR, 2 * _NEIGHBOUR), axis=1)
    tenth, twentieth = sorted_distance[:, _NEIGHBOUR], sorted_distance[:, 2 * _NEIGHBOUR]
    # log2 of the radii's ratio is 1/d; distances are squared
    inverse_dimension = float(
        np.median(0.5 * np.log2(np.maximum(twentieth, 1e-30) / np.maximum(tenth, 1e-30)))
    )
    near = tenth * (0.5 * _NEIGHBOUR**-inverse_dimension) ** 2
    kept = np.ones(n, dtype=np.bool_)
    for i in range(n):
        kept[i] = not (kept[:i] & (distance[i, :i] < near[i])).any()
    return items[kept]


def squared_silhouette(items: Matrix, labels: Labels) -> float:
    """Mean silhouette under the squared Euclidean distance; of unit vectors, that under the cosine distance.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.clustering.reference_curve import squared_silhouette
        >>> items = np.array([[0, 0], [0, 1], [4, 0], [4, 1]], dtype=np.float32)
        >>> round(squared_silhouette(items, np.array([0, 0, 1, 1])), 2)
        0.94
    """
    at, sizes = (np.arange(len(items)), labels), np.bincount(labels)
    X = items.astype(np.float64)
    squares = np.einsum("ij,ij->i", X, X)
    spread = np.bincount(labels, squares) / sizes
    means = cluster_means(items, labels)
    to_clusters = np.maximum(squares[:, None] + spread - 2 * X @ means.T, 0)
    within = to_clusters[at] * sizes[labels] / np.maximum(sizes[labels] - 1, 1)
    to_clusters[at] = np.inf
    nearest = to_clusters.min(axis=1)
    scale = np.maximum(within, nearest)
    several = (scale > 0) & (sizes[labels] > 1)
    return float(np.divide(nearest - within, scale, out=np.zeros(len(X)), where=several).mean())


@dataclass(frozen=True)
class _Cloud:
    """Items in their principal directions.

    Attributes:
        scores: (n, r) float32, centred.
        lengths: Singular values, (r,): root sums of squares of the scores.
        mean: The items' mean in these directions, and its length in all others, (r + 1,).
        rest: Mean square of the items in the directions left out; None if they are not unit vectors.
    """

    scores: Matrix
    lengths: Values
    mean: Values
    rest: float | None

    @classmethod
    def of(cls, items: Matrix) -> _Cloud:
        X = items.astype(np.float64)
        mean = X.mean(axis=0)
        _, lengths, directions = np.linalg.svd(X - mean, full_matrices=False)
        r = min(int((lengths > 1e-6 * lengths[0]).sum()), len(X) - 1, N_DIRECTIONS)
        lengths, directions = lengths[:r], directions[:r]
        along = directions @ mean
        across = np.sqrt(max(0.0, float(mean @ mean - along @ along)))
        unit = np.allclose(np.linalg.norm(X, axis=1), 1, atol=1e-3)
        rest = max(0.0, 1 - float(mean @ mean) - float(np.square(lengths).sum()) / len(X)) if unit else None
        scores = ((X - mean) @ directions.T).astype(np.float32)
        return cls(scores, lengths, np.append(along, across), rest)

    def reference(self, rng: np.random.Generator) -> Matrix:
        """As many items of the same mean and covariance without clusters, (n, r) float32.

        The left singular vectors of a Gaussian sample are uniformly distributed given its covariance: drawing
        them anew gives samples with exactly the items' own (rotation test, Langsrud 2005), also where there are
        more directions than items. Unit vectors are Gaussian ones brought to length 1, with lengths and a mean
        such that afterwards they have the items'.
        """
        n, r = self.scores.shape
        drawn = rng.normal(size=(n, r))
        rotated = np.linalg.qr(drawn - drawn.mean(axis=0))[0]
        if self.rest is None:
            return (rotated * self.lengths).astype(np.float32)
        lengths, mean = self.lengths.copy(), self.mean.copy()
        for _ in range(_FIXED_POINT_STEPS):
            on_sphere = _on_sphere(rotated, lengths, mean, self.rest)
            reached = on_sphere.mean(axis=0)
            spread = np.linalg.norm(on_sphere[:, :r] - reached[:r], axis=0)
            lengths *= self.lengths / np.maximum(spread, 1e-12)
            mean += self.mean - reached
        return _on_sphere(rotated, lengths, mean, self.rest)[:, :r].astype(np.float32)


def _on_sphere(rotated: Values, lengths: Values, mean: Values, rest: float) -> Values:
    """Items at length 1: their principal directions, and the mean's part across them in the last column."""
    items = np.hstack([rotated * lengths, np.zeros((len(rotated), 1))]) + mean
    return items / np.sqrt(np.square(items).sum(axis=1, keepdims=True) + rest)
