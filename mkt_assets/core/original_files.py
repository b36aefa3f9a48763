"""A crawl's results in the shapes of the original project's files, as frames. Nothing is written here."""

from __future__ import annotations

import pandas as pd

from mkt_assets.core.crosstab import IMAGE_LABEL, TEXT_LABEL, pivot

# A spreadsheet takes a cell that begins like this for a formula, and runs it.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def clustered_labels(clusters: pd.DataFrame) -> pd.DataFrame:
    """poster_id, post_id, nums_category_img: a row an image; from rows of `clusters`."""
    images = clusters[clusters["modality"] == "image"].sort_values(["post_id", "frame"])
    return (
        images[["poster_id", "post_id"]].assign(**{IMAGE_LABEL: images["cluster_id"]}).reset_index(drop=True)
    )


def clustered_summaries(clusters: pd.DataFrame, summaries: pd.DataFrame) -> pd.DataFrame:
    """poster_id, post_id, summary, num_category_text: a row a post with text.

    Args:
        clusters: rows of `clusters`.
        summaries: item_crawl_date, post_id, summary.
    """
    texts = clusters[clusters["modality"] == "text"].sort_values("post_id")
    joined = texts.merge(summaries, on=["item_crawl_date", "post_id"], how="left")
    joined = joined.rename(columns={"cluster_id": TEXT_LABEL})
    return joined[["poster_id", "post_id", "summary", TEXT_LABEL]]


def combined(labels: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """poster_id, post_id, summary, num_category_text, nums_category_img: the texts joined with their images."""
    return texts.merge(labels, on=["poster_id", "post_id"], how="inner")


def category_ratios(ratios: pd.DataFrame) -> pd.DataFrame:
    """nums_category_img, num_category_text, ratio: from rows of `crosstab_ratios` of one unit."""
    pairs = ratios.dropna(subset=["text_cluster"]).sort_values(["image_cluster", "text_cluster"])
    names = {"image_cluster": IMAGE_LABEL, "text_cluster": TEXT_LABEL}
    return pairs[["image_cluster", "text_cluster", "ratio"]].rename(columns=names).reset_index(drop=True)


def all_categories_table(ratios: pd.DataFrame) -> pd.DataFrame:
    """Ratios as a table, image clusters down (nums_category_img) and text clusters across, 0 for no such pair."""
    table = pivot(ratios.dropna(subset=["text_cluster"]))
    return table.rename_axis(index=IMAGE_LABEL, columns=None).reset_index()


def without_formulas(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every text that a spreadsheet would run as a formula made plain by a leading apostrophe."""
    safe = frame.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name]) or safe[name].dtype == object:
            safe[name] = [
                f"'{v}" if isinstance(v, str) and v.startswith(_FORMULA_STARTS) else v for v in safe[name]
            ]
    return safe
