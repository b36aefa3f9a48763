from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.maps import draw_map, label_positions, map_figure
from mkt_assets.charts.palette import cluster_colour
from mkt_assets.core.maps.dots import to_dots

Positions = NDArray[np.float64]
Labels = NDArray[np.int64]


def planted(n_clusters: int = 3, n_each: int = 20) -> tuple[Positions, Labels]:
    labels = np.repeat(np.arange(n_clusters, dtype=np.int64), n_each)
    spread = np.random.default_rng(0).normal(scale=0.02, size=(len(labels), 2))
    return np.column_stack([labels, labels % 2]) / n_clusters + spread, labels


def test_a_large_set_is_sampled_and_the_picture_says_so():
    positions, labels = planted(n_each=30)
    figure = map_figure("image", to_dots(positions, labels, max_items=40), labels, {}, "t-SNE")
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "a random 40 of 90" in said and "(t-SNE)" in said


def test_items_that_are_all_equal_are_drawn():
    assert draw_map("text", np.zeros((9, 2)), np.zeros(9, np.int64)).name == "map_text"


def test_dots_have_their_clusters_colour_and_every_cluster_its_id_inside_it():
    positions, labels = planted()
    placed = to_dots(positions, labels, max_items=2000)
    axes = map_figure("image", placed, labels, {1: "显瘦牛仔裤"}).axes[0]
    colours = [to_hex(colour) for colour in np.asarray(axes.collections[0].get_facecolor())[:, :3]]
    assert colours == [cluster_colour(label) for label in placed.labels.tolist()]
    assert [text.get_text() for text in axes.texts] == ["0", "1", "2"]
    for cluster_id, position in label_positions(placed).items():
        members = placed.positions[placed.labels == cluster_id]
        assert position in [tuple(member) for member in members]


def test_the_legend_has_every_cluster_with_name_and_size():
    positions, labels = planted(n_clusters=40, n_each=3)
    figure = map_figure("image", to_dots(positions, labels, max_items=30), labels, {1: "显瘦👖牛仔裤"})
    written = [text.get_text() for text in figure.texts]
    assert "1 显瘦牛仔裤" in written
    assert {str(cluster_id) for cluster_id in range(40) if cluster_id != 1} <= set(written)
    assert written.count("3") >= 40


def test_the_same_vectors_give_the_same_bytes(
    pixels_of: Callable[[Picture], NDArray[np.uint8]],
):
    positions, labels = planted(n_each=10)
    first, second = draw_map("image", positions, labels), draw_map("image", positions, labels)
    assert first == second
    assert (first.name, first.part, first.title) == ("map_image", 0, "Map of the 3 image clusters")
    assert pixels_of(first).std() > 5


def test_no_items_give_a_picture_that_says_so():
    picture = draw_map("image", np.zeros((0, 2)), np.zeros(0, np.int64))
    assert picture.title == "Map of the image clusters: nothing to show"


def test_a_label_too_few_is_refused():
    with pytest.raises(ValueError, match="one label a position"):
        draw_map("image", np.zeros((3, 2)), np.zeros(2, np.int64))
