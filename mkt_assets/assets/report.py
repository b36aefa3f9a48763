"""report: one page for people, of a crawl date. What it says and how it looks is in mkt_assets/report."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa
from PIL import Image

from mkt_assets.assets.step import markdown_list, result, table_asset
from mkt_assets.contract.schema import MODALITIES, REPORT
from mkt_assets.core.text.summaries import caption_of
from mkt_assets.models import registry
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of
from mkt_assets.report.facts import Facts, Item, ItemMap, Made, Row
from mkt_assets.report.findings import answers, headline
from mkt_assets.report.from_tables import (
    clusters_of,
    compared_with,
    curve_of,
    events_of,
    map_of,
    pairs_of,
    posts_of,
    records,
    trends_of,
)
from mkt_assets.report.page import render
from mkt_assets.report.tiles import TILE_HEIGHT, TILE_WIDTH, Tiles
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings, describe
from mkt_assets.stored.items import latest_items

FILE_NAME = "report.html"
UPSTREAM = (
    *(
        "raw_posts",
        "matted_images",
        "image_embeddings",
        "summaries",
        "text_embeddings",
        "k_selection",
        "clusters",
    ),
    *("crosstab_ratios", "cluster_profiles", "cluster_identities", "trends", "method_comparison"),
)
PACKAGES = (
    *("mkt_assets", "dagster", "duckdb", "numpy", "pandas", "scikit-learn", "scipy", "torch", "pillow"),
    *("matplotlib", "rjieba"),
)


def build_report(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        REPORT,
        settings,
        group="findings",
        kinds={"python", "html"},
        deps=["crosstab_ratios", "cluster_profiles", "trends", "method_comparison"],
        expected_daily=True,
        code_version=f"3-{settings.random_state}",
        description="One HTML page that needs nothing else, `reports/<crawl date>/report.html`: the answers to an "
        "analyst's questions, styles, topics, links, trends, a map, and how far to believe them. English and Chinese.",
    )
    def report(
        context: dg.AssetExecutionContext,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
        media: dg.ResourceParam[FileStore],
        report_files: dg.ResourceParam[FileStore],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            crawl = _Crawl(warehouse, crawl_date)
            facts = crawl.facts(settings, made_of(context.instance, crawl_date))
            data = render(facts, crawl.tiles(media)).encode("utf-8")
            path = f"{crawl_date.isoformat()}/{FILE_NAME}"
            written = report_files.write(path, data)
            said = answers(facts)
            row: Row = {
                "crawl_date": crawl_date,
                "path": path,
                "sha256": hashlib.sha256(data).hexdigest(),
                "n_bytes": len(data),
                "n_findings": sum(len(answer.sentences) for answer in said),
                "headline": headline(facts).en,
            }
            rows = pa.Table.from_pylist([row], REPORT.arrow_schema())
            warehouse.replace_partition("report", crawl_date, rows)
            sentences = [sentence.en for answer in said for sentence in answer.sentences]
            return result(
                1,
                {
                    "report": dg.MetadataValue.path(written),
                    "open_it_with": f"xdg-open {written}",
                    "headline": row["headline"],
                    "findings": markdown_list(sentences),
                    "posts": facts.quality["posts"][0],
                    "rejects": sum(n for *_, n in facts.rejects),
                    "supported_pairs": sum(pair.supported for pair in facts.pairs),
                    "n_bytes": len(data),
                },
            )

    return report


class _Crawl:
    """What the report of a crawl date is made of, read once."""

    def __init__(self, warehouse: Warehouse, crawl_date: date) -> None:
        self.crawl_date = crawl_date
        self._warehouse = warehouse
        self.clusters = self._frame("clusters")
        self.item_dates = sorted({*self.clusters["item_crawl_date"], crawl_date})
        self.mattes = warehouse.read(
            "matted_images",
            self.item_dates,
            columns=["crawl_date", "post_id", "frame", "verdict", "matte_path", "matting_model"],
        ).to_pandas()

    def _frame(self, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        return self._warehouse.read(table, [self.crawl_date], columns=columns).to_pandas()

    def facts(self, settings: Settings, made: tuple[Made, ...]) -> Facts:
        """All that the page tells."""
        profiles = self._frame("cluster_profiles")
        identities = self._warehouse.read("cluster_identities").to_pandas()
        trends = self._warehouse.read("trends").to_pandas()
        of_date = identities[identities["crawl_date"] == self.crawl_date]
        dated = dict(zip(self.clusters["post_id"], self.clusters["item_crawl_date"], strict=True))
        styles, topics = (
            clusters_of(m, profiles, of_date, trends, self.crawl_date, dated) for m in MODALITIES
        )
        k_selection = self._frame("k_selection")
        ratios = self._frame("crosstab_ratios")
        by_image = ratios[ratios["unit"] == "image"]
        counted = by_image.drop_duplicates("image_cluster")
        n_with, n_without = int(counted["n_with_text"].sum()), int(counted["n_without_text"].sum())
        starts = [row["window_start"] for row in records(k_selection) if row["window_start"] is not None]
        return Facts(
            crawl_date=self.crawl_date,
            window_start=min(starts, default=None),
            compared_with=compared_with(identities, self.crawl_date),
            styles=styles,
            topics=topics,
            pairs=pairs_of(by_image),
            n_pictures=n_with + n_without,
            n_with_caption=n_with,
            trends=trends_of(trends, self.crawl_date, (*styles, *topics)),
            events=events_of(identities, self.crawl_date, (*styles, *topics)),
            curves=tuple(c for m in MODALITIES if (c := curve_of(m, k_selection)) is not None),
            methods=tuple(records(self._frame("method_comparison"))),
            maps=tuple(self._map(modality, settings.random_state) for modality in MODALITIES),
            posts=posts_of(self._posts()),
            quality=self._quality(profiles, n_with, n_with + n_without),
            rejects=self._rejects(),
            models=self._models(settings),
            settings=_settings(settings),
            packages=tuple((name, version(name)) for name in PACKAGES),
            made=made,
        )

    def tiles(self, media: FileStore) -> Tiles:
        """Cut-outs by item."""
        paths = {
            Item(row["crawl_date"], str(row["post_id"]), str(row["frame"])): str(row["matte_path"])
            for row in records(self.mattes)
            if row["matte_path"] is not None
        }

        def tile(item: Item) -> Image.Image | None:
            path = paths.get(item)
            if path is None or not media.exists(path):
                return None
            with Image.open(media.path(path), formats=("WEBP",)) as matte:
                small = matte.convert("RGBA")
            small.thumbnail((2 * TILE_WIDTH, 2 * TILE_HEIGHT), Image.Resampling.BOX, reducing_gap=1.0)
            return small

        return tile

    def _posts(self) -> pd.DataFrame:
        columns = ["crawl_date", "post_id", "title", "content", "post_url"]
        posts = self._warehouse.read("raw_posts", self.item_dates, columns=columns).to_pandas()
        captions = [caption_of(row["title"], row["content"]) for row in records(posts)]
        return posts.rename(columns={"crawl_date": "item_crawl_date"}).assign(caption=captions)

    def _map(self, modality: str, seed: int) -> ItemMap:
        rows = self._warehouse.read(f"{modality}_embeddings", self.item_dates)
        items = latest_items(rows, modality)
        key = ["item_crawl_date", "post_id", "frame"]
        frame = items.frame.assign(position=np.arange(len(items.frame)))
        clustered = self.clusters[self.clusters["modality"] == modality]
        placed = frame.merge(clustered[[*key, "cluster_id"]], on=key).sort_values("position")
        of_rows = [
            (Item(row["item_crawl_date"], str(row["post_id"]), row["frame"]), int(row["cluster_id"]))
            for row in records(placed)
        ]
        return map_of(modality, of_rows, items.vectors[placed["position"].to_numpy()], seed)

    def _quality(
        self, profiles: pd.DataFrame, n_with: int, n_pictures: int
    ) -> dict[str, tuple[int, int | None]]:
        posts = self._frame("raw_posts")
        verdicts = self.mattes.loc[self.mattes["crawl_date"] == self.crawl_date, "verdict"]
        has_text = self._frame("summaries", ["crawl_date", "has_text"])["has_text"]
        chunks = self._frame("text_embeddings", ["crawl_date", "n_chunks"])["n_chunks"]
        pictures = profiles[profiles["modality"] == "image"]
        n_posts, n_seen = len(posts), len(verdicts)
        return {
            "posts": (n_posts, None),
            "accounts": (int(posts["poster_id"].nunique()), None),
            "pictures": (int((verdicts == "kept").sum()), n_seen),
            "flagged": (int((verdicts == "flagged").sum()), n_seen),
            "rejected": (int((verdicts == "rejected").sum()), n_seen),
            "captions": (int(has_text.sum()), n_posts),
            "no_text": (int((~has_text.astype(bool)).sum()), n_posts),
            "chunks": (int((chunks > 1).sum()), len(chunks)),
            "dupes": (int(pictures["n_near_duplicates"].sum()), int(pictures["n_items"].sum())),
            "coverage": (n_with, n_pictures),
            "bounds": (int(posts["n_likes_is_lower_bound"].fillna(value=False).sum()), n_posts),
        }

    def _models(self, settings: Settings) -> tuple[tuple[str, str, str, str], ...]:
        """Role, model, version and licence of every model that the rows say they are made by."""
        of_date = self.mattes[self.mattes["crawl_date"] == self.crawl_date]
        matting = {str(model).partition(" ")[::2] for model in of_date["matting_model"].dropna()}
        found = [("matting", "matting", *model) for model in sorted(matting)]
        columns = ["crawl_date", "encoder", "encoder_version"]
        for role, kind in (("image", "image_encoder"), ("text", "text_encoder")):
            used = self._frame(f"{role}_embeddings", columns).drop_duplicates()
            found += [(role, kind, str(row["encoder"]), str(row["encoder_version"])) for row in records(used)]
        return tuple(
            (role, model, version, _licence(kind, model, settings)) for role, kind, model, version in found
        )

    def _rejects(self) -> tuple[tuple[str, str, int], ...]:
        rows = self._frame("rejects").groupby(["asset", "reason"]).size().reset_index(name="n")
        ordered = rows.sort_values(["n", "asset", "reason"], ascending=[False, True, True])
        return tuple((str(r["asset"]), str(r["reason"]), int(r["n"])) for r in records(ordered))


def made_of(instance: dg.DagsterInstance, crawl_date: date) -> tuple[Made, ...]:
    """The latest materialization of each asset the report is made of, as far as Dagster knows them."""
    found: list[Made] = []
    for name in UPSTREAM:
        for partitions in ([crawl_date.isoformat()], None):
            wanted = dg.AssetRecordsFilter(dg.AssetKey(name), asset_partitions=partitions)
            records_found = instance.fetch_materializations(wanted, limit=1).records
            if records_found:
                record = records_found[0]
                materialization = record.asset_materialization
                tags = (materialization.tags or {}) if materialization else {}
                at = datetime.fromtimestamp(record.timestamp, tz=UTC)
                found.append(Made(name, record.run_id, at, tags.get("dagster/code_version", "")))
                break
    return tuple(found)


def _licence(role: str, model_id: str, settings: Settings) -> str:
    """SPDX name of a model's licence; a model that is no longer known here has none to tell."""
    try:
        return registry.describe(cast("registry.Role", role), model_id, settings.model_options).licence
    except registry.UnknownModel:
        return "-"


def _settings(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Every setting but places on this machine, which are nobody else's business."""
    return tuple(
        (name, value)
        for name, value, _, _ in describe(settings)
        if not isinstance(getattr(settings, name.removeprefix("MKT_").lower()), Path)
    )
