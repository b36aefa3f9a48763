from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.maps import draw_map, label_positions, lay_out, map_figure
from mkt_assets.charts.palette import cluster_colour

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]


def planted(n_clusters: int = 3, n_each: int = 20, spread: float = 0.3) -> tuple[Floats, Labels]:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(n_clusters), n_each)
    X = random.normal(size=(n_clusters, 32))[labels] + spread * random.normal(size=(len(labels), 32))
    return X.astype(np.float32), labels.astype(np.int64)


def own_cluster_share(positions: NDArray[np.float64], labels: Labels) -> float:
    """Share of items whose nearest neighbour on the map has their label."""
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float((labels[distances.argmin(axis=1)] == labels).mean())


def test_planted_clusters_lie_together_and_shuffled_labels_do_not():
    X, labels = planted()
    placed = lay_out(X, labels, 2000, seed=0)
    assert placed.method == "t-SNE"
    assert own_cluster_share(placed.positions, placed.labels) > 0.95
    assert own_cluster_share(placed.positions, np.random.default_rng(1).permutation(labels)) < 0.6


def test_the_length_of_a_vector_does_not_matter():
    X, labels = planted(n_each=10)
    lengths = np.random.default_rng(2).choice([1.0, 2.0, 4.0], len(X)).astype(np.float32)
    near, far = lay_out(X, labels, 99, 0), lay_out(X * lengths[:, None], labels, 99, 0)
    np.testing.assert_allclose(near.positions, far.positions, atol=1e-6)


def test_equal_vectors_are_one_dot_that_counts_them():
    X, labels = planted(n_each=10)
    X[:7], labels[:7] = X[0], labels[0]
    placed = lay_out(X, labels, 2000, seed=0)
    assert len(placed.positions) == 24
    assert placed.n_items.tolist() == [7] + [1] * 23


def test_vectors_of_one_direction_are_one_dot():
    X = np.outer(2.0 ** np.arange(8), np.ones(4)).astype(np.float32)
    placed = lay_out(X, np.zeros(8, np.int64), 2000, seed=0)
    assert placed.n_items.tolist() == [8]
    assert placed.positions.tolist() == [[0, 0]]


def test_a_large_set_is_sampled_and_the_picture_says_so():
    X, labels = planted(n_each=30)
    placed = lay_out(X, labels, 40, seed=0)
    assert placed.n_items.sum() == 40
    figure = map_figure("image", placed, labels, {})
    assert "a random 40 of 90" in " ".join(text.get_text() for text in figure.texts).replace("\n", " ")


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_a_handful_of_items_is_drawn(n: int):
    X, labels = planted(n_each=2)
    placed = lay_out(X[:n], labels[:n], 2000, seed=0)
    assert placed.positions.shape == (n, 2)
    assert np.isfinite(placed.positions).all()
    assert placed.method == ("PCA" if n < 5 else "t-SNE")


def test_items_that_are_all_equal_are_drawn():
    X = np.ones((9, 4), np.float32)
    placed = lay_out(X, np.zeros(9, np.int64), 2000, seed=0)
    assert placed.n_items.tolist() == [9]
    assert draw_map("text", X, np.zeros(9, np.int64)).name == "map_text"


def test_dots_have_their_clusters_colour_and_every_cluster_its_id_inside_it():
    X, labels = planted()
    placed = lay_out(X, labels, 2000, seed=0)
    axes = map_figure("image", placed, labels, {1: "显瘦牛仔裤"}).axes[0]
    colours = [to_hex(colour) for colour in np.asarray(axes.collections[0].get_facecolor())[:, :3]]
    assert colours == [cluster_colour(label) for label in placed.labels.tolist()]
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2"]
    for cluster_id, position in label_positions(placed).items():
        members = placed.positions[placed.labels == cluster_id]
        assert position in [tuple(member) for member in members]


def test_the_legend_has_every_cluster_with_name_and_size():
    X, labels = planted(n_clusters=40, n_each=3)
    figure = map_figure("image", lay_out(X, labels, 30, seed=0), labels, {1: "显瘦👖牛仔裤"})
    written = [text.get_text() for text in figure.texts]
    assert "1 显瘦牛仔裤" in written
    assert {str(cluster_id) for cluster_id in range(40) if cluster_id != 1} <= set(written)
    assert written.count("3") >= 40


def test_the_same_vectors_give_the_same_bytes(
    pixels_of: Callable[[Picture], NDArray[np.uint8]],
):
    X, labels = planted(n_each=10)
    first, second = draw_map("image", X, labels), draw_map("image", X, labels)
    assert first == second
    assert (first.name, first.part, first.title) == ("map_image", 0, "Map of the 3 image clusters")
    assert pixels_of(first).std() > 5


def test_no_vectors_give_a_picture_that_says_so():
    picture = draw_map("image", np.zeros((0, 8), np.float32), np.zeros(0, np.int64))
    assert picture.title == "Map of the image clusters: nothing to show"


def test_a_label_too_few_is_refused():
    with pytest.raises(ValueError, match="one label a vector"):
        draw_map("image", np.zeros((3, 8), np.float32), np.zeros(2, np.int64))
