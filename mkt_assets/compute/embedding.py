"""From pictures and texts to unit vectors: found in the cache by content, or encoded in batches and kept there.

The one way for steps and experiments, so that one finds what the other computed. Not here: how a matte becomes a
picture (stored/mattes), preprocessing and networks (models/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from PIL import Image

from mkt_assets.compute.cached import Batch, Embedded, Vectors, embed_missing, store_batches
from mkt_assets.compute.prefetch import map_ahead
from mkt_assets.core.progress import Progress
from mkt_assets.core.vectors import cache_key, content_key
from mkt_assets.models.base import ImageEncoder, TextEncoder, as_batch
from mkt_assets.resources.cache import Cache
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE

PICTURES_A_BATCH, TEXTS_A_BATCH = 32, 64

Watch = Callable[[int], Progress]
"""Begins a progress of so many items to embed."""


def embed_pictures(
    contents: Sequence[str],
    open_picture: Callable[[str], Image.Image],
    encoder: ImageEncoder,
    cache: Cache,
    *,
    around: str,
    workers: int,
    watch: Watch | None = None,
) -> Embedded:
    """Vectors of pictures that can all be opened; only what the cache does not know is opened, ahead, in threads.

    Args:
        contents: names of the pictures' contents, with a sha256 in each (see `cache_key`): paths of mattes, say.
        open_picture: the picture of a content, RGB, `MAX_COMPOSITE_SIDE` long at most; called in threads.
        encoder: of pictures.
        cache: of vectors.
        around: what is around the person in these pictures: a colour.
        workers: threads that open and prepare.
        watch: hears of what is computed.
    """
    keys = _picture_keys(contents, encoder, around)
    content_of_key = dict(zip(keys, contents, strict=True))

    def prepare(key: str) -> Vectors:
        return encoder.prepare(open_picture(content_of_key[key]))

    def compute(missing: Sequence[str]) -> Iterator[Batch]:
        prepared = map_ahead(prepare, missing, n_threads=workers, n_ahead=2 * PICTURES_A_BATCH)
        return _encoded(zip(missing, prepared, strict=True), encoder)

    return _by_cache(keys, compute, cache, encoder.dimension, watch)


def embed_readable_pictures(
    contents: Sequence[str],
    pictures: Iterable[tuple[str, Image.Image]],
    encoder: ImageEncoder,
    cache: Cache,
    *,
    around: str,
) -> dict[str, Vectors]:
    """Vectors, by content, of pictures of which it is not known before which can be opened; all are asked for once.

    Args:
        contents: as for `embed_pictures`: of all that may come.
        pictures: (content, picture) of those that can be opened, in any order; a few at a time are in memory.
        encoder: of pictures.
        cache: of vectors.
        around: what is around the person in these pictures, in words.
    """
    key_of = dict(zip(contents, _picture_keys(contents, encoder, around), strict=True))
    known = cache.get_vectors(list(key_of.values()))
    came: dict[str, str] = {}

    def prepared() -> Iterator[tuple[str, Vectors]]:
        for content, picture in pictures:
            key = key_of[content]
            if content not in came and key not in known:
                yield key, encoder.prepare(picture)
            came[content] = key

    computed = store_batches(
        _encoded(prepared(), encoder), store=cache.put_vectors, dimension=encoder.dimension
    )
    vectors = {**known, **computed}
    return {content: vectors[key] for content, key in came.items()}


def embed_texts(
    texts: Sequence[str], encoder: TextEncoder, cache: Cache, *, watch: Watch | None = None
) -> Embedded:
    """Vectors of texts, as the encoder reads them.

    Args:
        texts: any number, of any length.
        encoder: of texts.
        cache: of vectors.
        watch: hears of what is computed.
    """
    keys = [cache_key(content_key(text), encoder.model_id, encoder.version) for text in texts]
    text_of = dict(zip(keys, texts, strict=True))

    def compute(missing: Sequence[str]) -> Iterator[Batch]:
        for start in range(0, len(missing), TEXTS_A_BATCH):
            batch = missing[start : start + TEXTS_A_BATCH]
            yield batch, encoder.encode([text_of[key] for key in batch])

    return _by_cache(keys, compute, cache, encoder.dimension, watch)


def _picture_keys(contents: Sequence[str], encoder: ImageEncoder, around: str) -> list[str]:
    how = f"{around} at {MAX_COMPOSITE_SIDE}"
    return [cache_key(content, encoder.model_id, encoder.version, how) for content in contents]


def _encoded(prepared: Iterable[tuple[str, Vectors]], encoder: ImageEncoder) -> Iterator[Batch]:
    pairs = iter(prepared)
    while batch := list(islice(pairs, PICTURES_A_BATCH)):
        yield [key for key, _ in batch], encoder.encode(as_batch([picture for _, picture in batch]))


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
