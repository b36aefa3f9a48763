"""item_positions: where the pictures and texts of a crawl lie in the plane. Laying out is in core/maps.

Not here: drawing them (charts, report).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from mkt_assets.assets.step import Made, Run, step
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.items import ITEM_POSITIONS
from mkt_assets.core.maps.layout import Layout, anchors_among, best, fit_layout, place
from mkt_assets.core.vectors import to_matrix
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.items import Items, read_items

_OF_LAYOUTS = ("crawl_date", "modality", "encoder", "layout", "method", "x", "y", "anchor")


@dataclass(frozen=True)
class _Stored:
    """A layout, and which of its anchors are of the crawl date that is placed."""

    layout: Layout
    is_own: NDArray[np.bool_]


@step(
    ITEM_POSITIONS,
    version=1,
    group="findings",
    kinds={"python", "duckdb", "scikitlearn"},
    deps=["image_embeddings", "text_embeddings"],
    description="Where every picture and text lies on the map: similar ones near each other. Fitted once, on the "
    "first crawl of an encoder's vectors; later ones are placed among it, so that nothing jumps. A crawl more than "
    "four times as large as what the layout was fitted on begins a new one.",
)
def item_positions(run: Run, warehouse: Warehouse) -> Made:
    """Place the items of the crawl in the layout that there is, or lay them out."""
    known = warehouse.read("item_positions", columns=_OF_LAYOUTS)
    anchors = known.filter(known["anchor"].is_valid())
    rows = [ITEM_POSITIONS.empty()]
    said: dict[str, str] = {}
    for modality in MODALITIES:
        items = read_items(warehouse, modality, [run.crawl_date])
        if items.encoder is None:
            continue
        of_encoder = _layouts(anchors, modality, items, run.crawl_date)
        n_distinct = len(np.unique(items.vectors, axis=0))
        chosen = best([stored.layout for stored in of_encoder.values()], n_distinct)
        if chosen is None:
            fitted = fit_layout(items.vectors)
            stored = _Stored(fitted, np.ones(len(fitted.vectors), bool))
        else:
            stored = of_encoder[chosen.name]
        rows.append(_placed(modality, items, stored, run.crawl_date))
        how = "fitted on" if chosen is None else "placed among"
        said[f"{modality}_layout"] = f"{stored.layout.name}: {how} {len(stored.layout.vectors)} items"
    made = pa.concat_tables(rows)
    return Made(made, {"items": made.num_rows, **said})


def _layouts(anchors: pa.Table, modality: str, items: Items, crawl_date: date) -> dict[str, _Stored]:
    """The layouts of the items' encoder, by name, without anchors of the crawl date that are no more among its items.

    Without these a second run on the same items would not find what the first one went by.
    """
    rows = anchors.drop_columns(["anchor"]).to_pandas()
    rows = rows[(rows["modality"] == modality) & (rows["encoder"] == items.encoder)]
    found: dict[str, _Stored] = {}
    for name, of in rows.groupby("layout"):
        layout = Layout(
            str(name),
            str(of["method"].iloc[0]),
            to_matrix(anchors["anchor"].take(of.index.to_numpy())),
            of[["x", "y"]].to_numpy(np.float64),
        )
        is_own = (of["crawl_date"] == crawl_date).to_numpy(bool)
        stays = ~is_own | (anchors_among(items.vectors, layout) >= 0)
        if stays.any():
            found[layout.name] = _Stored(_only(layout, stays), is_own[stays])
    return found


def _only(layout: Layout, which: NDArray[np.bool_]) -> Layout:
    return replace(layout, vectors=layout.vectors[which], positions=layout.positions[which])


def _placed(modality: str, items: Items, stored: _Stored, crawl_date: date) -> pa.Table:
    """Rows of the items; anchors are those that are equal to an anchor of their own crawl date."""
    layout, own = stored.layout, _only(stored.layout, stored.is_own)
    positions = place(items.vectors, layout)
    found = anchors_among(items.vectors, own)
    # an anchor has its own place, also where another one is as near as can be told
    positions[found[found >= 0]] = own.positions[found >= 0]
    anchors = pd.Series([None] * len(positions), dtype=object)
    anchors[found[found >= 0]] = [*own.vectors[found >= 0]]
    frame = items.frame[["post_id", "poster_id", "frame"]].assign(
        crawl_date=crawl_date,
        modality=modality,
        x=positions[:, 0],
        y=positions[:, 1],
        layout=layout.name,
        method=layout.method,
        anchor=anchors,
        encoder=items.encoder,
    )
    return pa.Table.from_pandas(
        frame[ITEM_POSITIONS.column_names], ITEM_POSITIONS.arrow_schema(), preserve_index=False
    )
