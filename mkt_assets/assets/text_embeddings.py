"""text_embeddings: a unit vector for every post that has text. The encoders are in models/."""

from functools import partial

import pyarrow as pa

from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.embedding import embed_texts
from mkt_assets.compute.engines import open_engine
from mkt_assets.contract.tables.items import TEXT_EMBEDDINGS
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.vectors import content_key, embedding_columns, token_sha256
from mkt_assets.models.registry import runs_on_gpu
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse


@step(
    TEXT_EMBEDDINGS,
    version=2,
    group="text",
    kinds={"python", "duckdb", "numpy"},
    deps=["summaries"],
    settings=("text_encoder",),
    description="Unit vectors of the summaries, of any length: nothing is cut off. A text that was embedded "
    "before, in any crawl, is not embedded again.",
)
def text_embeddings(
    run: Run, warehouse: Warehouse, cache: Cache, models: Models, progress: ProgressListener
) -> Made:
    """Embed every text that is not known by its content."""
    crawl_date, settings = run.crawl_date, run.settings
    posts = [p for p in warehouse.read("summaries", [crawl_date]).to_pylist() if p["has_text"]]
    encoder = models.text_encoder(settings.text_encoder)
    # rows of an earlier version have no text of their own for the encoder
    texts = [str(p["encoder_text"] or p["summary"]) for p in posts]
    embedded = embed_texts(
        texts,
        encoder,
        cache,
        watch=lambda n: Progress("texts embedded", n, run.log, progress),
        engine=open_engine(settings),
        load=partial(models.text_encoder, settings.text_encoder),
        on_gpu=runs_on_gpu("text_encoder", settings.text_encoder, settings.model_options),
    )
    tokens = [encoder.tokenize(text) for text in texts]
    n = len(posts)
    rows = pa.table(
        {
            "crawl_date": pa.array([crawl_date] * n, pa.date32()),
            "post_id": pa.array([p["post_id"] for p in posts], pa.string()),
            "poster_id": pa.array([p["poster_id"] for p in posts], pa.string()),
            "text_sha256": pa.array([content_key(text) for text in texts], pa.string()),
            "token_sha256": pa.array([token_sha256(ids) for ids in tokens], pa.string()),
            "n_tokens": pa.array([len(ids) for ids in tokens], pa.int64()),
            "n_chunks": pa.array([encoder.n_windows(len(ids)) for ids in tokens], pa.int64()),
            **embedding_columns(embedded.matrix, encoder=encoder.model_id, encoder_version=encoder.version),
        }
    )
    lengths = sorted(len(ids) for ids in tokens)
    cosine = models.cosine_to_float32("text_encoder", encoder.model_id)
    return Made(
        rows,
        {
            "posts_with_text": n,
            "embedded_now": embedded.n_computed,
            "from_cache": embedded.n_from_cache,
            "dimension": encoder.dimension,
            "median_tokens": lengths[n // 2] if lengths else 0,
            "longest_tokens": lengths[-1] if lengths else 0,
            "encoder": f"{encoder.model_id} {encoder.version}, {encoder.licence}",
            **({"lowest_cosine_to_float32": cosine} if cosine is not None else {}),
        },
    )
