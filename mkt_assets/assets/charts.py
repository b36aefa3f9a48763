"""charts: the pictures of a crawl, on disk and as thumbnails in the UI; what did not change is not drawn again.

Drawing itself is in charts/.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain
from typing import Any

import dagster as dg
import numpy as np
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_links, markdown_list, preview
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.charts.bars import draw_bars
from mkt_assets.charts.base import Picture
from mkt_assets.charts.elbow import draw_elbow
from mkt_assets.charts.heat import draw_heatmap
from mkt_assets.charts.maps import draw_map
from mkt_assets.charts.sheets import ImageCluster, TextCluster, draw_caption_sheet, draw_captions_overview
from mkt_assets.compute.drawing import (
    NotDrawn,
    Tile,
    ToDraw,
    draw_each,
    draw_tiled_overview,
    draw_tiled_sheet,
)
from mkt_assets.compute.engines import open_engine
from mkt_assets.contract.columns import MODALITIES
from mkt_assets.contract.tables.published import CHARTS
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.crawl import Crawl

TILES_PER_SHEET = 25
TILE_SIDE = 320  # pixels
OVERVIEW_ROWS, OVERVIEW_TILES = 16, 8
CAPTIONS_PER_SHEET = 15
MAP_ITEMS = 2000
# Captions stay out of Dagster's event log; pictures of what people wear are small there.
PREVIEWED = ("clusters_overview", "elbow_image", "elbow_text", "bars_top3", "map_image", "map_text")


@step(
    CHARTS,
    version=4,
    group="findings",
    kinds={"python", "duckdb", "matplotlib"},
    deps=["crosstab_ratios", "cluster_identities", "item_positions"],
    description="Elbow curves, maps, contact sheets, typical captions and the stacked bars of topics per "
    "style: PNG files below `charts/<crawl date>/`.",
)
def charts(
    run: Run,
    warehouse: Warehouse,
    media: FileStore,
    chart_files: FileStore,
    progress: ProgressListener,
) -> Made:
    """Draw every picture of the crawl, and remove those of clusters that are no more."""
    crawl = Crawl(warehouse.read, run.crawl_date)
    bar = Progress("charts drawn", _n_charts(crawl), run.log, progress)
    rows: list[dict[str, object]] = []
    shown: dict[str, dg.MarkdownMetadataValue] = {}
    not_drawn: list[str] = []
    before = _Before(warehouse.read("charts", [run.crawl_date]).to_pylist(), chart_files)
    for drawn in draw_each(
        _drawings(crawl, media),
        engine=open_engine(run.settings),
        workers=run.settings.workers,
        known=before.pictures,
    ):
        if isinstance(drawn, NotDrawn):
            not_drawn.append(drawn.reason)
            run.log(drawn.reason)
            continue
        picture = drawn.picture
        row = _row(run.crawl_date, picture, drawn.digest)
        chart_files.write(str(row["path"]), picture.png)
        rows.append(row)
        if picture.name in PREVIEWED and picture.part == 0:
            shown[picture.name] = preview(picture)
        bar.advance()
    bar.finish()
    folder = run.crawl_date.isoformat()
    url = run.settings.explore_url
    links = (
        {}
        if url is None
        else {"open": markdown_links({str(r["title"]): f"{url}/charts/{r['path']}" for r in rows})}
    )
    return Made(
        pa.Table.from_pylist(rows, CHARTS.arrow_schema()),
        {
            "charts": len(rows),
            "folder": dg.MetadataValue.path(chart_files.location(folder)),
            **({"not_drawn": markdown_list(not_drawn)} if not_drawn else {}),
            **links,
            **shown,
        },
        after_stored=lambda: chart_files.prune(folder, {str(row["path"]) for row in rows}),
    )


def _n_charts(crawl: Crawl) -> int:
    n_clusters = {m: crawl.items(m)["cluster_id"].nunique() for m in MODALITIES}
    n_bars = 2 * min(3, max(1, n_clusters["image"]))
    return sum(n_clusters.values()) + 2 + 2 * len(MODALITIES) + n_bars + 1


def _drawings(crawl: Crawl, media: FileStore) -> Iterator[ToDraw]:
    for modality in MODALITIES:
        curve = crawl.k_selection[crawl.k_selection["modality"] == modality]
        yield ToDraw(f"The elbow curve ({modality})", partial(draw_elbow, modality, curve))
        yield ToDraw(f"The map ({modality})", _map(crawl, modality))
    yield from _image_sheets(crawl, media)
    yield from _caption_sheets(crawl)
    styles, topics = crawl.names["image"], crawl.names["text"]
    for top, which in ((3, "three topics"), (None, "all topics")):
        draw = partial(draw_bars, crawl.ratios, top=top, text_names=topics)
        yield ToDraw(f"Each style's bar of {which}", draw)
    yield ToDraw(
        "The heat map of styles and topics",
        partial(draw_heatmap, crawl.ratios, image_names=styles, text_names=topics),
    )


def _map(crawl: Crawl, modality: str) -> Callable[[], Picture]:
    items, method = crawl.located(modality)
    return partial(
        draw_map,
        modality,
        items[["x", "y"]].to_numpy(np.float64),
        items["cluster_id"].to_numpy(np.int64),
        method=method,
        names=crawl.names[modality],
        max_items=MAP_ITEMS,
    )


def _image_sheets(crawl: Crawl, media: FileStore) -> Iterator[ToDraw]:
    items = crawl.items("image").merge(crawl.mattes, on=["item_crawl_date", "post_id", "frame"], how="left")
    by_cluster = items.groupby("cluster_id")
    # of the others the overview has no row: their mattes need not wait for it
    biggest = by_cluster.size().sort_index().sort_values(ascending=False, kind="stable")[:OVERVIEW_ROWS].index
    clusters: list[ImageCluster] = []
    of_overview: list[list[Tile]] = []
    for cluster_id, members in by_cluster:
        shown = members["matte_path"].dropna().head(TILES_PER_SHEET)
        tiles = [Tile(media.read(str(path)), TILE_SIDE) for path in shown]
        cluster = ImageCluster(
            int(str(cluster_id)),
            (),
            len(members),
            members["post_id"].nunique(),
            members["poster_id"].nunique(),
            crawl.names["image"].get(int(str(cluster_id)), ""),
        )
        clusters.append(cluster)
        of_overview.append(tiles[:OVERVIEW_TILES] if cluster_id in biggest else [])
        draw = partial(draw_tiled_sheet, cluster, tiles)
        yield ToDraw(f"The contact sheet of style {cluster_id}", draw, tiles)
    draw = partial(draw_tiled_overview, clusters, of_overview, max_rows=OVERVIEW_ROWS)
    yield ToDraw("The overview of styles", draw, list(chain.from_iterable(of_overview)))


def _caption_sheets(crawl: Crawl) -> Iterator[ToDraw]:
    captions = crawl.posts[["item_crawl_date", "post_id", "caption"]]
    items = crawl.items("text").merge(captions, on=["item_crawl_date", "post_id"], how="left")
    overview: list[TextCluster] = []
    for cluster_id, members in items.groupby("cluster_id"):
        cluster = TextCluster(
            int(str(cluster_id)),
            # no caption where the post was crawled again since, and its clusters were not
            members["caption"].fillna("").head(CAPTIONS_PER_SHEET).tolist(),
            members["post_id"].nunique(),
            members["poster_id"].nunique(),
            crawl.names["text"].get(int(str(cluster_id)), ""),
        )
        overview.append(cluster)
        sizes = (cluster.n_posts, cluster.n_posters)
        draw = partial(draw_caption_sheet, cluster.cluster_id, cluster.captions, *sizes, name=cluster.name)
        yield ToDraw(f"The sheet of captions of topic {cluster_id}", draw)
    yield ToDraw("The overview of topics", partial(draw_captions_overview, overview))


class _Before:
    """What was drawn of a crawl date, to be shown again where nothing that it shows has changed."""

    def __init__(self, rows: list[dict[str, Any]], files: FileStore) -> None:
        self._files = files
        self._rows: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            self._rows.setdefault(str(row["drawn_from"]), []).append(row)

    def pictures(self, digest: str) -> list[Picture]:
        """All that were drawn of this; none if there were not, or a file of them is not as it was."""
        pictures: list[Picture] = []
        for row in self._rows.get(digest, ()):
            try:
                png = self._files.read(row["path"])
            except FileNotFoundError:
                return []
            if hashlib.sha256(png).hexdigest() != row["sha256"]:
                return []
            pictures.append(Picture(row["name"], row["part"], row["title"], png, row["width"], row["height"]))
        return sorted(pictures, key=lambda picture: picture.part)


def _row(crawl_date: date, picture: Picture, digest: str) -> dict[str, object]:
    sha256 = hashlib.sha256(picture.png).hexdigest()
    return {
        "crawl_date": crawl_date,
        "name": picture.name,
        "part": picture.part,
        "title": picture.title,
        # the hash in the name: until the new rows are stored, the old ones point to the old pictures
        "path": f"{crawl_date.isoformat()}/{picture.name}_{picture.part}.{sha256[:8]}.png",
        "sha256": sha256,
        "width": picture.width,
        "height": picture.height,
        "n_bytes": len(picture.png),
        "drawn_from": digest,
    }
