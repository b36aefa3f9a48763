"""Elbows: "clusters stand out most at k" where there are none, and where their number was planted.

Clouds without clusters have a spectrum j^-a, as captions and pictures have (a of about 1); `sphere` is of length 1.
Near copies are what the frames of a video are, or a picture that is posted again.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from mkt_assets.core.clustering.distinct import count_distinct
from mkt_assets.core.clustering.kmeans import fit_sweep
from mkt_assets.core.clustering.knee import choose_k, default_ks
from mkt_assets_tests.calibration.cases import Case

Items = NDArray[np.float32]


def on_sphere(X: NDArray[np.floating]) -> Items:
    """The rows at length 1, (n, d) float32."""
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def cloud(exponent: float, n: int, d: int, rng: np.random.Generator, *, sphere: bool) -> Items:
    """One Gaussian with variances j^-exponent, (n, d) float32, off the centre; on the sphere if asked for."""
    X = (rng.normal(size=(n, d)) + 0.5 * rng.normal(size=d)) * np.arange(1, d + 1) ** (-exponent / 2)
    return on_sphere(X) if sphere else X.astype(np.float32)


def copied(X: Items, n_copies: int, spread: float, rng: np.random.Generator) -> Items:
    """Unit vectors, and so many of each that nearly are it."""
    return on_sphere(
        np.repeat(X, n_copies, axis=0) + spread * rng.normal(size=(n_copies * len(X), X.shape[1]))
    )


def planted(k: int, n: int, d: int, rng: np.random.Generator) -> Items:
    """K clusters of unequal sizes on the sphere."""
    of = np.append(np.repeat(np.arange(k), 5), rng.choice(k, n - 5 * k, p=rng.dirichlet(np.full(k, 3.0))))
    return on_sphere(rng.normal(size=(k, d))[of] + rng.uniform(0.4, 0.9) * rng.normal(size=(n, d)))


def _elbow(X: Items) -> int | None:
    sweep = fit_sweep(X, default_ks(count_distinct(X)), n_init=1)
    choice = choose_k(sweep.ks, sweep.inertia, [None] * len(sweep.ks), n_distinct=sweep.n_distinct, vectors=X)
    return choice.k if choice.chosen_by == "knee" else None


def _without_clusters(exponent: float, n: int, d: int, sphere: bool, n_copies: int, seed: int) -> float:
    rng = np.random.default_rng([seed, n, d, round(10 * exponent)])
    items = cloud(exponent, n, d, rng, sphere=sphere)
    return float(_elbow(copied(items, n_copies, 0.005, rng) if n_copies > 1 else items) is not None)


def _planted(n: int, d: int, n_copies: int, seed: int) -> float:
    rng = np.random.default_rng([seed, n, d, n_copies])
    k = int(rng.integers(5, 13))
    items = planted(k, n, d, rng)
    found = _elbow(copied(items, n_copies, 0.005, rng) if n_copies > 1 else items)
    return float(found is not None and abs(found - k) <= 0.2 * k)


CASES = tuple(
    Case(
        "clusters stand out",
        f"no clusters: a = {exponent:g}, {n} items{' on the sphere' if sphere else ''}"
        + (f", {n_copies} near copies each" if n_copies > 1 else ""),
        "at most",
        0.05,
        partial(_without_clusters, exponent, n, d, sphere, n_copies),
        40,
    )
    for exponent, n, d, sphere, n_copies in (
        (0.5, 300, 512, True, 1),
        (1.0, 90, 128, True, 1),
        (1.5, 300, 128, True, 1),
        (1.0, 600, 64, False, 1),
        (1.0, 90, 128, True, 4),
    )
) + tuple(
    Case(
        "the number of clusters, within a fifth",
        f"5 to 12 planted, {n} items" + (f", {n_copies} near copies each" if n_copies > 1 else ""),
        "at least",
        0.9,
        partial(_planted, n, d, n_copies),
        40,
    )
    for n, d, n_copies in ((120, 128, 1), (600, 128, 1), (120, 128, 4))
)
