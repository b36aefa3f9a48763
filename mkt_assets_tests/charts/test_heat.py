from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

from mkt_assets.charts.base import Picture
from mkt_assets.charts.heat import draw_heatmap, heatmap_figure

RatiosOf = Callable[..., pd.DataFrame]
COUNTS = {0: {0: 150, 1: 50, 3: 1}, 2: {1: 2}, 3: {}}


def test_cells_show_percents_where_their_pair_is(ratios_of: RatiosOf):
    axes = heatmap_figure(ratios_of(COUNTS), {}, {}).axes[0]
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown[0.5, 0.5] == "75"
    assert shown[1.5, 0.5] == "25"
    assert shown[2.5, 0.5] == "<1"
    assert shown[1.5, 1.5] == "100"
    assert (0.5, 1.5) not in shown
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "2", "3"]
    counts = {position: text for position, text in shown.items() if position[0] > 3}
    assert [text for _, text in sorted(counts.items()) if text.isdigit()] == ["201", "2", "0", "4", "4", "4"]


def test_low_support_is_grey_and_the_rest_is_not(ratios_of: RatiosOf):
    axes = heatmap_figure(ratios_of(COUNTS), {}, {}).axes[0]
    believed, doubted = (
        to_rgb(next(patch for patch in axes.patches if patch.xy == xy).get_facecolor())  # type: ignore[attr-defined]
        for xy in ((0, 0), (1, 1))
    )
    assert np.ptp(believed) > 0.2
    assert np.ptp(doubted) < 0.05


def test_the_heat_map_is_a_picture_with_chinese_names(
    ratios_of: RatiosOf, pixels_of: Callable[[Picture], NDArray[np.uint8]]
):
    picture = draw_heatmap(ratios_of(COUNTS), text_names={0: "显瘦牛仔裤👖"})
    assert (picture.name, picture.part) == ("crosstab_heatmap", 0)
    assert picture.png != draw_heatmap(ratios_of(COUNTS), text_names={0: "显高牛仔裤"}).png
    assert pixels_of(picture).std() > 5


def test_a_table_without_text_is_a_picture_that_says_so(ratios_of: RatiosOf):
    figure = heatmap_figure(ratios_of({3: {}}), {}, {})
    assert "No image cluster has an item with a text." in [text.get_text() for text in figure.texts]


def test_two_units_are_refused(ratios_of: RatiosOf):
    both = pd.concat([ratios_of(COUNTS), ratios_of(COUNTS, unit="post")])
    with pytest.raises(ValueError, match="one unit"):
        draw_heatmap(both)


def test_rows_and_columns_are_called_by_the_names_of_their_clusters(ratios_of: RatiosOf) -> None:
    axes = heatmap_figure(ratios_of(COUNTS), {0: "通勤"}, {0: "西装"}).axes[0]
    assert next(label.get_text() for label in axes.get_yticklabels()) == "0 西装"
    assert next(label.get_text() for label in axes.get_xticklabels()) == "0 通勤"
