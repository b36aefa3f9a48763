"""seen_words: what every style looks like, in words that its pictures show. The comparing is in core/sight."""

from functools import partial

import numpy as np
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_table
from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.embedding import embed_texts
from mkt_assets.compute.engines import open_engine
from mkt_assets.contract.tables.sight import SEEN_WORDS
from mkt_assets.core.sight.space import why_apart
from mkt_assets.core.sight.styles import SeenWord
from mkt_assets.core.sight.styles import seen_words as words_seen
from mkt_assets.core.sight.vocabulary import Word, read_vocabulary
from mkt_assets.core.vectors import unit_rows
from mkt_assets.models.registry import runs_on_gpu
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.crawl import Crawl


@step(
    SEEN_WORDS,
    version=1,
    group="findings",
    kinds={"python", "duckdb", "numpy"},
    deps=["clusters"],
    settings=("image_encoder", "text_encoder", "sight_words_file"),
    description="Names by sight: words for garments, cuts, colours, patterns, materials and aesthetics that set the "
    "pictures of a style apart, where one model embeds pictures and words in one space. Not read in captions.",
)
def seen_words(run: Run, warehouse: Warehouse, cache: Cache, models: Models) -> Made:
    """Compare the pictures of every style with the words of the vocabulary."""
    settings = run.settings
    # without loading a model: two models have two spaces
    apart = why_apart(settings.image_encoder, settings.text_encoder)
    if apart is not None:
        return _nothing(apart)
    crawl = Crawl(warehouse.read, run.crawl_date)
    pictures = crawl.encoders.get("image")
    if pictures is None:
        return _nothing(str(why_apart(None, settings.text_encoder)))
    encoder = models.text_encoder(settings.text_encoder)
    apart = why_apart(pictures, f"{encoder.model_id} {encoder.version}")
    if apart is not None:
        return _nothing(apart)
    vocabulary = read_vocabulary(settings.sight_words_file)
    embedded = embed_texts(
        [text for word in vocabulary for text in (word.zh, word.en)],
        encoder,
        cache,
        engine=open_engine(settings),
        load=partial(models.text_encoder, settings.text_encoder),
        on_gpu=runs_on_gpu("text_encoder", settings.text_encoder, settings.model_options),
    )
    # a word is what it says in both languages
    both = unit_rows(embedded.matrix.reshape(len(vocabulary), 2, -1).mean(axis=1))
    items, vectors = crawl.placed("image")
    seen = words_seen(
        vectors,
        items["cluster_id"].to_numpy(np.int64),
        np.unique(items["poster_id"], return_inverse=True)[1],
        vocabulary,
        both,
    )
    n_styles = int(items["cluster_id"].nunique())
    return Made(
        _rows(seen, run, pictures),
        {
            "styles": n_styles,
            "styles_with_words": len({one.style for one in seen}),
            "vocabulary": len(vocabulary),
            "embedded_now": embedded.n_computed,
            "words": markdown_table(_shown(seen)),
        },
    )


def _nothing(why: str) -> Made:
    return Made(SEEN_WORDS.empty(), {"styles_with_words": 0, "nothing_because": why})


def _rows(seen: list[SeenWord], run: Run, encoder: str) -> pa.Table:
    rows = [
        {
            "crawl_date": run.crawl_date,
            "cluster_id": one.style,
            "rank": one.rank,
            "kind": one.word.kind,
            "word_zh": one.word.zh,
            "word_en": one.word.en,
            "cosine": one.cosine,
            "contrast": one.contrast,
            "q_value": one.q,
            "encoder": encoder,
        }
        for one in seen
    ]
    return pa.Table.from_pylist(rows, SEEN_WORDS.arrow_schema())


def _shown(seen: list[SeenWord]) -> list[dict[str, object]]:
    """The styles with their words, for the UI."""
    words: dict[int, list[Word]] = {}
    for one in seen:
        words.setdefault(one.style, []).append(one.word)
    return [
        {"style": style, "seen": " · ".join(f"{word.zh} ({word.en})" for word in of_style)}
        for style, of_style in sorted(words.items())
    ]
