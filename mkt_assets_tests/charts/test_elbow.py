from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageColor

from mkt_assets.charts import elbow
from mkt_assets.charts.base import Picture
from mkt_assets.charts.elbow import draw_elbow, elbow_figure
from mkt_assets.charts.palette import CLUSTER_COLOURS
from mkt_assets.charts.style import set_fonts

PixelsOf = Callable[[Picture], NDArray[np.uint8]]


def curve(ks: list[int], chosen: int, by: str = "knee", reason: str = "The rule says so") -> pd.DataFrame:
    k = np.array(ks)
    return pd.DataFrame(
        {
            "k": k,
            "inertia": 1000.0 / k,
            "silhouette": pd.array([None if value == 1 else 0.2 for value in ks], dtype="Float64"),
            "stability": pd.array([None] * len(ks), dtype="Float64"),
            "chosen": k == chosen,
            "chosen_by": [by if value == chosen else None for value in ks],
            "reason": [reason if value == chosen else None for value in ks],
            "n_items": 1234,
        }
    )


def draw_anew(modality: str, frame: pd.DataFrame) -> Picture:
    elbow._drawn.cache_clear()
    return draw_elbow(modality, frame)


def words(frame: pd.DataFrame, modality: str = "image") -> str:
    figure = elbow_figure(modality, frame)
    axes_texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    return " ".join([text.get_text() for text in figure.texts] + axes_texts).replace("\n", " ")


def test_the_curve_is_the_data_in_order_of_k():
    figure = elbow_figure("image", curve([8, 2, 4], 4))
    _, line, dot = figure.axes[0].lines
    assert list(np.asarray(line.get_xdata())) == [2, 4, 8]
    assert list(np.asarray(line.get_ydata())) == [500, 250, 125]
    assert (list(np.asarray(dot.get_xdata())), list(np.asarray(dot.get_ydata()))) == ([4], [250])


def test_a_preview_keeps_the_colours_of_the_curve_and_of_the_choice(pixels_of: PixelsOf):
    chart = draw_elbow("image", curve([2, 3, 4, 6, 8], 4))
    with Image.open(io.BytesIO(chart.thumbnail(max_side=900))) as opened:
        small = np.asarray(opened.convert("RGB"), dtype=np.float64)
    for colour in (CLUSTER_COLOURS[0], CLUSTER_COLOURS[3]):
        wanted = ImageColor.getrgb(colour)
        drawn, shown = ((np.abs(p - wanted).max(axis=2) <= 16).mean() for p in (pixels_of(chart), small))
        assert shown > drawn / 2, colour


def test_only_second_opinions_that_exist_get_a_panel():
    assert [
        axes.get_title(loc="left").split()[0] for axes in elbow_figure("image", curve([2, 3], 2)).axes
    ] == [
        "inertia",
        "silhouette",
    ]
    assert len(elbow_figure("image", curve([1], 1, "only")).axes) == 1


def test_the_curve_without_clusters_is_drawn_below_that_of_the_items_in_place_of_the_silhouette():
    frame = curve([2, 3, 4], 3).assign(
        separation=pd.array([0.2, 0.5, None], dtype="Float64"),
        reference_separation=pd.array([0.1, 0.1, None], dtype="Float64"),
    )
    panels = elbow_figure("image", frame).axes
    assert [axes.get_title(loc="left")[:18] for axes in panels] == [
        "inertia (sum of sq",
        "how far clusters s",
    ]
    drawn = [np.asarray(line.get_ydata(), dtype=np.float64)[:2].tolist() for line in panels[1].lines]
    assert [0.2, 0.5] in drawn and [0.1, 0.1] in drawn


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("knee", "Text clusters: they stand out most at k = 3"),
        ("bend", "Text clusters: none stand out; k = 3, where the curve bends most"),
        ("pin", "Text clusters: k = 3, pinned by an analyst"),
        ("only", "Text clusters: k = 3 is the only choice"),
    ],
)
def test_the_title_says_who_chose(by: str, said: str):
    text = words(curve([2, 3, 9], 3, by), "text")
    assert said in text
    assert "The rule says so. Tried: 3 values of k from 2 to 9 on 1,234 items." in text
    assert text.endswith("k = 3")


def test_the_chosen_k_is_always_labelled_and_labels_never_collide(tmp_path: Path):
    figure = elbow_figure("image", curve([*range(2, 60), 500], 57))
    axes = figure.axes[-1]
    set_fonts(figure, tmp_path)
    assert "57" in [label.get_text() for label in axes.get_xticklabels()]
    boxes = sorted((label.get_window_extent() for label in axes.get_xticklabels()), key=lambda box: box.x0)
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_a_curve_with_two_choices_is_refused():
    frame = curve([2, 3], 2)
    frame["chosen"] = True
    with pytest.raises(ValueError, match="2 of the 2 k tried are marked as chosen"):
        draw_elbow("image", frame)


def test_no_curve_is_a_picture_that_says_so(pixels_of: PixelsOf):
    picture = draw_elbow("text", curve([2], 2).iloc[:0])
    assert picture.title == "Text clusters: no k was tried"
    assert pixels_of(picture).std() > 5


def test_the_same_curve_gives_the_same_bytes_and_a_chinese_reason_is_drawn(pixels_of: PixelsOf):
    frame = curve([2, 3, 4], 3, reason="分析师指定了三个聚类")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (draw_anew("image", frame) for _ in range(2))
    assert first == second
    assert (first.name, first.part) == ("elbow_image", 0)
    assert pixels_of(first).std() > 5
    assert first.png != draw_elbow("image", curve([2, 3, 4], 3, reason="分析师指定了两个聚类")).png


def test_a_curve_is_drawn_once_as_it_was_computed_and_as_it_was_stored_and_another_is_another():
    band = pd.array([None, 3, None], dtype="Int64")
    computed = curve([2, 3, 4], 3).assign(knee_lowest=band, knee_highest=band, labels=None)
    stored = computed.drop(columns="labels").astype(
        dict.fromkeys(("knee_lowest", "knee_highest", "silhouette"), "float64")
    )
    first = draw_anew("image", computed)
    assert draw_elbow("image", stored) is first
    assert draw_anew("image", stored) == first
    moved = stored.assign(inertia=stored["inertia"] + 1)
    assert draw_elbow("image", moved).png != first.png
    assert draw_elbow("text", stored).title != first.title
