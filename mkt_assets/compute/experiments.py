"""The experiments of a crawl date: its items sampled, its pictures read again, all embedded in the other ways.

Not here: what the experiments are (core/experiments), how a worker tries one (trying), reading rows (stored/samples).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Literal, TypeVar

import pandas as pd
from PIL import ImageColor

from mkt_assets.compute.cached import Embedded, Vectors
from mkt_assets.compute.embedding import LostItemsError, embed_pictures, embed_texts
from mkt_assets.compute.engine import Engine
from mkt_assets.compute.sampled_pictures import Original, look_at_mattes, look_at_originals
from mkt_assets.compute.sent_mattes import SentMatte, open_sent
from mkt_assets.compute.trying import try_each
from mkt_assets.core.experiments.comparison import group_backgrounds
from mkt_assets.core.experiments.controls import copied_pictures, copied_texts
from mkt_assets.core.experiments.variants import (
    ABSENT,
    NOT_RUN,
    Row,
    Variant,
    compare,
    encoders_of,
    matting_of,
    methods_of,
)
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.registry import IMAGE_ENCODERS, TEXT_ENCODERS, describe, runs_on_gpu
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.drops import Drops
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.media_memory import MediaMemory
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.crawl import Crawl
from mkt_assets.stored.media import media_of_posts
from mkt_assets.stored.samples import DrawnItems, draw_items, mattes_of, summaries_of

Encoder = TypeVar("Encoder")


@dataclass(frozen=True)
class Experiments:
    """The experiments on the items of a window of crawl dates, against the clusters of its last one."""

    window: Sequence[date]
    settings: Settings
    warehouse: Warehouse
    cache: Cache
    media: FileStore
    models: Models
    media_memory: MediaMemory
    hash_poster: Callable[[str], str]
    drops: Drops
    engine: Engine

    def rows(self) -> Iterator[Row]:
        """Rows of `method_comparison`, one a variant, as soon as each is measured; without the verdicts.

        Raises:
            MixedEncodersError: if the window's vectors come from different encoders.
        """
        clusters = Crawl(self.warehouse.read, self.window[-1]).clusters
        pictures = self._draw("image", self.settings.comparison_pictures)
        texts = self._draw("text", self.settings.comparison_texts)
        # all is embedded before any is tried: workers of two kinds would wait for each other's processors
        variants = [*self._of_pictures(pictures, clusters), *self._of_texts(texts, clusters)]
        yield from compare(variants, try_each=partial(try_each, engine=self.engine))

    def _draw(self, modality: str, most: int) -> DrawnItems:
        seed = self.settings.random_state
        return draw_items(self.warehouse, modality, self.window, most, random_state=seed)

    def _of_pictures(self, drawn: DrawnItems, clusters: pd.DataFrame) -> list[Variant]:
        seed, workers = self.settings.random_state, self.settings.workers
        red, green, blue = ImageColor.getrgb(self.settings.background)[:3]
        mattes, posts = mattes_of(self.warehouse, drawn)
        facts = [MatteFacts.of_row(row) for row in mattes]
        looks = look_at_mattes(facts, self.media, (red, green, blue), workers=workers)
        own = drawn.items.encoder and self._setting_of(drawn.items.encoder.split(" ")[0])
        originals = look_at_originals(
            self._originals(mattes, posts),
            looks,
            [f"{row['content_sha256']} {row['frame']}" for row in mattes],
            encoder=_if_there(self.models.image_encoder, own) if own else None,
            cache=self.cache,
            limits=self.settings.picture_limits,
            workers=workers,
            engine=self.engine,
            load=partial(self.models.image_encoder, own or ""),
            on_gpu=self._on_gpu("image_encoder", own),
        )
        sample = drawn.as_sample(
            clusters,
            is_copy=copied_pictures([look.difference_hash for look in looks]),
            backgrounds=group_backgrounds(originals.backgrounds, random_state=seed),
        )
        of_path = {str(one.matte_path): one for one in facts}

        def read(matte_path: str) -> SentMatte:
            return SentMatte(self.media.read(matte_path), of_path[matte_path])

        def embed(encoder_id: str) -> Vectors | str:
            encoder = _if_there(self.models.image_encoder, encoder_id)
            if encoder is None:
                return ABSENT
            return _unless_lost(
                lambda: embed_pictures(
                    [str(one.matte_path) for one in facts],
                    partial(open_sent, colour=(red, green, blue)),
                    encoder,
                    self.cache,
                    around=self.settings.background,
                    workers=workers,
                    read=read,
                    engine=self.engine,
                    load=partial(self.models.image_encoder, encoder_id),
                    on_gpu=self._on_gpu("image_encoder", encoder_id),
                )
            )

        part = sample.part(originals.readable)
        unmatted = ABSENT if originals.vectors is None else originals.vectors
        return [
            *methods_of(sample, random_state=seed),
            *matting_of(part, unmatted, random_state=seed),
            *encoders_of(sample, IMAGE_ENCODERS, embed, random_state=seed),
        ]

    def _on_gpu(self, role: Literal["image_encoder", "text_encoder"], model_id: str | None) -> bool:
        return model_id is not None and runs_on_gpu(role, model_id, self.settings.model_options)

    def _setting_of(self, model_id: str) -> str:
        """How the settings name the encoder of the crawl: of one in a folder, tables have no path."""
        present = self.settings.image_encoder
        if (
            model_id in IMAGE_ENCODERS
            or describe("image_encoder", present, self.settings.model_options).model_id != model_id
        ):
            return model_id
        return present

    def _originals(self, mattes: Sequence[Any], posts: dict[date, list[Any]]) -> list[Original]:
        """The files that the sampled pictures are in, in the order of the sample; without those that are gone."""
        # wherever they lie, they are embedded in the same batches: a vector's last digits are the batch's
        found = list(self._found_originals(mattes, posts))
        return sorted(found, key=lambda original: min(original[1].values()))

    def _found_originals(self, mattes: Sequence[Any], posts: dict[date, list[Any]]) -> Iterator[Original]:
        numbers: dict[tuple[date, str], dict[str, int]] = {}
        for number, row in enumerate(mattes):
            numbers.setdefault((row["crawl_date"], row["media_path"]), {})[row["frame"]] = number
        for day, rows in posts.items():
            if not self.drops.has(day):
                continue  # the drop was removed once it had been read
            for file in media_of_posts(
                day,
                rows,
                drop_dir=self.drops.folder(day),
                memory=self.media_memory,
                hash_poster=self.hash_poster,
            ):
                if frames := numbers.get((day, file.name)):
                    yield file, frames

    def _of_texts(self, drawn: DrawnItems, clusters: pd.DataFrame) -> list[Variant]:
        seed = self.settings.random_state
        texts = summaries_of(self.warehouse, drawn)

        def embed(encoder_id: str) -> Vectors | str:
            encoder = _if_there(self.models.text_encoder, encoder_id)
            if encoder is None:
                return ABSENT
            return _unless_lost(
                lambda: embed_texts(
                    texts,
                    encoder,
                    self.cache,
                    engine=self.engine,
                    load=partial(self.models.text_encoder, encoder_id),
                    on_gpu=self._on_gpu("text_encoder", encoder_id),
                )
            )

        sample = drawn.as_sample(clusters, is_copy=copied_texts(texts))
        return [
            *methods_of(sample, random_state=seed),
            *encoders_of(sample, TEXT_ENCODERS, embed, random_state=seed),
        ]


def _unless_lost(embed: Callable[[], Embedded]) -> Vectors | str:
    """The vectors; or, as a row's status says it, that workers died of some of the items."""
    try:
        return embed().matrix
    except LostItemsError as error:
        return f"{NOT_RUN}{error}"


def _if_there(load: Callable[[str], Encoder], encoder_id: str) -> Encoder | None:
    """The encoder, or None if its weights are absent."""
    try:
        return load(encoder_id)
    except WeightsError:
        return None
