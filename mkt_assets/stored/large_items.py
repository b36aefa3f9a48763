"""The items a clustering is fitted on where their vectors are too many for memory: read in parts, again and again.

Not here: items whose vectors are all in memory (items).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.stored.items import latest_of, names_of


class Digest(Protocol):
    """A sha256 that is being made."""

    def update(self, data: Any, /) -> None:
        """Go on with these bytes."""
        ...

    def hexdigest(self) -> str:
        """What it is by now."""
        ...


@dataclass(frozen=True)
class Part:
    """Some items: their positions, (m,) int64, and their vectors, (m, d) float32."""

    positions: NDArray[np.int64]
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class LargeItems:
    """As `Items`, without the vectors: they come in `parts`."""

    frame: pd.DataFrame
    encoder: str | None
    _warehouse: Warehouse
    _modality: str
    _window: Sequence[date]
    _positions: NDArray[np.int64]  # of each row of the table; -1: of no item

    def parts(self) -> Iterator[Part]:
        """All items, some at a time, in the order of crawl dates, posts and frames.

        Where the tables are a file, whoever wants to write waits until the last part was taken.

        Raises:
            ContractError: rows came or went since the items were read.
        """
        row = 0
        with self._warehouse.one_moment() as read:
            for rows in read(f"{self._modality}_embeddings", self._window, columns=["embedding"]):
                at = self._positions[row : row + rows.num_rows]
                if len(at) < rows.num_rows:
                    break
                row += rows.num_rows
                if (at >= 0).any():
                    yield Part(at[at >= 0], to_matrix(rows["embedding"])[at >= 0])
            else:
                if row == len(self._positions):
                    return
        raise ContractError(
            f"{self._modality} vectors were stored while those of {self._window[0]} to {self._window[-1]} were read: "
            "materialize this again."
        )

    def vectors_at(self, positions: NDArray[np.int64], digest: Digest) -> NDArray[np.float32]:
        """(len(positions), d) vectors at these positions, ascending; all vectors go into the `digest`."""
        found: list[Part] = []
        for part in self.parts():
            digest.update(np.ascontiguousarray(part.vectors).data)
            wanted = np.isin(part.positions, positions)
            found.append(Part(part.positions[wanted], part.vectors[wanted]))
        order = np.argsort(np.concatenate([part.positions for part in found]))
        return np.concatenate([part.vectors for part in found])[order]

    def digest(self) -> Digest:
        """The beginning of what tells these items from others: the vectors, in the order of `parts`, are to come."""
        return hashlib.sha256(names_of(self.frame))


def count_rows(warehouse: Warehouse, modality: str, window: Sequence[date]) -> int:
    """Vectors that are stored of these crawl dates: no fewer than there are items."""
    return warehouse.read(f"{modality}_embeddings", window, columns=["post_id"]).num_rows


def read_large_items(warehouse: Warehouse, modality: str, window: Sequence[date]) -> LargeItems:
    """The items that `read_items` would read.

    Raises:
        MixedEncodersError: if the window's vectors come from different encoders.
    """
    keys = ["crawl_date", "post_id", "poster_id", *(["frame"] if modality == "image" else [])]
    rows = warehouse.read(f"{modality}_embeddings", window, columns=[*keys, "encoder", "encoder_version"])
    items, encoder = latest_of(rows.to_pandas(), modality)
    positions = np.full(rows.num_rows, -1, dtype=np.int64)
    positions[items.index.to_numpy()] = np.arange(len(items))
    return LargeItems(items.reset_index(drop=True), encoder, warehouse, modality, window, positions)
