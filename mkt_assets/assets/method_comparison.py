"""method_comparison: the original's choices against their alternatives, on a sample of this crawl.

What is measured is in core/comparison, what the numbers say in core/verdicts.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageColor

from mkt_assets.assets.image_embeddings import MAX_COMPOSITE_SIDE, composited
from mkt_assets.assets.metadata import markdown_list, markdown_table, preview
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.charts.methods import draw_comparison
from mkt_assets.compute.cached import Batch, embed_missing
from mkt_assets.contract.schema import METHOD_COMPARISON, MODALITIES
from mkt_assets.core.experiments.comparison import References, group_backgrounds, measure
from mkt_assets.core.experiments.controls import (
    background_pixels,
    copied_pictures,
    copied_texts,
    difference_hash,
)
from mkt_assets.core.experiments.methods import (
    METHODS,
    MIN_ITEMS,
    Trial,
    agreement_of_labels,
    drawn_together,
    fit_kmeans,
    try_method,
)
from mkt_assets.core.experiments.verdicts import judge
from mkt_assets.core.media.pictures import PictureError, PictureLimits, decode_picture, shrunk_copy
from mkt_assets.core.media.videos import FrameError, video_frames
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.vectors import cache_key, content_key
from mkt_assets.crawlers.media import MediaFile, named_media
from mkt_assets.models.colour_histogram import CARD as FLOOR
from mkt_assets.models.colour_histogram import colour_histogram
from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.registry import IMAGE_ENCODERS, TEXT_ENCODERS
from mkt_assets.orchestration.partitions import window
from mkt_assets.resources.accounts import AccountHasher
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.items import Items, read_items

BATCH_SIZE = 32
ABSENT, TOO_FEW = "not run: weights absent", "not run: too few items"

Row = dict[str, Any]
Vectors = NDArray[np.float32]


@step(
    METHOD_COMPARISON,
    window_deps=["matted_images", "summaries"],
    version=4,
    group="research",
    kinds={"python", "duckdb", "scikitlearn"},
    deps=["clusters"],
    settings=("comparison_pictures", "comparison_texts", "background", "random_state", "window_crawl_dates"),
    description="K-means against DBSCAN, OPTICS and HDBSCAN, matted against unmatted pictures, and encoder "
    "against encoder, on a sample of this crawl, with controls: do clusters find accounts, backgrounds or copies?",
)
def method_comparison(
    run: Run,
    warehouse: Warehouse,
    cache: Cache,
    media: FileStore,
    models: Models,
    accounts: AccountHasher,
    progress: ProgressListener,
) -> Made:
    """Run the experiments on a sample, and judge them."""
    crawl_date, settings = run.crawl_date, run.settings
    bench = _Bench(crawl_date, settings, warehouse, cache, media, models, accounts)
    n_rows = 2 * len(METHODS) + 2 + len(IMAGE_ENCODERS) + len(TEXT_ENCODERS)
    bar = Progress("variants compared", n_rows, run.log, progress)
    rows: list[Row] = []
    for row in bench.rows():
        rows.append(row)
        bar.advance()
    bar.finish()
    judge(rows, FLOOR.model_id)
    table = pa.Table.from_pylist(
        [{"crawl_date": crawl_date, **_nulls(row)} for row in rows], METHOD_COMPARISON.arrow_schema()
    )
    return Made(table, _metadata(table.to_pandas()))


@dataclass(frozen=True)
class _Sample:
    """Sampled items of one modality, the crawl's k, and what is known of them."""

    modality: str
    items: Items
    n_all: int
    n_clusters: int
    references: References

    @property
    def encoder_id(self) -> str | None:
        """Id of the encoder of the vectors, which need not be today's setting; None without items."""
        return self.items.encoder and self.items.encoder.split(" ")[0]

    @property
    def units(self) -> Sequence[Hashable]:
        """What resamples draw as a whole."""
        return drawn_together(self.references.posters, self.references.posts)

    def part(self, kept: list[int]) -> "_Sample":
        """The same for some of the items only."""
        of = self.references
        references = References(
            [of.posts[i] for i in kept],
            [of.posters[i] for i in kept],
            [of.other_clusters[i] for i in kept],
            [of.backgrounds[i] for i in kept],
            lambda i, j: of.is_copy(kept[i], kept[j]),
        )
        items = Items(
            self.items.frame.iloc[kept].reset_index(drop=True), self.items.vectors[kept], self.items.encoder
        )
        return _Sample(self.modality, items, self.n_all, self.n_clusters, references)


@dataclass(frozen=True)
class _Bench:
    """The experiments on one crawl date's samples."""

    crawl_date: date
    settings: Settings
    warehouse: Warehouse
    cache: Cache
    media: FileStore
    models: Models
    accounts: AccountHasher

    def rows(self) -> Iterator[Row]:
        """A row a variant, without the verdicts."""
        clusters = self.warehouse.read("clusters", [self.crawl_date]).to_pandas()
        chosen = {m: clusters.loc[clusters["modality"] == m, "cluster_id"].nunique() for m in MODALITIES}
        drawn = {m: self._draw(m) for m in MODALITIES}
        pictures = _Pictures.of(drawn["image"][0].frame, self)
        texts = self._summaries(drawn["text"][0].frame)
        copies = {"image": copied_pictures(pictures.hashes), "text": copied_texts(texts)}
        for modality in MODALITIES:
            items, n_all = drawn[modality]
            references = References(
                items.frame["post_id"].tolist(),
                items.frame["poster_id"].tolist(),
                _other_clusters(items.frame, clusters, modality),
                pictures.backgrounds if modality == "image" else [None] * len(items.frame),
                copies[modality],
            )
            sample = _Sample(modality, items, n_all, max(1, chosen[modality]), references)
            yield from self._methods(sample)
            if modality == "image":
                yield from self._matting(sample, pictures)
                embed = partial(self._embedded_mattes, pictures=pictures)
                yield from self._encoders(sample, IMAGE_ENCODERS, embed)
            else:
                yield from self._encoders(sample, TEXT_ENCODERS, partial(self._embedded_texts, texts=texts))

    def _draw(self, modality: str) -> tuple[Items, int]:
        """A sample by the hash of the items' ids: the same items whatever else the crawl holds."""
        items = read_items(
            self.warehouse, modality, window(self.crawl_date, self.settings.window_crawl_dates)
        )
        most = self.settings.comparison_pictures if modality == "image" else self.settings.comparison_texts
        names = [
            content_key(str(self.settings.random_state), str(post), str(frame))
            for post, frame in zip(items.frame["post_id"], items.frame["frame"], strict=True)
        ]
        kept = np.sort(np.argsort(names)[:most]).astype(np.int64)
        return Items(items.frame.iloc[kept].reset_index(drop=True), items.vectors[kept], items.encoder), len(
            items.frame
        )

    def _summaries(self, frame: pd.DataFrame) -> list[str]:
        dates = sorted(set(frame["item_crawl_date"])) or [self.crawl_date]
        rows = self.warehouse.read("summaries", dates, columns=["crawl_date", "post_id", "summary"])
        by_post = {(r["crawl_date"], r["post_id"]): str(r["summary"]) for r in rows.to_pylist()}
        return [by_post[key] for key in _keys(frame, ["item_crawl_date", "post_id"])]

    def _methods(self, sample: _Sample) -> Iterator[Row]:
        if len(sample.items.vectors) < MIN_ITEMS:
            yield from (_not_run(sample, "methods", name, TOO_FEW, name == "k-means") for name in METHODS)
            return
        trials = {
            name: try_method(
                fit,
                sample.items.vectors,
                sample.n_clusters,
                units=sample.units,
                random_state=self.settings.random_state,
            )
            for name, fit in METHODS.items()
        }
        for name, trial in trials.items():
            row = _ran(sample, "methods", name, trial, sample.items.vectors, name == "k-means")
            for other, peer in trials.items():
                if other != name:
                    column = f"agreement_{other.replace('-', '')}"
                    row[column] = agreement_of_labels(trial.labels, peer.labels)
            yield row

    def _kmeans(self, sample: _Sample, experiment: str, variant: str, X: Vectors, is_used: bool) -> Row:
        if len(X) < MIN_ITEMS:
            return _not_run(sample, experiment, variant, TOO_FEW, is_used)
        trial = try_method(
            fit_kmeans, X, sample.n_clusters, units=sample.units, random_state=self.settings.random_state
        )
        return _ran(sample, experiment, variant, trial, X, is_used)

    def _matting(self, sample: _Sample, pictures: "_Pictures") -> Iterator[Row]:
        readable = [i for i, original in enumerate(pictures.originals) if original is not None]
        part = sample.part(readable)
        yield self._kmeans(part, "matting", "matted", part.items.vectors, is_used=True)
        if len(readable) < MIN_ITEMS:
            yield _not_run(part, "matting", "unmatted", TOO_FEW, is_used=False)
            return
        originals = [pictures.originals[i] for i in readable]
        shas = [pictures.shas[i] for i in readable]
        try:
            unmatted = self._embedded_pictures(str(sample.encoder_id), originals, shas, "as crawled")
        except WeightsError:
            yield _not_run(part, "matting", "unmatted", ABSENT, is_used=False)
            return
        yield self._kmeans(part, "matting", "unmatted", unmatted, is_used=False)

    def _encoders(
        self, sample: _Sample, names: Iterable[str], embed: Callable[[str], Vectors]
    ) -> Iterator[Row]:
        own = [sample.encoder_id] if sample.encoder_id else []
        for name in dict.fromkeys([*own, *names]):
            is_used = name == sample.encoder_id
            if len(sample.items.vectors) < MIN_ITEMS:
                yield _not_run(sample, "encoders", name, TOO_FEW, is_used)
                continue
            try:
                X = sample.items.vectors if is_used else embed(name)
            except WeightsError:
                yield _not_run(sample, "encoders", name, ABSENT, is_used)
                continue
            yield {**self._kmeans(sample, "encoders", name, X, is_used), "encoder": name}

    def _embedded_mattes(self, encoder_id: str, pictures: "_Pictures") -> Vectors:
        # keys as in image_embeddings, so that another encoder's own crawl finds them
        shown = self.settings.background
        return self._embedded_pictures(encoder_id, pictures.composites, pictures.matte_paths, shown)

    def _embedded_pictures(
        self, encoder_id: str, pictures: Sequence[Image.Image | None], contents: Sequence[str], shown: str
    ) -> Vectors:
        """Unit vectors of pictures, by the cache if it has them; `shown` is what is around the person."""
        encoder = self.models.image_encoder(encoder_id)
        how = f"{shown} at {MAX_COMPOSITE_SIDE}"
        keys = [cache_key(content, encoder.model_id, encoder.version, how) for content in contents]
        by_key = dict(zip(keys, pictures, strict=True))

        def compute(missing: Sequence[str]) -> Iterator[Batch]:
            for start in range(0, len(missing), BATCH_SIZE):
                batch = missing[start : start + BATCH_SIZE]
                seen = [picture for key in batch if (picture := by_key[key]) is not None]
                yield batch, encoder.encode(np.stack([encoder.prepare(picture) for picture in seen]))

        return embed_missing(
            keys,
            self.cache.get_vectors(keys),
            compute=compute,
            store=self.cache.put_vectors,
            dimension=encoder.dimension,
        ).matrix

    def _embedded_texts(self, encoder_id: str, texts: Sequence[str]) -> Vectors:
        encoder = self.models.text_encoder(encoder_id)
        # as text_embeddings does, so that another encoder's own crawl finds them
        keys = [cache_key(content_key(text), encoder.model_id, encoder.version) for text in texts]
        by_key = dict(zip(keys, texts, strict=True))

        def compute(missing: Sequence[str]) -> Iterator[Batch]:
            for start in range(0, len(missing), BATCH_SIZE):
                batch = missing[start : start + BATCH_SIZE]
                yield batch, encoder.encode([by_key[key] for key in batch])

        return embed_missing(
            keys,
            self.cache.get_vectors(keys),
            compute=compute,
            store=self.cache.put_vectors,
            dimension=encoder.dimension,
        ).matrix


@dataclass(frozen=True)
class _Pictures:
    """The sampled pictures, small: matted over the plain colour, and as crawled (None: gone or unreadable).

    `backgrounds` groups them by the colours outside the person.
    """

    composites: list[Image.Image]
    originals: list[Image.Image | None]
    matte_paths: list[str]
    shas: list[str]
    hashes: list[int]
    backgrounds: list[int | None]

    @classmethod
    def of(cls, frame: pd.DataFrame, bench: _Bench) -> "_Pictures":
        dates = sorted(set(frame["item_crawl_date"])) or [bench.crawl_date]
        rows = bench.warehouse.read("matted_images", dates).to_pylist()
        by_item = {(r["crawl_date"], r["post_id"], r["frame"]): r for r in rows}
        mattes = [by_item[key] for key in _keys(frame, ["item_crawl_date", "post_id", "frame"])]
        colour = ImageColor.getrgb(bench.settings.background)[:3]
        limits = PictureLimits(
            max_bytes=int(bench.settings.max_picture_megabytes * 1e6),
            max_pixels=int(bench.settings.max_picture_megapixels * 1e6),
        )
        composites = [composited(matte, bench.media, (colour[0], colour[1], colour[2])) for matte in mattes]
        frames = {
            day: _frames(bench, day, [m for m in mattes if m["crawl_date"] == day], limits) for day in dates
        }
        originals = [frames[m["crawl_date"]].get((m["media_path"], m["frame"])) for m in mattes]
        descriptions = np.zeros((len(mattes), FLOOR_DIMENSION), np.float32)
        for i, (matte, original) in enumerate(zip(mattes, originals, strict=True)):
            if original is not None:
                descriptions[i] = colour_histogram(background_pixels(original, _alpha(matte, bench.media)))
        return cls(
            composites,
            originals,
            [str(m["matte_path"]) for m in mattes],
            [f"{m['content_sha256']} {m['frame']}" for m in mattes],
            [difference_hash(picture) for picture in composites],
            group_backgrounds(descriptions, random_state=bench.settings.random_state),
        )


FLOOR_DIMENSION = len(colour_histogram(np.zeros((0, 3), np.uint8)))


def _frames(
    bench: _Bench, day: date, mattes: Sequence[Mapping[str, Any]], limits: PictureLimits
) -> dict[tuple[str, str], Image.Image]:
    """Pictures as crawled, small, by (media path, frame); without those that are gone or cannot be read any more."""
    folder = bench.settings.drops / day.isoformat()
    if not folder.is_dir():
        return {}
    wanted = {(str(m["media_path"]), str(m["frame"])) for m in mattes}
    found: dict[tuple[str, str], Image.Image] = {}
    for file in named_media(
        folder, bench.accounts.hash, [{**m, "media_paths": [m["media_path"]]} for m in mattes]
    ):
        names = {frame for path, frame in wanted if path == file.name}
        if names:
            for name, image in _decoded(file, names, limits):
                found[file.name, name] = image
    return found


def _decoded(file: MediaFile, names: set[str], limits: PictureLimits) -> Iterator[tuple[str, Image.Image]]:
    """The frames of these names that can be read."""
    try:
        if not file.is_video:
            picture = decode_picture(file.path.read_bytes(), limits=limits)
            yield from ((name, shrunk_copy(picture, MAX_COMPOSITE_SIDE)) for name in names)
            return
        for got in video_frames(file.path, limits=limits):
            if got.name in names and not isinstance(got, FrameError):
                yield got.name, shrunk_copy(got.image, MAX_COMPOSITE_SIDE)
    except (PictureError, OSError):
        return


def _alpha(matte: Mapping[str, Any], media: FileStore) -> Image.Image:
    """The matte in its place in the frame, mode L."""
    shape = Image.new("L", (int(matte["width"]), int(matte["height"])), 0)
    with Image.open(media.path(str(matte["matte_path"])), formats=("WEBP",)) as cutout:
        alpha = cutout.convert("RGBA").getchannel("A")
    box = tuple(int(matte[f"bbox_{side}"]) for side in ("left", "top", "right", "bottom"))
    shape.paste(alpha.resize((box[2] - box[0], box[3] - box[1])), (box[0], box[1]))
    return shape


def _other_clusters(frame: pd.DataFrame, clusters: pd.DataFrame, modality: str) -> list[int | None]:
    """The crawl's cluster of each item's post in the other modality; a post of several pictures: of its first."""
    other = clusters[clusters["modality"] != modality].sort_values(["post_id", "frame"])
    by_post = other.drop_duplicates("post_id").set_index("post_id")["cluster_id"].to_dict()
    return [by_post.get(post) for post in frame["post_id"]]


def _keys(frame: pd.DataFrame, columns: list[str]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in frame[columns].itertuples(index=False)]


def _row(sample: _Sample, experiment: str, variant: str, n_items: int, is_used: bool) -> Row:
    empty: Row = dict.fromkeys(METHOD_COMPARISON.column_names)
    del empty["crawl_date"]
    return empty | {
        "modality": sample.modality,
        "experiment": experiment,
        "variant": variant,
        "is_used": is_used,
        "encoder": sample.items.encoder,
        "n_items": n_items,
        "n_items_all": sample.n_all,
    }


def _not_run(sample: _Sample, experiment: str, variant: str, why: str, is_used: bool) -> Row:
    n_items = len(sample.items.vectors) if why == TOO_FEW else 0
    return _row(sample, experiment, variant, n_items, is_used) | {"status": why}


def _ran(sample: _Sample, experiment: str, variant: str, trial: Trial, X: Vectors, is_used: bool) -> Row:
    row = _row(sample, experiment, variant, len(X), is_used)
    return row | {"status": "run"} | measure(trial, X, sample.references)


def _nulls(row: Row) -> Row:
    return {
        name: None if isinstance(value, float) and np.isnan(value) else value for name, value in row.items()
    }


def _metadata(frame: pd.DataFrame) -> dict[str, Any]:
    verdicts = [str(verdict) for verdict in frame["verdict"].dropna()]
    ran = frame[frame["status"] == "run"]
    methods = ran[ran["experiment"] == "methods"]
    shown = [
        "modality",
        "experiment",
        "variant",
        "status",
        "n_items",
        "n_clusters",
        "noise_share",
        "stability",
    ]
    shown += ["cross_agreement", "background_agreement", "poster_neighbours", "copied_neighbours", "seconds"]
    return {
        "verdicts": markdown_list(verdicts or ["nothing to say"]),
        "comparison": preview(draw_comparison(frame)),
        "table": markdown_table([_rounded(row) for row in frame[shown].to_dict("records")]),
        "not_run": int((frame["status"] != "run").sum()),
        "pictures_no_longer_readable": _n_unreadable(frame),
        **{
            f"{row.modality}_{str(row.variant).replace('-', '')}_noise_share": float(str(row.noise_share))
            for row in methods.itertuples()
            if row.variant != "k-means"
        },
    }


def _n_unreadable(frame: pd.DataFrame) -> int:
    """Sampled pictures that are not in the matting experiment, as the crawled file is gone or damaged."""
    n_items = frame[frame["modality"] == "image"].groupby("experiment")["n_items"].max()
    return int(n_items["methods"] - n_items["matting"])


def _rounded(row: Mapping[Any, Any]) -> dict[str, object]:
    def said(value: Any) -> object:
        if pd.isna(value):
            return ""
        return f"{value:.2f}" if isinstance(value, float) and value % 1 else value

    return {str(name): said(value) for name, value in row.items()}
