"""charts: the pictures of a crawl, on disk and as thumbnails in the UI. Drawing itself is in charts/."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa
from PIL import Image

from mkt_assets.assets.step import preview, result, table_asset
from mkt_assets.charts.bars import draw_bars
from mkt_assets.charts.base import Picture
from mkt_assets.charts.elbow import draw_elbow
from mkt_assets.charts.heat import draw_heatmap
from mkt_assets.charts.maps import draw_map
from mkt_assets.charts.sheets import (
    ImageCluster,
    TextCluster,
    draw_caption_sheet,
    draw_captions_overview,
    draw_cluster_sheet,
    draw_overview,
)
from mkt_assets.contract.schema import CHARTS, MODALITIES
from mkt_assets.core.profiles.account_words import shown_name
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.text.summaries import caption_of
from mkt_assets.core.vectors import to_matrix
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings

TILES_PER_SHEET = 25
CAPTIONS_PER_SHEET = 15
MAP_ITEMS = 2000
# Captions stay out of Dagster's event log; pictures of what people wear are small there.
PREVIEWED = ("clusters_overview", "elbow_image", "elbow_text", "bars_top3", "map_image", "map_text")


def build_charts(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        CHARTS,
        settings,
        group="findings",
        kinds={"python", "duckdb", "matplotlib"},
        deps=["crosstab_ratios", "cluster_profiles"],
        code_version="2",
        description="Elbow curves, maps, contact sheets, typical captions and the stacked bars of topics per "
        "style: PNG files below `charts/<crawl date>/`.",
    )
    def charts(
        context: dg.AssetExecutionContext,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
        media: dg.ResourceParam[FileStore],
        chart_files: dg.ResourceParam[FileStore],
        progress: dg.ResourceParam[ProgressListener],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            crawl = _Crawl.read(warehouse, crawl_date)
            bar = Progress("charts drawn", crawl.n_charts(), context.log.info, progress)
            rows: list[dict[str, object]] = []
            shown: dict[str, dg.MarkdownMetadataValue] = {}
            for picture in _pictures(crawl, media, settings.random_state):
                row = _row(crawl_date, picture)
                chart_files.write(str(row["path"]), picture.png)
                rows.append(row)
                if picture.name in PREVIEWED and picture.part == 0:
                    shown[picture.name] = preview(picture)
                bar.advance()
            bar.finish()
            warehouse.replace_partition(
                "charts", crawl_date, pa.Table.from_pylist(rows, CHARTS.arrow_schema())
            )
            # pictures of an earlier run, of clusters that are no more
            chart_files.prune(crawl_date.isoformat(), {str(row["path"]) for row in rows})
            folder = chart_files.path(crawl_date.isoformat())
            return result(
                len(rows), {"charts": len(rows), "folder": dg.MetadataValue.path(str(folder)), **shown}
            )

    return charts


@dataclass(frozen=True)
class _Crawl:
    """What the pictures are drawn from, as frames."""

    k_selection: pd.DataFrame
    clusters: pd.DataFrame
    ratios: pd.DataFrame
    vectors: dict[str, pa.Table]
    mattes: pd.DataFrame
    posts: pd.DataFrame
    names: Mapping[str, Mapping[int, str]]

    @classmethod
    def read(cls, warehouse: Warehouse, crawl_date: date) -> "_Crawl":
        clusters = warehouse.read("clusters", [crawl_date]).to_pandas()
        item_dates = sorted(set(clusters["item_crawl_date"])) or [crawl_date]
        return cls(
            k_selection=warehouse.read("k_selection", [crawl_date]).to_pandas(),
            clusters=clusters,
            ratios=warehouse.read("crosstab_ratios", [crawl_date]).to_pandas(),
            vectors={
                modality: warehouse.read(
                    f"{modality}_embeddings",
                    item_dates,
                    columns=[
                        "crawl_date",
                        "post_id",
                        *(["frame"] if modality == "image" else []),
                        "embedding",
                    ],
                )
                for modality in MODALITIES
            },
            mattes=warehouse.read(
                "matted_images", item_dates, columns=["crawl_date", "post_id", "frame", "matte_path"]
            ).to_pandas(),
            posts=warehouse.read(
                "raw_posts", item_dates, columns=["crawl_date", "post_id", "title", "content"]
            ).to_pandas(),
            names=_names(warehouse, crawl_date),
        )

    def of(self, modality: str) -> pd.DataFrame:
        """The clustered items of a modality, most typical first within a cluster."""
        items = self.clusters[self.clusters["modality"] == modality]
        return items.sort_values(["cluster_id", "rank_in_cluster"])

    def n_charts(self) -> int:
        n_sheets = sum(self.of(modality)["cluster_id"].nunique() for modality in MODALITIES)
        n_bars = 2 * min(3, max(1, self.of("image")["cluster_id"].nunique()))
        return n_sheets + 2 + 2 * len(MODALITIES) + n_bars + 1


def _names(warehouse: Warehouse, crawl_date: date) -> dict[str, dict[int, str]]:
    """By modality, the names of the clusters that have more than a number."""
    names: dict[str, dict[int, str]] = {modality: {} for modality in MODALITIES}
    columns = ["modality", "cluster_id", "name", "name_by"]
    for row in warehouse.read("cluster_profiles", [crawl_date], columns=columns).to_pylist():
        if row["name_by"] != "number":
            names[row["modality"]][row["cluster_id"]] = shown_name(row["name"], row["name_by"])
    return names


def _pictures(crawl: _Crawl, media: FileStore, seed: int) -> Iterator[Picture]:
    for modality in MODALITIES:
        yield draw_elbow(modality, crawl.k_selection[crawl.k_selection["modality"] == modality])
        yield _map(crawl, modality, seed)
    yield from _image_sheets(crawl, media)
    yield from _caption_sheets(crawl)
    by_image = crawl.ratios[crawl.ratios["unit"] == "image"]
    topics = crawl.names["text"]
    yield from draw_bars(by_image, top=3, text_names=topics)
    yield from draw_bars(by_image, top=None, text_names=topics)
    yield draw_heatmap(by_image, text_names=topics)


def _map(crawl: _Crawl, modality: str, seed: int) -> Picture:
    keys = ["crawl_date", "post_id", *(["frame"] if modality == "image" else [])]
    vectors = crawl.vectors[modality]
    positions = vectors.select(keys).to_pandas().assign(position=range(vectors.num_rows))
    items = crawl.of(modality).drop(columns="crawl_date").rename(columns={"item_crawl_date": "crawl_date"})
    placed = items.merge(positions, on=keys, how="inner").sort_values("position")
    matrix = to_matrix(vectors["embedding"])[placed["position"].to_numpy()]
    return draw_map(
        modality,
        matrix,
        placed["cluster_id"].to_numpy(),
        names=crawl.names[modality],
        max_items=MAP_ITEMS,
        seed=seed,
    )


def _image_sheets(crawl: _Crawl, media: FileStore) -> Iterator[Picture]:
    mattes = crawl.mattes.rename(columns={"crawl_date": "item_crawl_date"})
    items = crawl.of("image").merge(mattes, on=["item_crawl_date", "post_id", "frame"], how="left")
    overview: list[ImageCluster] = []
    for cluster_id, members in items.groupby("cluster_id"):
        tiles = [_tile(media, str(path)) for path in members["matte_path"].dropna().head(TILES_PER_SHEET)]
        cluster = ImageCluster(
            int(str(cluster_id)),
            tiles,
            len(members),
            members["post_id"].nunique(),
            members["poster_id"].nunique(),
            crawl.names["image"].get(int(str(cluster_id)), ""),
        )
        overview.append(replace(cluster, tiles=tiles[:8]))
        yield draw_cluster_sheet(cluster.cluster_id, tiles, *_sizes(cluster), name=cluster.name)
    yield draw_overview(overview)


def _sizes(cluster: ImageCluster) -> tuple[int, int, int]:
    return cluster.n_images, cluster.n_posts, cluster.n_posters


def _tile(media: FileStore, matte_path: str) -> Image.Image:
    with Image.open(media.path(matte_path), formats=("WEBP",)) as matte:
        tile = matte.convert("RGBA")
    tile.thumbnail((320, 320))
    return tile


def _caption_sheets(crawl: _Crawl) -> Iterator[Picture]:
    posts = crawl.posts.rename(columns={"crawl_date": "item_crawl_date"})
    items = crawl.of("text").merge(posts, on=["item_crawl_date", "post_id"], how="left")
    overview: list[TextCluster] = []
    for cluster_id, members in items.groupby("cluster_id"):
        shown = members.head(CAPTIONS_PER_SHEET)
        captions = [caption_of(*row) for row in zip(shown["title"], shown["content"], strict=True)]
        cluster = TextCluster(
            int(str(cluster_id)),
            captions,
            members["post_id"].nunique(),
            members["poster_id"].nunique(),
            crawl.names["text"].get(int(str(cluster_id)), ""),
        )
        overview.append(cluster)
        yield draw_caption_sheet(
            cluster.cluster_id, captions, cluster.n_posts, cluster.n_posters, name=cluster.name
        )
    yield draw_captions_overview(overview)


def _row(crawl_date: date, picture: Picture) -> dict[str, object]:
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
    }
