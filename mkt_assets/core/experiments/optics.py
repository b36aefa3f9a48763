"""The order of OPTICS with no limit of distance: what scikit-learn's gives, without asking for neighbours item by item.

Not here: the clusters in that order, which scikit-learn finds (methods).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.labels import Labels, Matrix


@dataclass(frozen=True)
class Order:
    """Items in the order in which OPTICS comes to them (Ankerst et al. 1999).

    Attributes:
        ordering: Number of each, (n,) int64.
        reachability: By item, its distance to what came before, (n,); inf: it began.
        predecessor: By item, from which it was reached, (n,) int64; -1: it began.
    """

    ordering: Labels
    reachability: NDArray[np.float64]
    predecessor: Labels


def optics_order(X: Matrix, min_samples: int) -> Order:
    """The order of `sklearn.cluster.OPTICS(min_samples=min_samples)`, to the last digit, in less time.

    Without a limit of distance every item is a neighbour of every other, and scikit-learn's question for them is
    most of what it does; here all that were not reached yet are taken.

    Args:
        X: Items, (n, d), n at least `min_samples`.
        min_samples: Items that make a neighbourhood dense, the item itself among them; 2 or more.

    Examples:
        >>> import numpy as np
        >>> from mkt_assets.core.experiments.optics import optics_order
        >>> X = np.array([[0.0], [10.0], [1.0], [11.0]], dtype=np.float32)
        >>> order = optics_order(X, 2)
        >>> order.ordering.tolist(), order.reachability.tolist()
        ([0, 2, 1, 3], [inf, 9.0, 1.0, 1.0])
    """
    from scipy.spatial.distance import cdist
    from sklearn.neighbors import NearestNeighbors

    n = len(X)
    exact = X.astype(np.float64)
    core = NearestNeighbors(n_neighbors=min_samples).fit(exact).kneighbors(exact)[0][:, -1]
    core = np.around(core, decimals=np.finfo(core.dtype).precision)
    reachability, predecessor = np.full(n, np.inf), np.full(n, -1, dtype=np.int64)
    ordering, waiting = np.empty(n, dtype=np.int64), np.arange(n)
    for place in range(n):
        at = int(reachability[waiting].argmin())
        item = ordering[place] = waiting[at]
        waiting = np.delete(waiting, at)
        far = cdist(exact[item : item + 1], exact[waiting], "minkowski", p=2)[0]
        reached = np.maximum(far, core[item])
        reached = np.around(reached, decimals=np.finfo(reached.dtype).precision)
        is_nearer = reached < reachability[waiting]
        reachability[waiting[is_nearer]] = reached[is_nearer]
        predecessor[waiting[is_nearer]] = item
    return Order(ordering, reachability, predecessor)
