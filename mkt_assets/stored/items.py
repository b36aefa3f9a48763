"""The items a clustering is fitted on: of the window's crawl dates, each post in its latest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.warehouse import Warehouse


class MixedEncodersError(ValueError):
    """Vectors of different encoders would meet in one clustering."""


@dataclass(frozen=True)
class Items:
    """Items of one modality, in the order of (post_id, frame), and their vectors, (n, d) float32.

    `frame` columns: item_crawl_date, post_id, poster_id, frame (None for texts). `encoder` is "id version",
    None when there is no item.
    """

    frame: pd.DataFrame
    vectors: NDArray[np.float32]
    encoder: str | None


def read_items(warehouse: Warehouse, modality: str, window: Sequence[date]) -> Items:
    """The items of a modality in a window of crawl dates.

    Raises:
        MixedEncodersError: if the window's vectors come from different encoders.
    """
    rows = warehouse.read(f"{modality}_embeddings", window)
    return latest_items(rows, modality)


def latest_items(rows: pa.Table, modality: str) -> Items:
    """The items among embedding rows: of each post, the rows of its latest crawl date.

    Raises:
        MixedEncodersError: if the vectors come from different encoders.
    """
    frame = rows.drop_columns(["embedding"]).to_pandas()
    encoder = _one_encoder(frame, modality)
    frame = frame.rename(columns={"crawl_date": "item_crawl_date"})
    if "frame" not in frame:
        frame["frame"] = None
    latest = frame.groupby("post_id")["item_crawl_date"].transform("max")
    kept = frame[frame["item_crawl_date"] == latest].sort_values(["post_id", "frame"], kind="stable")
    vectors = to_matrix(rows["embedding"])[kept.index.to_numpy()]
    names = ["item_crawl_date", "post_id", "poster_id", "frame"]
    return Items(kept[names].reset_index(drop=True), vectors, encoder)


def _one_encoder(frame: pd.DataFrame, modality: str) -> str | None:
    used = frame.groupby(["encoder", "encoder_version"])["crawl_date"].agg(["min", "max"])
    if len(used) > 1:
        parts = [f"{name} {version} on {low} to {high}" for (name, version), low, high in used.itertuples()]
        raise MixedEncodersError(
            f"the {modality} vectors of this window come from different encoders ({'; '.join(parts)}): "
            f"materialize {modality}_embeddings again for the older crawl dates."
        )
    return None if used.empty else " ".join(str(part) for part in used.index[0])
