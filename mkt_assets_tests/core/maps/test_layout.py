from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mkt_assets.core.maps.layout import Layout, anchors_among, best, fit_layout, place

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


def planted(n_clusters: int = 3, n_each: int = 20, seed: int = 0) -> tuple[Floats, Labels]:
    """Items around centres that do not depend on the seed."""
    centres = np.random.default_rng(99).normal(size=(n_clusters, 32))
    labels = np.repeat(np.arange(n_clusters), n_each)
    X = centres[labels] + 0.3 * np.random.default_rng(seed).normal(size=(len(labels), 32))
    return X.astype(np.float32), labels.astype(np.int64)


def nearest_labels(at: NDArray[np.float64], others: NDArray[np.float64], labels: Labels) -> Labels:
    """Label of the nearest of the others on the map, itself left out."""
    distances = np.linalg.norm(at[:, None] - others[None], axis=2)
    distances[distances == 0] = np.inf
    return labels[distances.argmin(axis=1)]


def test_planted_clusters_lie_together_and_shuffled_labels_do_not() -> None:
    X, labels = planted()
    layout = fit_layout(X)
    assert layout.method == "t-SNE"
    assert (nearest_labels(layout.positions, layout.positions, labels) == labels).mean() > 0.95
    shuffled = np.random.default_rng(1).permutation(labels)
    assert (nearest_labels(layout.positions, layout.positions, shuffled) == shuffled).mean() < 0.6


def test_new_items_lie_among_what_they_resemble_and_nothing_else_moves() -> None:
    X, labels = planted()
    layout = fit_layout(X)
    later, of_later = planted(seed=1)
    placed = place(later, layout)
    assert (nearest_labels(placed, layout.positions, labels) == of_later).mean() > 0.95
    np.testing.assert_array_equal(place(np.vstack([later, X]), layout)[len(later) :], layout.positions)


def test_the_length_of_a_vector_does_not_matter() -> None:
    X, _ = planted(n_each=10)
    lengths = np.random.default_rng(2).choice([1.0, 2.0, 4.0], (len(X), 1)).astype(np.float32)
    np.testing.assert_allclose(fit_layout(X).positions, fit_layout(X * lengths).positions, atol=1e-6)
    layout = fit_layout(X)
    np.testing.assert_array_equal(place(X * lengths, layout), layout.positions)


def test_equal_vectors_are_one_anchor_and_lie_in_one_place() -> None:
    X, _ = planted(n_each=10)
    X[:7] = X[0]
    layout = fit_layout(X)
    assert len(layout.vectors) == 24
    assert np.unique(place(X[:7], layout), axis=0).shape == (1, 2)


def test_a_layout_takes_up_a_unit_square() -> None:
    positions = fit_layout(planted()[0]).positions
    assert np.ptp(positions, axis=0).max() == pytest.approx(1)
    assert np.abs(positions).max() == pytest.approx(0.5)


def test_of_many_items_a_sample_is_laid_out_and_all_are_placed() -> None:
    X, labels = planted(n_each=30)
    layout = fit_layout(X, max_anchors=40)
    assert len(layout.vectors) == 40
    assert (nearest_labels(place(X, layout), place(X, layout), labels) == labels).mean() > 0.9


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_a_handful_of_items_is_laid_out(n: int) -> None:
    X, _ = planted(n_each=2)
    layout = fit_layout(X[:n])
    assert layout.positions.shape == (n, 2)
    assert np.isfinite(layout.positions).all()
    assert layout.method == ("PCA" if n < 5 else "t-SNE")
    assert place(X, layout).shape == (6, 2)


def test_the_same_items_give_the_same_layout_and_others_another() -> None:
    X, _ = planted(n_each=5)
    first, second = fit_layout(X), fit_layout(X)
    assert first.name == second.name
    np.testing.assert_array_equal(first.positions, second.positions)
    assert fit_layout(X[1:]).name != first.name


def test_anchors_are_found_among_the_items_they_are_equal_to() -> None:
    X, _ = planted(n_each=10)
    layout = fit_layout(X)
    order = np.random.default_rng(3).permutation(len(X))
    found = anchors_among(X[order][:20], layout)
    for anchor, row in enumerate(found):
        if row >= 0:
            np.testing.assert_array_equal(place(X[order][[row]], layout)[0], layout.positions[anchor])
    assert (found >= 0).sum() == 20


def test_the_layout_of_most_anchors_serves_until_a_crawl_has_outgrown_it() -> None:
    small, large = (Layout(str(n), "PCA", np.eye(n, dtype=np.float32), np.zeros((n, 2))) for n in (3, 9))
    assert best([small, large], 36) is large
    assert best([small, large], 37) is None
    assert best([small, large], 10**6, max_anchors=36) is large
    assert best([], 1) is None
