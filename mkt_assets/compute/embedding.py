"""From pictures and texts to unit vectors: found in the cache by content, or encoded in batches and kept there.

The one way for steps and experiments, so that one finds what the other computed. Not here: how a matte becomes a
picture (stored/mattes), encoding as a worker does it (encoding), where (engine), networks (models/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from PIL import Image

from mkt_assets.compute.cached import Batch, Embedded, Vectors, embed_missing
from mkt_assets.compute.encoding import PICTURES_A_BATCH, TEXTS_A_BATCH, picture_job, text_job
from mkt_assets.compute.engine import Engine, EngineError, Job, Lost, Task
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.core.progress import Progress
from mkt_assets.core.vectors import cache_key, content_key
from mkt_assets.models.base import ImageEncoder, TextEncoder
from mkt_assets.resources.cache import Cache
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE

Watch = Callable[[int], Progress]
"""Begins a progress of so many items to embed."""


class LostItemsError(EngineError):
    """Some items have no vector, as no worker survived them; the vectors of all others are in the cache."""


def embed_pictures(
    contents: Sequence[str],
    open_picture: Callable[[Any], Image.Image],
    encoder: ImageEncoder,
    cache: Cache,
    *,
    around: str,
    workers: int,
    watch: Watch | None = None,
    read: Callable[[str], Any] | None = None,
    engine: Engine | None = None,
    load: Callable[[], ImageEncoder] | None = None,
    on_gpu: bool = False,
) -> Embedded:
    """Vectors of pictures that can all be opened; only what the cache does not know is opened, ahead, in threads.

    Args:
        contents: names of the pictures' contents, with a sha256 in each (see `cache_key`): paths of mattes, say.
        open_picture: the picture of what `read` gives, RGB, `MAX_COMPOSITE_SIDE` long at most; called where the
            engine works, in threads.
        encoder: of pictures.
        cache: of vectors.
        around: what is around the person in these pictures: a colour.
        workers: threads that open and prepare.
        watch: hears of what is computed.
        read: what is sent of a content; None: its name.
        engine: where pictures are opened and encoded; None: here.
        load: gives the encoder in any process; an engine of other processes pickles it, and `open_picture`.
        on_gpu: whether a GPU is of use.

    Raises:
        LostItemsError: see there.
    """
    keys = picture_keys(contents, encoder, around)
    content_of_key = dict(zip(keys, contents, strict=True))
    job = picture_job(encoder, load or (lambda: encoder), open_picture, on_gpu=on_gpu)

    def sent(key: str) -> Any:
        return read(content_of_key[key]) if read else content_of_key[key]

    def compute(missing: Sequence[str]) -> Iterator[Batch]:
        return _vectors(job, missing, sent, engine, n_threads=workers, n_ahead=2 * PICTURES_A_BATCH)

    return _by_cache(keys, compute, cache, encoder.dimension, watch)


def embed_texts(
    texts: Sequence[str],
    encoder: TextEncoder,
    cache: Cache,
    *,
    watch: Watch | None = None,
    engine: Engine | None = None,
    load: Callable[[], TextEncoder] | None = None,
    on_gpu: bool = False,
) -> Embedded:
    """Vectors of texts, as the encoder reads them.

    Args:
        texts: any number, of any length.
        encoder: of texts.
        cache: of vectors.
        watch: hears of what is computed.
        engine: where texts are encoded; None: here.
        load: gives the encoder in any process; an engine of other processes pickles it.
        on_gpu: whether a GPU is of use.

    Raises:
        LostItemsError: see there.
    """
    keys = [cache_key(content_key(text), encoder.model_id, encoder.version) for text in texts]
    text_of = dict(zip(keys, texts, strict=True))
    job = text_job(encoder, load or (lambda: encoder), on_gpu=on_gpu)

    def compute(missing: Sequence[str]) -> Iterator[Batch]:
        return _vectors(job, missing, text_of.__getitem__, engine, n_threads=1, n_ahead=TEXTS_A_BATCH)

    return _by_cache(keys, compute, cache, encoder.dimension, watch)


def picture_keys(contents: Sequence[str], encoder: ImageEncoder, around: str) -> list[str]:
    """Keys of the vectors of pictures in the cache; arguments as of `embed_pictures`."""
    how = f"{around} at {MAX_COMPOSITE_SIDE}"
    return [cache_key(content, encoder.model_id, encoder.version, how) for content in contents]


def _vectors(
    job: Job[Any, Vectors],
    keys: Sequence[str],
    sent: Callable[[str], Any],
    engine: Engine | None,
    *,
    n_threads: int,
    n_ahead: int,
) -> Iterator[Batch]:
    """Vectors in the order of `keys`, by the batch; without those of lost items, which are told of at the end."""
    lost: dict[str, str] = {}

    def kept(key: str, vector: Vectors | Lost | None) -> tuple[str, Vectors | None]:
        if isinstance(vector, Lost):
            lost[key] = vector.reason
        return key, None if isinstance(vector, Lost) else vector

    results = (engine or ThreadEngine()).map(
        job,
        keys,
        tasks=lambda key: [Task(key, sent(key))],
        keep=kept,
        n_threads=n_threads,
        n_ahead=n_ahead,
    )
    while batch := list(islice(results, job.batch)):
        there = [(key, vector) for key, vector in batch if vector is not None]
        if there:
            yield [key for key, _ in there], np.stack([vector for _, vector in there])
    if lost:
        key, reason = next(iter(lost.items()))
        raise LostItemsError(
            f"{len(lost)} of {len(keys)} items could not be embedded, as that with the key {key}: {reason}. The "
            "vectors of the others are kept; run again with more memory, or with another model."
        )


def _by_cache(
    keys: Sequence[str],
    compute: Callable[[Sequence[str]], Iterable[Batch]],
    cache: Cache,
    dimension: int,
    watch: Watch | None,
) -> Embedded:
    def watched(missing: Sequence[str]) -> Iterator[Batch]:
        bar = watch(len(missing)) if watch else None
        for batch in compute(missing):
            yield batch
            if bar is not None:
                bar.advance(len(batch[0]))

    known = cache.get_vectors(keys)
    return embed_missing(keys, known, compute=watched, store=cache.put_vectors, dimension=dimension)
