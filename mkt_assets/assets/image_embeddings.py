"""image_embeddings: a unit vector for every picture that was kept. The encoders are in models/."""

from typing import Any

import dagster as dg
import pyarrow as pa
from PIL import Image, ImageColor
from pydantic import Field

from mkt_assets.assets.step import result, table_asset
from mkt_assets.compute.embedding import embed_pictures
from mkt_assets.contract.schema import IMAGE_EMBEDDINGS
from mkt_assets.core.media.matte_facts import MatteFacts
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.vectors import embedding_columns
from mkt_assets.models.registry import describe
from mkt_assets.orchestration.failures import explained
from mkt_assets.orchestration.partitions import crawl_date_of
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.mattes import open_composite


class ImageEmbeddingsConfig(dg.Config):
    """Run configuration; a field left out keeps the setting."""

    image_encoder: str | None = Field(default=None, description="encoder of pictures")
    background: str | None = Field(default=None, description="colour behind a matte: a CSS name or #rrggbb")


def build_image_embeddings(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""
    card = describe("image_encoder", settings.image_encoder, settings.model_options)

    @table_asset(
        IMAGE_EMBEDDINGS,
        settings,
        group="pictures",
        kinds={"python", "duckdb", "torch"},
        deps=["matted_images"],
        code_version=f"1-{card.model_id}-{card.version}-{settings.background}",
        description="Unit vectors of the kept and flagged pictures: the matte over a plain colour, in the encoder's "
        "preprocessing. A picture that was embedded before, in any crawl, is not embedded again.",
    )
    def image_embeddings(
        context: dg.AssetExecutionContext,
        config: ImageEmbeddingsConfig,
        settings: dg.ResourceParam[Settings],
        warehouse: dg.ResourceParam[Warehouse],
        cache: dg.ResourceParam[Cache],
        media: dg.ResourceParam[FileStore],
        models: dg.ResourceParam[Models],
        progress: dg.ResourceParam[ProgressListener],
    ) -> dg.MaterializeResult[Any]:
        with explained():
            crawl_date = crawl_date_of(context)
            settings = settings.overridden_by(config)
            mattes = warehouse.read("matted_images", [crawl_date]).to_pylist()
            used = [m for m in mattes if m["verdict"] != "rejected"]
            encoder = models.image_encoder(settings.image_encoder)
            red, green, blue = ImageColor.getrgb(settings.background)[:3]
            facts = {str(m["matte_path"]): MatteFacts.of_row(m) for m in used}

            def composite(matte_path: str) -> Image.Image:
                return open_composite(media, facts[matte_path], (red, green, blue))

            embedded = embed_pictures(
                [str(m["matte_path"]) for m in used],
                composite,
                encoder,
                cache,
                around=settings.background,
                workers=settings.workers,
                watch=lambda n: Progress("pictures embedded", n, context.log.info, progress),
            )
            rows = pa.table(
                {
                    "crawl_date": pa.array([crawl_date] * len(used), pa.date32()),
                    **{
                        name: pa.array([m[name] for m in used], pa.string())
                        for name in ("post_id", "poster_id", "frame", "content_sha256")
                    },
                    **embedding_columns(
                        embedded.matrix, encoder=encoder.model_id, encoder_version=encoder.version
                    ),
                }
            )
            warehouse.replace_partition("image_embeddings", crawl_date, rows)
            cosine = models.cosine_to_float32("image_encoder", encoder.model_id)
            return result(
                len(used),
                {
                    "pictures": len(used),
                    "embedded_now": embedded.n_computed,
                    "from_cache": embedded.n_from_cache,
                    "dimension": encoder.dimension,
                    "encoder": f"{encoder.model_id} {encoder.version}, {encoder.licence}",
                    **({"lowest_cosine_to_float32": cosine} if cosine is not None else {}),
                },
            )

    return image_embeddings
