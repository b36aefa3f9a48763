"""Posts found by words, or by what resembles a picture, in all that is stored of all crawls.

Not here: looking for traces of a person (operations/search), printing (commands/search).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor

from mkt_assets.core.media.matting import composite as placed
from mkt_assets.core.media.matting import cut_out, matte_picture
from mkt_assets.core.media.pictures import PictureError, decode_picture
from mkt_assets.models.base import ImageEncoder, MattingModel, Model, TextEncoder, as_batch
from mkt_assets.resources.opening import open_database
from mkt_assets.settings import Settings
from mkt_assets.stored.mattes import MAX_COMPOSITE_SIDE

MOST_WORDS = 20
_RANK_CONSTANT = 60


class Models(Protocol):
    """What loads the models, as `resources.models.Models` does."""

    def matting(self, model_id: str) -> MattingModel:
        """The matting model of this id."""
        ...

    def image_encoder(self, model_id: str) -> ImageEncoder:
        """The image encoder of this id."""
        ...

    def text_encoder(self, model_id: str) -> TextEncoder:
        """The text encoder of this id."""
        ...


@dataclass(frozen=True)
class FoundPost:
    """A post that was found, in the latest of its crawls.

    Attributes:
        post_id: its id.
        crawl_date: the crawl.
        has_words: whether all the words stand in its title, content or tags; None where none were asked for.
        caption_similarity: cosine of its caption's vector with the question's, -1..1; None without one.
        picture_similarity: of its most similar picture, likewise.
        frame: which of its pictures that is.
        title: as the crawler wrote it.
        n_likes: likes.
        style: name of the style of that picture, else of its first.
        topic: name of its topic.
        post_url: its address.
        picture: the picture's file in the drop.
    """

    post_id: str
    crawl_date: date
    has_words: bool | None
    caption_similarity: float | None
    picture_similarity: float | None
    frame: str | None
    title: str | None
    n_likes: int | None
    style: str | None = None
    topic: str | None = None
    post_url: str | None = None
    picture: str | None = None


@dataclass(frozen=True)
class Found:
    """The posts, best first; how many have all the words; and what could not be asked, in sentences."""

    posts: tuple[FoundPost, ...]
    n_with_words: int | None
    notes: tuple[str, ...]


def find_by_words(
    settings: Settings,
    models: Models,
    words: str,
    *,
    crawl_dates: Sequence[date] = (),
    limit: int = 20,
    only_words: bool = False,
) -> Found:
    """Posts that have all the words, then those whose captions, or pictures, are closest in meaning.

    Within both, two rankings are merged by reciprocal rank (Cormack et al., SIGIR 2009): of captions, and, where one
    model embeds pictures and texts in one space, of pictures. Words are found as they stand, in any case: 瑜伽 is in
    瑜伽裤.

    Args:
        settings: which home, which models.
        models: what loads them.
        words: separated by spaces.
        crawl_dates: only in these crawls; empty: in all.
        limit: no more posts than these.
        only_words: only those that have all the words; no model is loaded.

    Raises:
        ValueError: no words, too many of them, or nothing is stored.
    """
    asked = words.split()
    if not asked:
        raise ValueError("say which words to look for, as in: mkt search '白色 蕾丝'")
    if len(asked) > MOST_WORDS:
        raise ValueError(f"{len(asked)} words are more than {MOST_WORDS}: look for fewer.")
    with _reading(settings) as connection:
        posts = _posts(connection, crawl_dates, asked)
        n_with_words = sum(bool(post.has_words) for post in posts.values())
        notes: list[str] = []
        if not only_words and posts:
            encoder = models.text_encoder(settings.text_encoder)
            vector = encoder.encode([" ".join(asked)])[0]
            captions = _similarities(connection, "text_embeddings", encoder, vector, crawl_dates)
            notes += _when_none(captions, posts, "captions", encoder)
            pictures: Mapping[str, tuple[float, str | None]] = {}
            if settings.image_encoder == settings.text_encoder:
                pictures = _similarities(connection, "image_embeddings", encoder, vector, crawl_dates)
                notes += _when_none(pictures, posts, "pictures", encoder)
            else:
                notes.append(
                    f"pictures ({settings.image_encoder}) and words ({settings.text_encoder}) are in two spaces: "
                    "pictures were not compared with the words. `mkt models list` names models that have one for both."
                )
            posts = _with_similarities(posts, captions, pictures)
        chosen = [post for post in _ranked(posts) if post.has_words or _is_similar(post, only_words)]
        return Found(_told(connection, chosen[:limit]), n_with_words, tuple(notes))


def find_like(
    settings: Settings, models: Models, picture: Path, *, crawl_dates: Sequence[date] = (), limit: int = 20
) -> Found:
    """Posts with a picture of which the person looks most like the one in `picture`, which is matted like theirs.

    Args:
        settings: which home, which models.
        models: what loads them.
        picture: a file of any format that crawls may have.
        crawl_dates: only in these crawls; empty: in all.
        limit: no more posts than these.

    Raises:
        ValueError: it is no picture, nobody is in it, or nothing is stored.
    """
    encoder = models.image_encoder(settings.image_encoder)
    seen = _person_in(picture, settings, models.matting(settings.matting))
    vector = encoder.encode(as_batch([encoder.prepare(seen)]))[0]
    with _reading(settings) as connection:
        posts = _posts(connection, crawl_dates, None)
        found = _similarities(connection, "image_embeddings", encoder, vector, crawl_dates)
        posts = _with_similarities(posts, {}, found)
        chosen = [post for post in _ranked(posts) if post.picture_similarity is not None]
        notes = _when_none(found, posts, "pictures", encoder)
        return Found(_told(connection, chosen[:limit]), None, tuple(notes))


def _person_in(picture: Path, settings: Settings, matting: MattingModel) -> Image.Image:
    """The person in a picture file, over the background of the settings, as encoders see it."""
    limits = settings.picture_limits
    if picture.stat().st_size > limits.max_bytes:
        raise ValueError(
            f"{picture} is larger than MKT_MAX_PICTURE_MEGABYTES ({limits.max_bytes / 1e6:,.0f})."
        )
    try:
        image = decode_picture(picture.read_bytes(), limits=limits)
    except PictureError as error:
        raise ValueError(f"{picture}: {error}") from None
    matte = matte_picture(image, matting)
    if matte.bbox is None:
        raise ValueError(f"nobody was found in {picture}, and pictures are compared by the person in them.")
    return placed(
        cut_out(image, matte),
        width=image.width,
        height=image.height,
        bbox=matte.bbox,
        colour=ImageColor.getrgb(settings.background)[:3],
        max_side=MAX_COMPOSITE_SIDE,
    )


@contextmanager
def _reading(settings: Settings) -> Generator[duckdb.DuckDBPyConnection]:
    """The published snapshot, which stops nobody; without one, the tables themselves."""
    if settings.snapshot_path.exists():
        with duckdb.connect(str(settings.snapshot_path), read_only=True) as connection:
            yield connection
        return
    database = open_database(settings)
    if not database.exists():
        raise ValueError(
            f"nothing is stored in {settings.home} yet: materialize a crawl first, with `mkt run`."
        )
    with database.reading() as connection:
        yield connection


def _posts(
    connection: duckdb.DuckDBPyConnection, crawl_dates: Sequence[date], words: Sequence[str] | None
) -> dict[str, FoundPost]:
    """All posts of the crawls, each in the latest of them."""
    text = "lower(concat_ws(' ', title, content, array_to_string(tags, ' ')))"
    has_words = " AND ".join(f"contains({text}, lower(?))" for _ in words or ()) or "NULL"
    rows = connection.execute(
        f"SELECT post_id, crawl_date, {has_words}, title, n_likes, post_url FROM raw_posts WHERE {_IN_CRAWLS} "
        "QUALIFY row_number() OVER (PARTITION BY post_id ORDER BY crawl_date DESC) = 1",
        [*(words or ()), *_dates(crawl_dates)],
    ).fetchall()
    return {
        str(post_id): FoundPost(str(post_id), day, has, None, None, None, title, n_likes, post_url=url)
        for post_id, day, has, title, n_likes, url in rows
    }


def _similarities(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    encoder: Model,
    vector: NDArray[np.float32],
    crawl_dates: Sequence[date],
) -> dict[str, tuple[float, str | None]]:
    """Of each post the cosine of its most similar item with a unit vector, and the item's frame."""
    frame = "frame" if table == "image_embeddings" else "NULL"
    rows = connection.execute(
        f"SELECT post_id, max(cosine), arg_max(frame, cosine) FROM (SELECT post_id, {frame} AS frame, "
        f"list_dot_product(embedding, ?::FLOAT[]) AS cosine FROM {table} "
        f"WHERE encoder = ? AND encoder_version = ? AND {_IN_CRAWLS}) GROUP BY post_id",
        [vector.tolist(), encoder.model_id, encoder.version, *_dates(crawl_dates)],
    ).fetchall()
    return {str(post_id): (float(cosine), frame) for post_id, cosine, frame in rows}


_IN_CRAWLS = "(?::DATE[] = [] OR crawl_date IN (SELECT unnest(?::DATE[])))"


def _dates(crawl_dates: Sequence[date]) -> list[list[date]]:
    return [list(crawl_dates)] * 2


def _with_similarities(
    posts: Mapping[str, FoundPost],
    captions: Mapping[str, tuple[float, str | None]],
    pictures: Mapping[str, tuple[float, str | None]],
) -> dict[str, FoundPost]:
    nothing = (None, None)
    return {
        post_id: replace(
            post,
            caption_similarity=captions.get(post_id, nothing)[0],
            picture_similarity=pictures.get(post_id, nothing)[0],
            frame=pictures.get(post_id, nothing)[1],
        )
        for post_id, post in posts.items()
    }


def _ranked(posts: Mapping[str, FoundPost]) -> list[FoundPost]:
    """Those with all the words first, then by the sum of reciprocal ranks; what is equal by likes and id."""
    merged = dict.fromkeys(posts, 0.0)
    for similarity in ("caption_similarity", "picture_similarity"):
        of = {post_id: getattr(post, similarity) for post_id, post in posts.items()}
        best_first = sorted((p for p, value in of.items() if value is not None), key=lambda p: (-of[p], p))
        for rank, post_id in enumerate(best_first, start=1):
            merged[post_id] += 1 / (_RANK_CONSTANT + rank)
    return sorted(
        posts.values(),
        key=lambda post: (not post.has_words, -merged[post.post_id], -(post.n_likes or 0), post.post_id),
    )


def _is_similar(post: FoundPost, only_words: bool) -> bool:
    return not only_words and (post.caption_similarity, post.picture_similarity) != (None, None)


def _when_none(found: Mapping[str, Any], posts: Mapping[str, Any], what: str, encoder: Model) -> list[str]:
    if found or not posts:
        return []
    return [
        f"no {what} of these crawls have vectors of {encoder.model_id} (version {encoder.version}): run them again, or "
        "set the encoder that they were made with."
    ]


def _told(connection: duckdb.DuckDBPyConnection, posts: Sequence[FoundPost]) -> tuple[FoundPost, ...]:
    """The posts with the names of their styles and topics, and the file of their picture."""
    ids = [[post.post_id for post in posts]]
    styles: dict[tuple[str, date], list[tuple[str, str]]] = {}
    topics: dict[tuple[str, date], str] = {}
    pictures: dict[tuple[str, date], list[tuple[str, str]]] = {}
    # in the crawl's own clustering, or the latest that has the post in its window
    for post_id, day, modality, frame, name in connection.execute(
        "SELECT c.post_id, c.item_crawl_date, c.modality, c.frame, i.name FROM clusters c JOIN cluster_identities i "
        "USING (crawl_date, modality, cluster_id) WHERE c.post_id IN (SELECT unnest(?::VARCHAR[])) "
        "ORDER BY c.crawl_date DESC, c.frame",
        ids,
    ).fetchall():
        if modality == "text":
            topics.setdefault((post_id, day), name)
        else:
            styles.setdefault((post_id, day), []).append((frame, name))
    for post_id, day, frame, path in connection.execute(
        "SELECT post_id, crawl_date, frame, media_path FROM matted_images "
        "WHERE post_id IN (SELECT unnest(?::VARCHAR[])) ORDER BY frame",
        ids,
    ).fetchall():
        pictures.setdefault((post_id, day), []).append((frame, path))
    return tuple(
        replace(
            post,
            style=_first(styles.get((post.post_id, post.crawl_date), ()), post.frame),
            topic=topics.get((post.post_id, post.crawl_date)),
            picture=_first(pictures.get((post.post_id, post.crawl_date), ()), post.frame),
        )
        for post in posts
    )


def _first(of_frames: Sequence[tuple[str, str]], frame: str | None) -> str | None:
    """What belongs to the frame, or to the first where none is asked for."""
    return next((value for name, value in of_frames if frame in (None, name)), None)
