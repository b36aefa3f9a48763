"""The items a clustering is fitted on (of the window's crawl dates, each post in its latest version), and vectors.

Not here: clustered items with all that is known of them (crawl).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.warehouse import ContractError, Warehouse


class ReadTable(Protocol):
    """Reads rows of a table as `Warehouse.read` does: of all crawl dates, or of some."""

    def __call__(
        self, table: str, crawl_dates: Sequence[date] | None = None, *, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """The rows, in the order of the table's key."""
        ...


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

    @property
    def sha256(self) -> str | None:
        """Of which items these are and of their vectors, in order; None without items."""
        if self.frame.empty:
            return None
        digest = hashlib.sha256(names_of(self.frame))
        digest.update(np.ascontiguousarray(self.vectors).data)
        return digest.hexdigest()


def read_items(warehouse: Warehouse, modality: str, window: Sequence[date]) -> Items:
    """The items of a modality in a window of crawl dates: of each post, those of its latest crawl date.

    Raises:
        MixedEncodersError: if the window's vectors come from different encoders.
    """
    rows = warehouse.read(f"{modality}_embeddings", window)
    items, encoder = latest_of(rows.drop_columns(["embedding"]).to_pandas(), modality)
    vectors = to_matrix(rows["embedding"])[items.index.to_numpy()]
    return Items(items.reset_index(drop=True), vectors, encoder)


def latest_of(rows: pd.DataFrame, modality: str) -> tuple[pd.DataFrame, str | None]:
    """The items of rows of an embeddings table, as `Items.frame` with the rows' index, and their encoder.

    Raises:
        MixedEncodersError: if there are several.
    """
    encoder = _one_encoder(rows, modality)
    frame = rows.rename(columns={"crawl_date": "item_crawl_date"})
    if "frame" not in frame:
        frame["frame"] = None
    latest = frame.groupby("post_id")["item_crawl_date"].transform("max")
    kept = frame[frame["item_crawl_date"] == latest].sort_values(["post_id", "frame"], kind="stable")
    return kept[["item_crawl_date", "post_id", "poster_id", "frame"]], encoder


def names_of(frame: pd.DataFrame) -> bytes:
    """What `Items.frame` says of which items these are, as bytes."""
    return frame[["item_crawl_date", "post_id", "frame"]].to_csv(index=False).encode()


def vectors_of(
    read: ReadTable, modality: str, items: pd.DataFrame, item_dates: Sequence[date]
) -> NDArray[np.float32]:
    """(n, d) vectors of clustered items, in their order.

    Args:
        read: reads tables.
        modality: image or text.
        items: item_crawl_date, post_id, and of pictures frame.
        item_dates: all crawl dates of the items.

    Raises:
        ContractError: an item has no vector any more.
    """
    rows = read_vectors(read, modality, item_dates)
    positions = positions_of(items, rows, modality)
    if positions.isna().any():
        raise ContractError(
            f"{int(positions.isna().sum())} clustered {modality} items have no vector any more: materialize "
            "clusters again."
        )
    return vectors_of_rows(rows, positions.to_numpy(np.int64))


def read_vectors(read: ReadTable, modality: str, item_dates: Sequence[date]) -> pa.Table:
    """The vectors of crawl dates, with what says whose they are: crawl_date, post_id, of pictures frame."""
    keys = ["crawl_date", "post_id", *(["frame"] if modality == "image" else [])]
    return read(f"{modality}_embeddings", item_dates, columns=[*keys, "embedding"])


def positions_of(items: pd.DataFrame, rows: pa.Table, modality: str) -> pd.Series:
    """Which embedding row each item has, with the items' index; missing where there is none any more."""
    keys = ["item_crawl_date", "post_id", *(["frame"] if modality == "image" else [])]
    places = rows.drop_columns(["embedding"]).to_pandas().rename(columns={"crawl_date": "item_crawl_date"})
    found = items[keys].merge(places.assign(position=np.arange(len(places))), on=keys, how="left")["position"]
    return found.set_axis(items.index)


def vectors_of_rows(rows: pa.Table, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    """(n, d) vectors at these rows of an embeddings table."""
    return to_matrix(rows["embedding"])[positions]


def _one_encoder(frame: pd.DataFrame, modality: str) -> str | None:
    used = frame.groupby(["encoder", "encoder_version"])["crawl_date"].agg(["min", "max"])
    if len(used) > 1:
        parts = [f"{name} {version} on {low} to {high}" for (name, version), low, high in used.itertuples()]
        raise MixedEncodersError(
            f"the {modality} vectors of this window come from different encoders ({'; '.join(parts)}): "
            f"materialize {modality}_embeddings again for the older crawl dates."
        )
    return None if used.empty else " ".join(str(part) for part in used.index[0])
