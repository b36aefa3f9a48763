"""Behaviour of the picture of the comparison."""

from __future__ import annotations

import pandas as pd
import pytest

from mkt_assets.charts.methods import comparison_figure, draw_comparison
from mkt_assets.contract.tables.methods import METHOD_COMPARISON


def row(modality: str, experiment: str, variant: str, **values: object) -> dict[str, object]:
    empty: dict[str, object] = {}
    empty.update(dict.fromkeys(METHOD_COMPARISON.column_names))
    known = {
        "is_used": variant == "k-means",
        "status": "run",
        "n_items": 90,
        "n_items_all": 400,
        "n_clusters": 9,
    }
    return empty | {"modality": modality, "experiment": experiment, "variant": variant} | known | values


ROWS = pd.DataFrame(
    [
        row("image", "methods", "dbscan", noise_share=0.61, stability=0.3, stability_spread=0.2),
        row("image", "methods", "k-means", noise_share=0.0, stability=0.97, stability_spread=0.01),
        row("image", "encoders", "imagebind", status="not run: weights absent", n_clusters=None),
        row("text", "methods", "k-means", noise_share=0.0, stability=1.0),
    ]
)


def words(rows: pd.DataFrame) -> list[str]:
    return [text.get_text() for text in comparison_figure(rows).texts]


def test_numbers_the_sample_and_what_did_not_run_are_written_out():
    said = words(ROWS)
    assert {"0.61", "0.97", "DBSCAN", "not run: weights absent", "9 clusters", "unknown"} <= set(said)
    assert any("90 of 400 pictures" in text for text in said)
    assert "Captions: encoders" not in said


def test_the_choice_of_the_crawl_stands_first_in_bold():
    bold = {t.get_text() for t in comparison_figure(ROWS).texts if t.get_fontweight() == "bold"}
    assert "k-means" in bold
    assert "DBSCAN" not in bold
    said = words(ROWS)
    assert said.index("k-means") < said.index("DBSCAN")


def test_a_picture_is_drawn_inside_its_edges():
    picture = draw_comparison(ROWS)
    assert picture.png.startswith(b"\x89PNG")
    assert picture.name == "method_comparison"
    assert min(picture.width, picture.height) > 500


@pytest.mark.parametrize("rows", [ROWS.iloc[:0], ROWS.iloc[2:3]])
def test_nothing_that_ran_is_said(rows: pd.DataFrame):
    assert any("too few items" in text for text in words(rows))
