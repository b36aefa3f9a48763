"""image_embeddings: a unit vector for every picture that was kept. The encoders are in models/."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image, ImageColor

from mkt_assets.assets.step import Made, Run, step
from mkt_assets.compute.cached import Batch, embed_missing
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.contract.schema import IMAGE_EMBEDDINGS
from mkt_assets.core.media.matting import composite
from mkt_assets.core.progress import Progress, ProgressListener
from mkt_assets.core.vectors import cache_key, embedding_columns
from mkt_assets.models.base import ImageEncoder
from mkt_assets.resources.cache import Cache
from mkt_assets.resources.files import FileStore
from mkt_assets.resources.models import Models
from mkt_assets.resources.warehouse import Warehouse

BATCH_SIZE = 32
# four times what the encoder sees: a 50-megapixel original need not be held as such in every thread
MAX_COMPOSITE_SIDE = 896


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
    colour = ImageColor.getrgb(settings.background)[:3]
    background = f"{settings.background} at {MAX_COMPOSITE_SIDE}"
    keys = [cache_key(m["matte_path"], encoder.model_id, encoder.version, background) for m in used]
    known = cache.get_vectors(keys)
    by_key = dict(zip(keys, used, strict=True))
    bar = Progress("pictures embedded", len(set(keys) - set(known)), run.log, progress)

    def prepare(key: str) -> NDArray[np.float32]:
        return encoder.prepare(composited(by_key[key], media, (colour[0], colour[1], colour[2])))

    embedded = embed_missing(
        keys,
        known,
        compute=lambda missing: _batches(missing, prepare, encoder, settings.workers, bar),
        store=cache.put_vectors,
        dimension=encoder.dimension,
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


def composited(matte: Mapping[str, object], media: FileStore, colour: tuple[int, int, int]) -> Image.Image:
    """The matte over a plain colour, as encoders see it, at most `MAX_COMPOSITE_SIDE` pixels long."""
    left, top, right, bottom = (
        int(str(matte[f"bbox_{side}"])) for side in ("left", "top", "right", "bottom")
    )
    with Image.open(media.path(str(matte["matte_path"])), formats=("WEBP",)) as cutout:
        return composite(
            cutout.convert("RGBA"),
            width=int(str(matte["width"])),
            height=int(str(matte["height"])),
            bbox=(left, top, right, bottom),
            colour=colour,
            max_side=MAX_COMPOSITE_SIDE,
        )


def _batches(
    keys: Sequence[str],
    prepare: Callable[[str], NDArray[np.float32]],
    encoder: ImageEncoder,
    workers: int,
    bar: Progress,
) -> Iterator[Batch]:
    """Decoding runs ahead in threads while the encoder works on the batch before."""
    prepared = map_ahead(prepare, keys, n_threads=workers, n_ahead=2 * BATCH_SIZE)
    pairs = zip(keys, prepared, strict=True)
    while batch := list(islice(pairs, BATCH_SIZE)):
        yield [key for key, _ in batch], encoder.encode(np.stack([picture for _, picture in batch]))
        bar.advance(len(batch))
