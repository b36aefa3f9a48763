"""Behaviour of the cross table: counting units, ranks, ties, tables and the original's published files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.core.crosstab.crosstab import Ties, Unit, cross, crosstab_files, pivot, top

PAIR = ["image_cluster", "text_cluster", "n", "ratio", "rank", "n_with_text", "n_without_text"]
COLUMNS = [*PAIR, "n_images", "n_posts", "n_posters", "low_support"]

IMAGES = pd.DataFrame(
    [
        ("a", "p1", 0, "post"),
        ("a", "p1", 0, "video_1"),
        ("b", "p2", 0, "post"),
        ("b", "p2", 1, "video_1"),
        ("b", "p3", 0, "post"),  # no text
        ("c", "p4", 2, "post"),  # no text
    ],
    columns=["poster_id", "post_id", "image_cluster", "frame"],
)
TEXTS = pd.DataFrame(
    [("a", "p1", 5), ("b", "p2", 3), ("b", "p2", 3), ("d", "p9", 4)],
    columns=["poster_id", "post_id", "text_cluster"],
)


def rows(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    values = frame.astype(object).where(frame.notna(), None)
    return list(values.itertuples(index=False, name=None))


def test_in_the_image_unit_an_image_counts_once():
    result = cross(IMAGES, TEXTS, "image", min_posts=2)
    assert list(result.columns) == COLUMNS
    assert rows(result) == [
        (0, 3, 1, 1 / 3, 2, 3, 1, 1, 1, 1, False),
        (0, 5, 2, 2 / 3, 1, 3, 1, 2, 1, 1, False),
        (1, 3, 1, 1.0, 1, 1, 0, 1, 1, 1, True),
        (2, None, 0, None, None, 0, 1, 0, 0, 0, True),
    ]


def test_in_the_post_unit_a_post_counts_once_in_each_of_its_image_clusters():
    assert rows(cross(IMAGES, TEXTS, "post")) == [
        (0, 3, 1, 0.5, 1, 2, 1, 1, 1, 1, True),
        (0, 5, 1, 0.5, 2, 2, 1, 2, 1, 1, True),
        (1, 3, 1, 1.0, 1, 1, 0, 1, 1, 1, True),
        (2, None, 0, None, None, 0, 1, 0, 0, 0, True),
    ]


def test_in_the_legacy_unit_a_text_labelled_twice_counts_twice():
    assert rows(cross(IMAGES, TEXTS, "legacy"))[:3] == [
        (0, 3, 2, 0.5, 1, 4, 1, 1, 1, 1, True),
        (0, 5, 2, 0.5, 2, 4, 1, 2, 1, 1, True),
        (1, 3, 2, 1.0, 1, 2, 0, 1, 1, 1, True),
    ]


def test_of_disagreeing_labels_the_last_one_counts():
    texts = pd.DataFrame({"post_id": ["p", "p"], "text_cluster": [1, 2]})
    images = pd.DataFrame({"post_id": ["p"], "image_cluster": [0]})
    assert cross(images, texts, "post")["text_cluster"].tolist() == [2]
    assert cross(images, texts, "legacy")["text_cluster"].tolist() == [1, 2]


def test_posts_of_different_posters_with_one_id_are_not_mixed_up():
    images = pd.DataFrame({"poster_id": ["a", "b"], "post_id": ["p", "p"], "image_cluster": [0, 1]})
    texts = pd.DataFrame({"poster_id": ["a"], "post_id": ["p"], "text_cluster": [7]})
    assert cross(images, texts, "image")["n"].tolist() == [1, 0]


def test_without_posters_their_number_is_unknown():
    result = cross(IMAGES.drop(columns="poster_id"), TEXTS.drop(columns="poster_id"), "image")
    assert result["n_posters"].isna().all()
    assert result["n"].tolist() == [1, 2, 1, 0]


def test_empty_crawls_give_empty_tables_of_the_same_columns():
    result = cross(IMAGES.head(0), TEXTS, "image")
    assert list(result.columns) == COLUMNS
    assert len(result) == len(pivot(result)) == len(top(result)) == 0


@pytest.mark.parametrize("unit", ["rows", ""])
def test_an_unknown_unit_is_refused(unit: Unit):
    with pytest.raises(ValueError, match="choose one of legacy, image, post"):
        cross(IMAGES, TEXTS, unit)


def test_a_missing_column_or_cluster_is_named():
    with pytest.raises(ValueError, match="texts has no column text_cluster"):
        cross(IMAGES, TEXTS.drop(columns="text_cluster"), "image")
    with pytest.raises(ValueError, match="post p1 has no cluster"):
        cross(IMAGES.assign(image_cluster=np.nan), TEXTS, "image")


def tied() -> pd.DataFrame:
    """Image cluster 0 with ratios .4 .2 .2 .2 of texts 9 8 7 1, image cluster 1 without text."""
    values = [(0, 9, 0.4), (0, 8, 0.2), (0, 7, 0.2), (0, 1, 0.2), (1, None, None)]
    frame = pd.DataFrame(values, columns=["image_cluster", "text_cluster", "ratio"])
    return frame.astype({"text_cluster": "Int64", "ratio": "float64"})


@pytest.mark.parametrize(("ties", "kept"), [("text_id", [9, 7, 1]), ("first_seen", [9, 8, 7])])
def test_ties_at_the_cut_go_by_the_rule_asked_for(ties: Ties, kept: list[int]):
    assert top(tied(), 3, ties)["text_cluster"].tolist() == kept


def test_a_cut_off_cell_is_missing_and_an_absent_pair_is_zero():
    ratios = pd.concat([tied(), pd.DataFrame({"image_cluster": [2], "text_cluster": [1], "ratio": [1.0]})])
    ratios = ratios.reset_index(drop=True)
    table = pivot(ratios, top(ratios, 1))
    assert list(table.columns) == [1, 7, 8, 9]
    assert rows(table) == [(None, None, None, 0.4), (None,) * 4, (1.0, 0.0, 0.0, 0.0)]
    assert rows(pivot(ratios, top(ratios, 1), cut_off=0.0))[0] == (0.0, 0.0, 0.0, 0.4)
    assert rows(pivot(ratios))[0] == (0.2, 0.2, 0.2, 0.4)


def test_a_top_of_nothing_and_an_unknown_rule_are_refused():
    with pytest.raises(ValueError, match="choose 1 or more"):
        top(tied(), 0)
    with pytest.raises(ValueError, match="choose one of text_id, first_seen"):
        top(tied(), 3, "random")  # pyright: ignore[reportArgumentType]


LABELS = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["post", "video_1"]), st.integers(0, 3)), max_size=40
)


def drawn(images: list[tuple[int, str, int]], texts: dict[int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    image_frame = pd.DataFrame(images, columns=["post_id", "frame", "image_cluster"])
    image_frame = image_frame.drop_duplicates(["post_id", "frame"])
    text_frame = pd.DataFrame(list(texts.items()), columns=["post_id", "text_cluster"])
    for frame in (image_frame, text_frame):
        frame["poster_id"] = frame["post_id"] % 3
    return image_frame, text_frame


@settings(max_examples=40, deadline=None)
@given(
    LABELS,
    st.dictionaries(st.integers(0, 15), st.integers(0, 3)),
    st.sampled_from(["image", "post", "legacy"]),
)
def test_ratios_sum_to_one_and_counts_agree(
    images: list[tuple[int, str, int]], texts: dict[int, int], unit: Unit
):
    image_frame, text_frame = drawn(images, texts)
    result = cross(image_frame, text_frame, unit)
    with_text = result.dropna(subset=["text_cluster"])
    sums = with_text.groupby("image_cluster")[["ratio", "n"]].sum()
    assert np.allclose(sums["ratio"], 1)
    assert (sums["n"] == with_text.groupby("image_cluster")["n_with_text"].first()).all()
    assert set(result["image_cluster"]) == set(image_frame["image_cluster"])
    assert (with_text["n_posts"] <= with_text["n_images"]).all()
    for _, cluster in with_text.groupby("image_cluster"):
        by_rank = cluster.sort_values("rank")
        assert by_rank["rank"].tolist() == list(range(1, len(cluster) + 1))
        assert by_rank["ratio"].is_monotonic_decreasing


@settings(max_examples=40, deadline=None)
@given(
    LABELS,
    st.dictionaries(st.integers(0, 15), st.integers(0, 3)),
    st.sampled_from(["image", "post"]),
    st.randoms(),
)
def test_row_order_and_duplicate_rows_change_nothing(
    images: list[tuple[int, str, int]],
    texts: dict[int, int],
    unit: Unit,
    random: np.random.RandomState,
):
    image_frame, text_frame = drawn(images, texts)
    expected = cross(image_frame, text_frame, unit)
    seed = int(random.randint(0, 1000))
    doubled = [pd.concat([f, f.head(3)]).sample(frac=1, random_state=seed) for f in (image_frame, text_frame)]
    pd.testing.assert_frame_equal(cross(doubled[0], doubled[1], unit), expected)


@pytest.fixture
def label_files(tmp_path: Path) -> tuple[Path, Path]:
    images, texts = tmp_path / "image_labels.csv", tmp_path / "text_labels.csv"
    images.write_text("poster_id,post_id,nums_category_img\na,p1,4\na,p1,4\nb,p2,4\nb,p2,1\nc,p3,8\n")
    texts.write_text("poster_id,post_id,num_category_text\nb,p2,7\na,p1,0\nb,p2,7\nc,p9,2\n")
    return images, texts


def test_label_files_are_crossed_in_the_originals_order(label_files: tuple[Path, Path], tmp_path: Path):
    crosstab_files(*label_files, "legacy", tmp_path / "r.csv", table=tmp_path / "t.csv")
    assert (tmp_path / "r.csv").read_text() == (
        "nums_category_img,num_category_text,ratio\n4,7,0.5\n4,0,0.5\n1,7,1.0\n"
    )
    assert (tmp_path / "t.csv").read_text() == "nums_category_img,0,7\n1,0.0,1.0\n4,0.5,0.5\n"


def test_in_the_other_units_label_files_are_crossed_sorted(label_files: tuple[Path, Path], tmp_path: Path):
    crosstab_files(*label_files, "image", tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_text().splitlines()[1:]
    assert lines == ["1,7,1.0", f"4,0,{2 / 3!r}", f"4,7,{1 / 3!r}"]


@pytest.mark.parametrize(("ties", "row"), [("text_id", "4,0.5,0.0"), ("first_seen", "4,0.0,0.5")])
def test_a_cut_table_keeps_its_columns_and_the_pair_of_the_rule(
    label_files: tuple[Path, Path], tmp_path: Path, ties: Ties, row: str
):
    table = tmp_path / "t.csv"
    crosstab_files(*label_files, "legacy", tmp_path / "r.csv", table=table, top_n=1, ties=ties)
    assert table.read_text().splitlines() == ["nums_category_img,0,7", "1,0.0,1.0", row]


def test_broken_label_files_are_named_with_what_is_wrong(label_files: tuple[Path, Path], tmp_path: Path):
    images, texts = label_files
    out = tmp_path / "r.csv"
    with pytest.raises(FileNotFoundError, match=r"absent\.csv"):
        crosstab_files(tmp_path / "absent.csv", texts, "image", out)
    with pytest.raises(ValueError, match=r"text_labels\.csv has no column nums_category_img"):
        crosstab_files(texts, texts, "image", out)
    with pytest.raises(ValueError, match="say where the table goes"):
        crosstab_files(images, texts, "image", out, top_n=3)
    images.write_text("poster_id,post_id,nums_category_img\na,p1,4\na,p2,four\n")
    with pytest.raises(ValueError, match="record 2: nums_category_img is not a whole number"):
        crosstab_files(images, texts, "image", out)
    images.write_text("poster_id,post_id,nums_category_img\n,p1,4\n")
    with pytest.raises(ValueError, match="record 1: poster_id or post_id is empty"):
        crosstab_files(images, texts, "image", out)
    images.write_text("")
    with pytest.raises(ValueError, match="cannot be read as a CSV"):
        crosstab_files(images, texts, "image", out)
    assert not out.exists()


GOLDEN = Path(os.environ.get("MKT_GOLDEN_DIR", "absent"))
golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="MKT_GOLDEN_DIR names no folder of golden files")


@golden
def test_the_originals_published_ratios_are_reproduced_in_their_order(tmp_path: Path):
    crosstab_files(
        GOLDEN / "image_labels.csv",
        GOLDEN / "text_labels.csv",
        "legacy",
        tmp_path / "r.csv",
        table=tmp_path / "t.csv",
    )
    for ours, published, shape in (
        ("r.csv", "category_ratios.csv", (156, 3)),
        ("t.csv", "all_categories_table_final.csv", (68, 19)),
    ):
        expected = pd.read_csv(GOLDEN / published)
        assert expected.shape == shape
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / ours), expected, rtol=0, atol=1e-12)


@golden
@pytest.mark.parametrize("ties", ["text_id", "first_seen"])
def test_the_originals_top_three_is_reproduced_under_both_rules(tmp_path: Path, ties: Ties):
    files = GOLDEN / "image_labels.csv", GOLDEN / "text_labels.csv"
    crosstab_files(*files, "legacy", tmp_path / "r.csv", table=tmp_path / "t.csv", top_n=3, ties=ties)
    expected = pd.read_csv(GOLDEN / f"top3_tie_{ties}.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "t.csv"), expected, rtol=0, atol=1e-12)


@golden
@pytest.mark.parametrize(
    ("unit", "column", "total"), [("legacy", "rows", 559), ("image", "dedup", 476), ("post", "posts", 457)]
)
def test_the_three_units_count_what_was_counted_by_hand(tmp_path: Path, unit: Unit, column: str, total: int):
    files = GOLDEN / "image_labels.csv", GOLDEN / "text_labels.csv"
    ours = crosstab_files(*files, unit, tmp_path / "r.csv")
    ours = ours.sort_values(["image_cluster", "text_cluster"], ignore_index=True)
    counts = pd.read_csv(GOLDEN / "counts_three_units.csv")
    counts = counts.sort_values(["nums_category_img", "num_category_text"], ignore_index=True)
    assert ours["n"].sum() == total
    assert np.allclose(ours["ratio"], counts[f"ratio_{column}"], rtol=0, atol=1e-12)
    assert (ours["n_posts"] == counts["posts"]).all()
    assert (ours["n_posters"] == counts["posters"]).all()
