from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from mkt_assets.charts.bars import Bar, bar_figures, bars_of, draw_bars, split
from mkt_assets.charts.base import Picture
from mkt_assets.charts.palette import cluster_colour, faint
from mkt_assets.charts.style import set_fonts

RatiosOf = Callable[..., pd.DataFrame]
COUNTS = {
    0: {0: 5, 1: 3, 2: 1, 7: 1},
    1: {0: 2, 2: 2, 3: 2, 7: 2},  # a tie at the cut
    4: {7: 3},  # low support
    9: {},  # no text
}


def only_figure(ratios: pd.DataFrame, top: int | None, names: dict[int, str] | None = None) -> Figure:
    ((_, figure),) = bar_figures(ratios, top, 1, names or {})
    return figure


def segments(figure: Figure) -> dict[tuple[int, str], Rectangle]:
    """Drawn bar segments by (position, label)."""
    found: dict[tuple[int, str], Rectangle] = {}
    for container in figure.axes[0].containers:
        patches: Any = container
        for patch in patches:
            found[round(patch.get_x() + patch.get_width() / 2), str(container.get_label())] = patch
    return found


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in [*figure.texts, *figure.axes[0].texts]]


def test_bars_are_stacked_by_ascending_text_id_and_reach_their_ratios(ratios_of: RatiosOf):
    drawn = segments(only_figure(ratios_of(COUNTS), None))
    assert {label: round(drawn[0, label].get_height(), 9) for label in "0127"} == {
        "0": 0.5,
        "1": 0.3,
        "2": 0.1,
        "7": 0.1,
    }
    assert [round(drawn[0, label].get_y(), 9) for label in "0127"] == [0, 0.5, 0.8, 0.9]
    assert not any(label == "all others" for _, label in drawn)


def test_the_top_3_keep_their_height_and_the_rest_is_hatched(ratios_of: RatiosOf):
    drawn = segments(only_figure(ratios_of(COUNTS), 3))
    assert sorted(label for position, label in drawn if position == 1) == ["0", "2", "3", "all others"]
    rest = drawn[1, "all others"]
    assert (rest.get_y(), rest.get_height()) == pytest.approx((0.75, 0.25))
    assert rest.get_hatch() == "/////"
    assert drawn[0, "0"].get_height() == 0.5
    assert (2, "all others") not in drawn


def test_a_bar_of_low_support_is_faint_and_the_note_counts_it(ratios_of: RatiosOf):
    figure = only_figure(ratios_of(COUNTS), None)
    drawn = segments(figure)
    assert to_hex(drawn[0, "7"].get_facecolor()) == cluster_colour(7)
    assert to_hex(drawn[2, "7"].get_facecolor()) == faint(cluster_colour(7))
    n_shares = sum(len(bar.shares) for bar in bars_of(ratios_of(COUNTS), None))
    said = "\n".join(words(figure))
    assert re.search(rf"Faint: .*\(1 of {n_shares}\)", said, flags=re.DOTALL), said


def test_a_share_that_is_not_supported_is_faint_beside_one_that_is(ratios_of: RatiosOf):
    counted = ratios_of(COUNTS)
    believed = (counted["image_cluster"] == 0) & (counted["text_cluster"] == 7)
    drawn = segments(only_figure(counted.assign(supported=believed.astype("boolean")), None))
    assert to_hex(drawn[0, "7"].get_facecolor()) == cluster_colour(7)
    assert to_hex(drawn[0, "0"].get_facecolor()) == faint(cluster_colour(0))


def test_ids_and_counts_stand_under_the_bars_and_an_empty_slot_says_why(ratios_of: RatiosOf):
    figure = only_figure(ratios_of(COUNTS), 3)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["0", "1", "4", "9"]
    assert {"10", "8", "3", "0", "no text · 4 images", "images with text"} <= set(words(figure))
    assert not any(position == 3 for position, _ in segments(figure))


def test_posts_are_called_posts(ratios_of: RatiosOf):
    assert "posts with text" in words(only_figure(ratios_of(COUNTS, unit="post"), 3))


@pytest.mark.parametrize("n_text", [20, 60])
def test_every_colour_differs_and_the_whole_legend_is_inside_the_figure(
    ratios_of: RatiosOf, n_text: int, tmp_path: Path
):
    counts = {i: dict.fromkeys(range(n_text), 1) for i in range(2)}
    names = {0: "很长很长的名字" * 9}
    figure = only_figure(ratios_of(counts), None, names)
    drawn = segments(figure)
    assert len({to_hex(drawn[0, str(t)].get_facecolor()) for t in range(n_text)}) == n_text
    set_fonts(figure, tmp_path)
    width, height = (side * figure.dpi for side in figure.get_size_inches())
    legend = {text.get_text(): text.get_window_extent() for text in figure.texts}
    assert {str(t) for t in range(1, n_text)} <= set(legend)
    assert any(text.startswith("0 很长") and text.endswith("…") for text in legend)
    axes_right = figure.axes[0].get_window_extent().x1
    for text, box in legend.items():
        assert 0 <= box.x0 < box.x1 <= width, text
        assert 0 <= box.y0 < box.y1 <= height, text
    assert all(legend[str(t)].x0 > axes_right for t in range(1, n_text))


def test_labels_in_the_legend_do_not_overlap(ratios_of: RatiosOf, tmp_path: Path):
    figure = only_figure(ratios_of({0: dict.fromkeys(range(45), 1)}), None, {44: "一个相当长的名字", 0: "短"})
    set_fonts(figure, tmp_path)
    boxes = [text.get_window_extent() for text in figure.texts]
    overlapping = [
        (a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b) and a.width and b.width
    ]
    assert overlapping == []


def test_68_image_clusters_are_cut_where_the_original_cut_them():
    bars = [Bar(i, 1, 0, False, {0: 1.0}, frozenset({0}), 0.0) for i in range(68)]
    assert [len(part) for part in split(bars, 3)] == [22, 23, 23]


@given(st.integers(0, 40), st.integers(1, 5))
def test_parts_are_never_empty_and_lose_nothing(n_bars: int, n_parts: int):
    bars = [Bar(i, 1, 0, False, {0: 1.0}, frozenset({0}), 0.0) for i in range(n_bars)]
    parts = split(bars, n_parts)
    assert [bar for part in parts for bar in part] == bars
    assert all(parts)
    assert len(parts) == min(n_bars, n_parts)


def test_the_order_of_the_rows_does_not_matter(ratios_of: RatiosOf):
    ratios = ratios_of(COUNTS)
    assert bars_of(ratios.sample(frac=1, random_state=1), 3) == bars_of(ratios, 3)


def test_parts_are_pictures_with_their_ids_in_the_title(
    ratios_of: RatiosOf, pixels_of: Callable[[Picture], NDArray[np.uint8]]
):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pictures = draw_bars(ratios_of(COUNTS), top=3, text_names={0: "显瘦👖牛仔裤", 1: "$a$"})
    assert [(picture.name, picture.part) for picture in pictures] == [
        ("bars_top3", part) for part in range(3)
    ]
    assert pictures[2].title == "Topics by visual style: top 3 text clusters of image clusters 4–9 (3/3)"
    assert all(pixels_of(picture).std() > 5 for picture in pictures)


def test_all_text_clusters_have_their_own_name_and_nothing_is_one_picture(ratios_of: RatiosOf):
    assert {picture.name for picture in draw_bars(ratios_of(COUNTS), top=None)} == {"bars_all"}
    (picture,) = draw_bars(ratios_of(COUNTS).iloc[:0], top=3)
    assert picture.title == "Topics by visual style: nothing to show"


def test_two_units_in_one_picture_are_refused(ratios_of: RatiosOf):
    both = pd.concat([ratios_of(COUNTS), ratios_of(COUNTS, unit="post")])
    with pytest.raises(ValueError, match=r"one counting unit, these rows have \['image', 'post'\]"):
        draw_bars(both, top=3)
