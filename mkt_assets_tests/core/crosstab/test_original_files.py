"""The original's files: their names, columns and order, and the habits that are kept."""

from __future__ import annotations

import re
from datetime import date, datetime

import pandas as pd
import pytest

from mkt_assets.core.crosstab.crosstab import cross
from mkt_assets.core.crosstab.original_files import (
    all_categories_table,
    category_ratios,
    chart_name,
    clustered_labels,
    clustered_summaries,
    clustered_summaries_json,
    combined,
    labels_json,
    picture_names,
)

D1 = date(2024, 6, 13)


def images(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """post, frame, cluster."""
    frame = pd.DataFrame(rows, columns=["post_id", "frame", "cluster_id"])
    frame["published_at"] = datetime(2024, 2, 29, 12)
    return frame.assign(poster_id="a" + frame["post_id"], item_crawl_date=D1)


def texts(*rows: tuple[str, int, int]) -> pd.DataFrame:
    """post, cluster, rank in it."""
    frame = pd.DataFrame(rows, columns=["post_id", "cluster_id", "rank_in_cluster"])
    return frame.assign(poster_id="a" + frame["post_id"], summary="裙" + frame["post_id"])


IMAGES = images(("1", "post", 5), ("2", "post", 2), ("3", "post", 5), ("3", "video_1", 2), ("4", "post", 7))
TEXTS = texts(("2", 1, 1), ("3", 0, 2), ("1", 0, 1), ("9", 3, 1))


def ratios() -> pd.DataFrame:
    return cross(
        IMAGES.rename(columns={"cluster_id": "image_cluster"}),
        TEXTS.rename(columns={"cluster_id": "text_cluster"}),
        "image",
    )


def test_labels_have_a_row_a_picture() -> None:
    labels = clustered_labels(IMAGES)
    assert list(labels.columns) == ["poster_id", "post_id", "nums_category_img"]
    assert labels.to_numpy().tolist() == [
        ["a1", "1", 5],
        ["a2", "2", 2],
        ["a3", "3", 5],
        ["a3", "3", 2],
        ["a4", "4", 7],
    ]


def test_the_json_has_the_rows_of_the_csv_and_a_text_that_stands_for_each_cluster() -> None:
    csv, content = clustered_summaries(TEXTS), clustered_summaries_json(TEXTS)
    assert list(csv.columns) == ["poster_id", "post_id", "summary", "num_category_text"]
    assert list(content) == ["clusters", "cluster_centers"]
    assert [list(row.values()) for row in content["clusters"]] == csv.to_numpy().tolist()
    assert list(content["clusters"][0]) == ["poster_id", "post_id", "summary", "cluster"]
    assert content["cluster_centers"] == [
        {"cluster_id": 0, "summary": "裙1"},
        {"cluster_id": 1, "summary": "裙2"},
        {"cluster_id": 3, "summary": "裙9"},
    ]


def test_texts_and_pictures_of_a_post_are_combined_in_the_order_of_the_texts() -> None:
    joined = combined(clustered_labels(IMAGES), clustered_summaries(TEXTS))
    columns = ["poster_id", "post_id", "summary", "num_category_text", "nums_category_img"]
    assert list(joined.columns) == columns
    assert joined[["post_id", "num_category_text", "nums_category_img"]].to_numpy().tolist() == [
        ["2", 1, 2],
        ["3", 0, 5],
        ["3", 0, 2],
        ["1", 0, 5],
    ]


def test_ratios_stand_in_the_order_in_which_the_combined_file_has_them() -> None:
    found = category_ratios(ratios(), clustered_labels(IMAGES), clustered_summaries(TEXTS))
    assert list(found.columns) == ["nums_category_img", "num_category_text", "ratio"]
    assert found.to_numpy().tolist() == [[2, 1, 0.5], [2, 0, 0.5], [5, 0, 1.0]]


def test_ratios_are_what_counting_the_combined_file_gives() -> None:
    labels, summaries = clustered_labels(IMAGES), clustered_summaries(TEXTS)
    joined = combined(labels, summaries)
    counted = joined.groupby("nums_category_img")["num_category_text"].value_counts(normalize=True)
    found = category_ratios(ratios(), labels, summaries).set_index(["nums_category_img", "num_category_text"])
    assert found["ratio"].to_dict() == counted.to_dict()


def test_the_table_is_ascending_and_leaves_out_clusters_without_a_pair() -> None:
    table = all_categories_table(ratios())
    assert list(table.columns) == ["nums_category_img", 0, 1]
    assert table.to_numpy().tolist() == [[2, 0.5, 0.5], [5, 1.0, 0.0]]


def test_a_crawl_without_clusters_gives_files_without_rows() -> None:
    none, no_texts = IMAGES.iloc[:0], TEXTS.iloc[:0]
    labels, summaries = clustered_labels(none), clustered_summaries(no_texts)
    assert len(combined(labels, summaries)) == 0
    assert len(category_ratios(ratios().iloc[:0], labels, summaries)) == 0
    assert list(all_categories_table(ratios().iloc[:0]).columns) == ["nums_category_img"]
    assert clustered_summaries_json(no_texts) == {"clusters": [], "cluster_centers": []}
    assert picture_names(none, ".png") == []


def test_a_picture_is_called_by_the_day_its_poster_its_post_and_its_frame() -> None:
    post, poster = "6" * 24, "5e" * 12
    picture = images((post, "video_2", 3)).assign(poster_id=poster)
    [name] = picture_names(picture, ".png")
    assert name == f"02-29_{poster}_{post}_video_2.png"
    assert re.fullmatch(r"\d\d-\d\d_[0-9a-f]{24}_[0-9a-f]{24}_(post|video_[1-3])\.png", name)
    assert labels_json([name], picture) == {name: 3}


def test_a_picture_of_a_post_of_unknown_day_has_that_of_its_crawl() -> None:
    [name] = picture_names(images(("1", "post", 0)).assign(published_at=pd.Series([pd.NaT])), ".webp")
    assert name == "06-13_a1_1_post.webp"


@pytest.mark.parametrize(
    ("post", "part"),
    [("../x", "%2E%2E%2Fx"), ("a b", "a%20b"), ("裙", "%E8%A3%99"), ("a\0", "a%00"), ("C:\\x", "C%3A%5Cx")],
)
def test_an_id_leads_nowhere_on_any_disk(post: str, part: str) -> None:
    assert picture_names(images((post, "post", 0)).assign(poster_id="p"), "") == [f"02-29_p_{part}_post"]


def test_labels_are_sorted_by_name() -> None:
    assert list(labels_json(["b", "a"], IMAGES.iloc[:2]).items()) == [("a", 2), ("b", 5)]


def test_charts_that_the_original_had_bear_its_names() -> None:
    assert [chart_name("bars_all", part) for part in range(3)] == [
        f"all_categories_chart_part{part}.png" for part in (1, 2, 3)
    ]
    assert chart_name("cluster_sheet", 7) == "output_img/cluster_7_grid.png"
    assert chart_name("elbow_image", 0) is None
