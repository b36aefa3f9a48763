"""What is stored of a crawl, each table read once: for charts, report, exports and the comparison.

Not here: the items a clustering is fitted on (items), opening mattes (mattes), what is counted (core/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mkt_assets.contract.columns import MODALITIES
from mkt_assets.core.text.summaries import caption_of
from mkt_assets.stored.items import ReadTable, positions_of, read_vectors, vectors_of_rows


class Crawl:
    """The tables of one crawl date as frames, each read when it is first asked for, and once.

    A crawl's items (clustered pictures and texts) may be of earlier crawl dates, where a window is clustered:
    `item_crawl_date` says which, and tables of items are read of all of these dates.
    """

    def __init__(self, read: ReadTable, crawl_date: date) -> None:
        self.crawl_date = crawl_date
        self._read = read

    def table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Rows of a table, of this crawl date; not kept."""
        return self._read(name, [self.crawl_date], columns=columns).to_pandas()

    @cached_property
    def clusters(self) -> pd.DataFrame:
        """Rows of `clusters`."""
        return self.table("clusters")

    @cached_property
    def encoders(self) -> Mapping[str, str]:
        """By modality, the encoder of its clustered items, with its version; none of a modality without items."""
        return dict(self.clusters.groupby("modality")["encoder"].first())

    @cached_property
    def item_dates(self) -> list[date]:
        """The crawl dates that clustered items are of, with this one."""
        return sorted({*self.clusters["item_crawl_date"], self.crawl_date})

    @cached_property
    def k_selection(self) -> pd.DataFrame:
        """Rows of `k_selection`, without labels."""
        return self.table("k_selection").drop(columns="labels")

    @cached_property
    def ratios(self) -> pd.DataFrame:
        """Rows of `crosstab_ratios` that count images: as in the original's join, a picture counts once."""
        ratios = self.table("crosstab_ratios")
        return ratios[ratios["unit"] == "image"]

    @cached_property
    def profiles(self) -> pd.DataFrame:
        """Rows of `cluster_profiles`."""
        return self.table("cluster_profiles")

    @cached_property
    def identities(self) -> pd.DataFrame:
        """Rows of `cluster_identities`, of all crawl dates."""
        return self._read("cluster_identities").to_pandas()

    @cached_property
    def names(self) -> Mapping[str, Mapping[int, str]]:
        """By modality and cluster, the one name of each cluster; empty before identities are settled."""
        here = self.identities[self.identities["crawl_date"] == self.crawl_date]
        return {
            modality: dict(zip(rows["cluster_id"].tolist(), rows["name"].tolist(), strict=True))
            for modality in MODALITIES
            for rows in [here[here["modality"] == modality]]
        }

    @cached_property
    def mattes(self) -> pd.DataFrame:
        """Rows of `matted_images` of all items' dates, with item_crawl_date."""
        columns = ["crawl_date", "post_id", "frame", "verdict", "matte_path", "matting_model"]
        return self._of_items("matted_images", columns)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """Posts of all items' dates: item_crawl_date and columns of `raw_posts` that people look at, and caption."""
        columns = ["crawl_date", "post_id", "poster_id", "title", "content", "post_url", "published_at"]
        columns += ["n_likes", "n_likes_is_lower_bound", "n_collects"]
        posts = self._of_items("raw_posts", columns)
        captions = [caption_of(*row) for row in zip(posts["title"], posts["content"], strict=True)]
        return posts.assign(caption=captions)

    @cached_property
    def sightings(self) -> pd.DataFrame:
        """Clustered items of every crawl date so far, and when their posts were published, as far as these are read."""
        columns = ["crawl_date", "modality", "encoder", "cluster_id", "post_id"]
        items = self._read("clusters", columns=columns).to_pandas()
        items = items[items["crawl_date"] <= self.crawl_date]
        return items.merge(self.posts[["post_id", "published_at"]].drop_duplicates("post_id"), how="left")

    @cached_property
    def summaries(self) -> pd.DataFrame:
        """Cleaned texts of all items' dates: item_crawl_date, post_id, summary."""
        return self._of_items("summaries", ["crawl_date", "post_id", "summary"])

    def items(self, modality: str) -> pd.DataFrame:
        """Clustered items of a modality, by cluster, the most typical first."""
        items = self.clusters[self.clusters["modality"] == modality]
        return items.sort_values(["cluster_id", "rank_in_cluster"])

    def placed(self, modality: str) -> tuple[pd.DataFrame, NDArray[np.float32]]:
        """The clustered items that still have a vector, in the order of the stored vectors, and these, (n, d)."""
        rows = read_vectors(self._read, modality, self.item_dates)
        items = self.items(modality)
        located = items.assign(position=positions_of(items, rows, modality)).dropna(subset=["position"])
        located = located.sort_values("position")
        return located, vectors_of_rows(rows, located["position"].to_numpy(np.int64))

    def located(self, modality: str) -> tuple[pd.DataFrame, str]:
        """The clustered items that have a position, with x and y, and how these were found; in the positions' order.

        Positions of one layout only, that of most items: those of two have nothing to do with each other.
        """
        columns = ["crawl_date", "modality", "post_id", "frame", "x", "y", "layout", "method"]
        positions = self._of_items("item_positions", columns)
        positions = positions[positions["modality"] == modality]
        keys = ["item_crawl_date", "post_id", *(["frame"] if modality == "image" else [])]
        items = positions[[*keys, "x", "y", "layout", "method"]].merge(self.items(modality), on=keys)
        if items.empty:
            return items, ""
        chosen = items[items["layout"] == items["layout"].value_counts().idxmax()].reset_index(drop=True)
        return chosen, str(chosen["method"].iloc[0])

    def _of_items(self, table: str, columns: Sequence[str]) -> pd.DataFrame:
        rows = self._read(table, self.item_dates, columns=columns).to_pandas()
        return rows.rename(columns={"crawl_date": "item_crawl_date"})
