"""image_embeddings: a unit vector for every picture that was kept. The encoders are in models/."""

from functools import partial

import pyarrow as pa
from PIL import ImageColor

from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.embedding import embed_pictures
from mkt_assets.compute.engines import open_engine
from mkt_assets.compute.sent_mattes import SentMatte, open_sent
from mkt_assets.contract.tables.items import IMAGE_EMBEDDINGS
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.vectors import embedding_columns
from mkt_assets.models.registry import runs_on_gpu
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse


@step(
    IMAGE_EMBEDDINGS,
    version=1,
    group="pictures",
    kinds={"python", "duckdb", "torch"},
    deps=["matted_images"],
    settings=("image_encoder", "background"),
    description="Unit vectors of the kept and flagged pictures: the matte over a plain colour, in the encoder's "
    "preprocessing. A picture that was embedded before, in any crawl, is not embedded again.",
)
def image_embeddings(
    run: Run, warehouse: Warehouse, cache: Cache, media: FileStore, models: Models, progress: ProgressListener
) -> Made:
    """Embed every usable picture that is not known by its content."""
    crawl_date, settings = run.crawl_date, run.settings
    mattes = warehouse.read("matted_images", [crawl_date]).to_pylist()
    used = [m for m in mattes if m["verdict"] != "rejected"]
    encoder = models.image_encoder(settings.image_encoder)
    red, green, blue = ImageColor.getrgb(settings.background)[:3]
    facts = {str(m["matte_path"]): MatteFacts.of_row(m) for m in used}

    def read(matte_path: str) -> SentMatte:
        return SentMatte(media.read(matte_path), facts[matte_path])

    embedded = embed_pictures(
        [str(m["matte_path"]) for m in used],
        partial(open_sent, colour=(red, green, blue)),
        encoder,
        cache,
        around=settings.background,
        workers=settings.workers,
        watch=lambda n: Progress("pictures embedded", n, run.log, progress),
        read=read,
        engine=open_engine(settings),
        load=partial(models.image_encoder, settings.image_encoder),
        on_gpu=runs_on_gpu("image_encoder", settings.image_encoder, settings.model_options),
    )
    rows = pa.table(
        {
            "crawl_date": pa.array([crawl_date] * len(used), pa.date32()),
            **{
                name: pa.array([m[name] for m in used], pa.string())
                for name in ("post_id", "poster_id", "frame", "content_sha256")
            },
            **embedding_columns(embedded.matrix, encoder=encoder.model_id, encoder_version=encoder.version),
        }
    )
    cosine = models.cosine_to_float32("image_encoder", encoder.model_id)
    return Made(
        rows,
        {
            "pictures": len(used),
            "embedded_now": embedded.n_computed,
            "from_cache": embedded.n_from_cache,
            "dimension": encoder.dimension,
            "encoder": f"{encoder.model_id} {encoder.version}, {encoder.licence}",
            **({"lowest_cosine_to_float32": cosine} if cosine is not None else {}),
        },
    )
