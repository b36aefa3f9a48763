"""The items of clusters with their vectors, as tests over crawls take them; a crawl and modality at a time.

Not here: the items a clustering is fitted on (items), what is tested (core/over_time).
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from mkt_assets.core.over_time.identities import CLUSTER_KEY
from mkt_assets.core.over_time.novelty import CrawlItems
from mkt_assets.core.profiles.profiles import unit_centroid
from mkt_assets.resources.warehouse import ContractError
from mkt_assets.stored.items import ReadTable, vectors_of

_SAME_DIRECTION = 1e-4  # cosine distance of a stored centroid from that of the vectors, rounding apart


class ClusteredItems:
    """Reads the items of a modality and crawl date with their vectors.

    Args:
        read: Reads tables.
        profiles: Rows of `cluster_profiles`, of the crawl dates that are asked for.
        members: Rows of `clusters` of these.
    """

    def __init__(self, read: ReadTable, profiles: pd.DataFrame, members: pd.DataFrame) -> None:
        self._read = read
        self._centroids = profiles.set_index(CLUSTER_KEY)["centroid"].sort_index()
        self._members = {
            (str(modality), pd.Timestamp(str(day)).date()): rows.reset_index(drop=True)
            for (modality, day), rows in members.groupby(["modality", "crawl_date"])
        }

    def of(self, modality: str, crawl_date: date) -> CrawlItems | None:
        """The items; None if their vectors are no longer those that were clustered."""
        members = self._members[modality, crawl_date]
        try:
            vectors = vectors_of(self._read, modality, members, sorted(set(members["item_crawl_date"])))
        except ContractError:
            return None
        for cluster, items in members.groupby("cluster_id"):
            centroid = np.asarray(self._centroids[crawl_date, modality, cluster])
            rows = vectors[items.index.to_numpy()]
            if rows.shape[1] != len(centroid) or unit_centroid(rows) @ centroid < 1 - _SAME_DIRECTION:
                return None
        names = ("cluster_id", "post_id", "poster_id")
        return CrawlItems(vectors, *(members[name].tolist() for name in names))
