"""The sampled items of a crawl with what else is stored of them: for the experiments.

Not here: which items a sample has (core/experiments/sample), pixels (compute/sampled_pictures).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from mkt_assets.core.experiments.comparison import References
from mkt_assets.core.experiments.controls import IsCopy
from mkt_assets.core.experiments.sample import Sample, draw
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.items import Items, read_items

Row = Mapping[str, Any]


@dataclass(frozen=True)
class DrawnItems:
    """The items of a sample, and the number of those that it was drawn from."""

    modality: str
    items: Items
    n_all: int

    def as_sample(
        self, clusters: pd.DataFrame, *, is_copy: IsCopy, backgrounds: Sequence[int | None] | None = None
    ) -> Sample:
        """The sample with what the experiments compare it with.

        Args:
            clusters: The crawl's, of both modalities: columns modality, post_id, frame, cluster_id.
            is_copy: Whether two items, by their numbers, are near duplicates.
            backgrounds: Group of each item's background; None: items have none.
        """
        frame = self.items.frame
        own = clusters.loc[clusters["modality"] == self.modality, "cluster_id"]
        references = References(
            frame["post_id"].tolist(),
            frame["poster_id"].tolist(),
            _other_clusters(frame, clusters, self.modality),
            backgrounds or [None] * len(frame),
            is_copy,
        )
        return Sample(
            self.modality,
            self.items.vectors,
            self.items.encoder,
            self.n_all,
            max(1, own.nunique()),
            references,
        )


def draw_items(
    warehouse: Warehouse, modality: str, window: Sequence[date], most: int, *, random_state: int
) -> DrawnItems:
    """A sample of the items that a clustering is fitted on, see `draw`.

    Raises:
        MixedEncodersError: if the window's vectors come from different encoders.
    """
    items = read_items(warehouse, modality, window)
    ids = [(str(post), str(frame)) for post, frame in _keys(items.frame, ["post_id", "frame"])]
    drawn = draw(ids, most, random_state=random_state)
    frame = items.frame.iloc[drawn].reset_index(drop=True)
    return DrawnItems(modality, Items(frame, items.vectors[drawn], items.encoder), len(items.frame))


def mattes_of(warehouse: Warehouse, drawn: DrawnItems) -> tuple[list[Row], dict[date, list[Row]]]:
    """The row of `matted_images` of each item; and, by crawl date, a row a post of these with all its media_paths."""
    frame = drawn.items.frame
    rows = _of_their_dates(warehouse, "matted_images", frame)
    by_item = {(row["crawl_date"], row["post_id"], row["frame"]): row for row in rows}
    posts = {
        (day, post): {"post_id": post, "poster_id": poster, "media_paths": set[str]()}
        for day, post, poster in _keys(frame, ["item_crawl_date", "post_id", "poster_id"])
    }
    for row in rows:
        if post := posts.get((row["crawl_date"], row["post_id"])):
            post["media_paths"].add(row["media_path"])
    by_date: dict[date, list[Row]] = {}
    for (day, _), post in posts.items():
        by_date.setdefault(day, []).append(post)
    return [by_item[key] for key in _keys(frame, ["item_crawl_date", "post_id", "frame"])], by_date


def summaries_of(warehouse: Warehouse, drawn: DrawnItems) -> list[str]:
    """The summary of each item."""
    rows = _of_their_dates(warehouse, "summaries", drawn.items.frame, ["crawl_date", "post_id", "summary"])
    by_post = {(row["crawl_date"], row["post_id"]): str(row["summary"]) for row in rows}
    return [by_post[key] for key in _keys(drawn.items.frame, ["item_crawl_date", "post_id"])]


def _of_their_dates(
    warehouse: Warehouse, table: str, frame: pd.DataFrame, columns: Sequence[str] | None = None
) -> list[Row]:
    dates = sorted(set(frame["item_crawl_date"]))
    return [dict(row) for row in warehouse.read(table, dates, columns=columns).to_pylist()] if dates else []


def _other_clusters(frame: pd.DataFrame, clusters: pd.DataFrame, modality: str) -> list[int | None]:
    """The crawl's cluster of each item's post in the other modality; a post of several pictures: of its first."""
    other = clusters[clusters["modality"] != modality].sort_values(["post_id", "frame"])
    by_post = other.drop_duplicates("post_id").set_index("post_id")["cluster_id"].to_dict()
    return [by_post.get(post) for post in frame["post_id"]]


def _keys(frame: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[columns].itertuples(index=False)]
