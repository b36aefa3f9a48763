from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.charts import sheets
from mkt_assets.charts.base import Picture
from mkt_assets.charts.palette import TILE, cluster_colour, rgb
from mkt_assets.charts.sheets import (
    ImageCluster,
    TextCluster,
    draw_caption_sheet,
    draw_captions_overview,
    draw_cluster_sheet,
    draw_overview,
)

PixelsOf = Callable[[Picture], NDArray[np.uint8]]
Box = tuple[int, int, int, int]


def tile(index: int, size: tuple[int, int] = (60, 160)) -> Image.Image:
    """A plain picture in a colour of its own; its left half is transparent."""
    image = Image.new("RGBA", size, (10 * index, 255 - 9 * index, 40, 255))
    image.paste((0, 0, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image


def box_of(pixels: NDArray[Any], index: int) -> Box:
    at = np.argwhere((pixels == (10 * index, 255 - 9 * index, 40)).all(axis=2))
    assert len(at), f"tile {index} is not on the sheet"
    (top, left), (bottom, right) = at.min(axis=0), at.max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def test_a_sheet_shows_25_tiles_in_order_without_overlap(pixels_of: PixelsOf):
    picture = draw_cluster_sheet(7, [tile(i) for i in range(26)], 300, 100, 40, name="法式复古")
    assert (picture.name, picture.part, picture.title) == ("cluster_sheet", 7, "法式复古 (image cluster 7)")
    pixels = pixels_of(picture)
    boxes = [box_of(pixels, i) for i in range(25)]
    assert [sorted(boxes, key=lambda b: (b[1], b[0])).index(box) for box in boxes] == list(range(25))
    assert len({(right - left, bottom - top) for left, top, right, bottom in boxes}) == 1
    assert not (pixels == (10 * 25, 255 - 9 * 25, 40)).all(axis=2).any()


def test_tiles_of_any_shape_fit_into_the_same_box(pixels_of: PixelsOf):
    shapes = [(60, 60), (900, 60), (60, 900), (400, 300)]
    pixels = pixels_of(draw_cluster_sheet(0, [tile(i, s) for i, s in enumerate(shapes)], 4, 4, 1))
    for i in range(4):
        left, top, right, bottom = box_of(pixels, i)
        column = (right - sheets._MARGIN) // (sheets._TILE_WIDTH + sheets._GAP)
        assert column == i == (left - sheets._MARGIN) // (sheets._TILE_WIDTH + sheets._GAP)
        assert bottom - top < sheets._TILE_HEIGHT


@pytest.mark.parametrize("size", [(1, 1), (3000, 1), (1, 3000)])
def test_a_degenerate_picture_does_not_stop_the_sheet(size: tuple[int, int]):
    strip = draw_cluster_sheet(0, [Image.new("L", size, 90)], 1, 1, 1)
    assert strip.height == draw_cluster_sheet(0, [tile(1)], 1, 1, 1).height


def test_transparency_shows_the_tile_colour_and_leaves_no_dark_edge(pixels_of: PixelsOf):
    pixels = pixels_of(draw_cluster_sheet(0, [tile(3, (100, 100))], 1, 1, 1)).astype(int)
    left, top, _, bottom = box_of(pixels, 3)
    row = pixels[(top + bottom) // 2]
    assert (row[left - 60 : left - 12] == rgb(TILE)).all()
    edge = row[left - 12 : left]
    assert (edge >= np.minimum(row[left], rgb(TILE)) - 12).all()


def test_a_sheet_carries_its_clusters_colour(pixels_of: PixelsOf):
    for cluster_id in (0, 5):
        pixels = pixels_of(draw_cluster_sheet(cluster_id, [], 0, 0, 0))
        assert (pixels == rgb(cluster_colour(cluster_id))).all(axis=2).any()


def test_the_overview_shows_the_biggest_clusters_biggest_first(pixels_of: PixelsOf):
    clusters = [ImageCluster(i, [tile(i)] * 9, n, n, 1) for i, n in enumerate([5, 50, 20, 1])]
    picture = draw_overview(clusters, max_rows=3, max_tiles=4)
    assert (picture.name, picture.part) == ("clusters_overview", 0)
    assert picture.title == "The 3 biggest of 4 image clusters"
    pixels = pixels_of(picture)
    tops = {i: box_of(pixels, i)[1] for i in (0, 1, 2)}
    assert tops[1] < tops[2] < tops[0]
    assert not (pixels == (30, 228, 40)).all(axis=2).any()


def test_an_overview_of_nothing_says_so():
    assert draw_overview([]).title == "No image clusters"
    assert draw_captions_overview([]).title == "No text clusters"


def test_captions_are_drawn_in_chinese_and_emoji_leave_no_trace(pixels_of: PixelsOf):
    first = draw_caption_sheet(3, ["显瘦牛仔裤👖"], 10, 2)
    assert (first.name, first.part, first.title) == ("caption_sheet", 3, "Text cluster 3")
    assert first == draw_caption_sheet(3, ["显瘦牛仔裤"], 10, 2)
    assert first.png != draw_caption_sheet(3, ["显高牛仔裤"], 10, 2).png
    assert pixels_of(first).std() > 3


def test_a_long_caption_is_cut_to_four_lines_and_15_are_shown():
    long, short = "小个子显高穿搭，" * 60, "短"
    height = {n: draw_caption_sheet(0, [long] * n, 1, 1).height for n in (1, 2, 15, 16)}
    assert height[2] - height[1] == 4 * sheets._LINE + 26 + sheets._GAP
    assert height[15] == height[16]
    assert draw_caption_sheet(0, [short], 1, 1).height == height[1] - 3 * sheets._LINE


def test_a_caption_of_emoji_only_still_has_its_line():
    assert draw_caption_sheet(0, ["👖👗"], 1, 1) == draw_caption_sheet(0, [""], 1, 1)


def test_the_captions_overview_has_a_badge_in_every_clusters_colour(pixels_of: PixelsOf):
    clusters = [TextCluster(i, ["今日穿搭", "显高", "显瘦", "通勤"], 10 + i, 3, f"主题{i}") for i in range(6)]
    picture = draw_captions_overview(clusters)
    assert (picture.name, picture.title) == ("captions_overview", "All 6 text clusters")
    pixels = pixels_of(picture)
    tops = [int(np.argwhere((pixels == rgb(cluster_colour(i))).all(axis=2)).min(axis=0)[0]) for i in range(6)]
    assert tops == sorted(tops, reverse=True)  # cluster 5 is the biggest here
