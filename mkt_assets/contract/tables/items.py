"""Posts as they were crawled, and their items: pictures and texts with their vectors and places on the map."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, FRAME, MODALITY, POST_ID, POSTER_ID, VECTOR_CHECK, vector
from mkt_assets.contract.table import Column, Table

VERDICTS = ("kept", "flagged", "rejected")


def _count(name: str, what: str) -> tuple[Column, Column]:
    return (
        Column(f"n_{name}", "BIGINT", what, unit="count", nullable=True, minimum=0),
        Column(f"n_{name}_is_lower_bound", "BOOLEAN", f"the platform showed n_{name} as 'at least' (10万+)"),
    )


RAW_POSTS = Table(
    "raw_posts",
    "a post in a crawl (the latest fetch of it)",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        Column("post_url", "VARCHAR", "address of the post, without tracking and account", nullable=True),
        Column("title", "VARCHAR", "title as crawled, null if there is none", nullable=True),
        Column("content", "VARCHAR", "body as crawled, null if there is none", nullable=True),
        Column("tags", "VARCHAR[]", "hashtags in order, without #"),
        Column("kind", "VARCHAR", "what the post shows", nullable=True, allowed=("image", "video")),
        *_count("likes", "likes shown"),
        *_count("collects", "collects (favourites) shown"),
        *_count("comments", "comments shown"),
        *_count("shares", "shares shown"),
        Column(
            "published_at", "TIMESTAMP", "when it was published, local time of the platform", nullable=True
        ),
        Column(
            "published_from",
            "VARCHAR",
            "where published_at comes from: the crawler's field, or the time inside the post id",
            nullable=True,
            allowed=("field", "post_id"),
        ),
        Column("fetched_at", "TIMESTAMP", "when it was crawled, local time", nullable=True),
        Column("location", "VARCHAR", "region shown with the post", nullable=True),
        Column("keyword", "VARCHAR", "search keywords that found it, comma-joined", nullable=True),
        Column("media_paths", "VARCHAR[]", "its pictures and videos, relative to the drop, accounts hashed"),
        Column(
            "n_merged_rows",
            "BIGINT",
            "older fetches of the post in this crawl, merged",
            unit="count",
            minimum=0,
        ),
        Column("crawler", "VARCHAR", "crawler whose format the row is in"),
        Column("source_file", "VARCHAR", "file of the row, relative to the drop"),
        Column("source_row", "BIGINT", "row in that file, 1 = first record", minimum=1),
    ),
    key=("post_id",),
)

MATTED_IMAGES = Table(
    "matted_images",
    "an image or video frame of a post",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        FRAME,
        Column("media_path", "VARCHAR", "the picture or video it comes from, as in raw_posts"),
        Column("content_sha256", "VARCHAR", "sha256 of the file's bytes (and frame number)", nullable=True),
        Column("verdict", "VARCHAR", "kept, flagged (used, but look at it) or rejected", allowed=VERDICTS),
        Column("reason", "VARCHAR", "why it was flagged or rejected", nullable=True),
        Column(
            "foreground_ratio",
            "DOUBLE",
            "share of pixels that show the person",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column("width", "BIGINT", "width of the original", "pixels", True, minimum=1),
        Column("height", "BIGINT", "height of the original", "pixels", True, minimum=1),
        Column("bbox_left", "BIGINT", "person's box in the original", "pixels", True, minimum=0),
        Column("bbox_top", "BIGINT", "person's box in the original", "pixels", True, minimum=0),
        Column("bbox_right", "BIGINT", "person's box in the original, exclusive", "pixels", True, minimum=0),
        Column("bbox_bottom", "BIGINT", "person's box in the original, exclusive", "pixels", True, minimum=0),
        Column("matte_path", "VARCHAR", "RGBA picture cropped to the box, relative to media/", nullable=True),
        Column("matte_source", "VARCHAR", "who matted it", nullable=True, allowed=("model", "input_alpha")),
        Column("matting_model", "VARCHAR", "id and version of the matting model"),
    ),
    key=("post_id", "frame"),
    checks=(
        "(verdict = 'kept') = (reason IS NULL)",
        "verdict = 'rejected' OR matte_path IS NOT NULL",
    ),
)

IMAGE_EMBEDDINGS = Table(
    "image_embeddings",
    "a kept or flagged image",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        FRAME,
        Column("content_sha256", "VARCHAR", "sha256 of the picture the matte was made from"),
        *vector("picture"),
    ),
    key=("post_id", "frame"),
    checks=(VECTOR_CHECK,),
)

SUMMARIES = Table(
    "summaries",
    "a post",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        Column("summary", "VARCHAR", "title, content and tags, cleaned, each once"),
        Column("has_text", "BOOLEAN", "whether anything was left"),
        Column("n_characters", "BIGINT", "length of the summary", "characters", minimum=0),
        Column(
            "removed_words",
            "VARCHAR[]",
            "stop words, interjections, stickers and share texts that were taken out",
        ),
        Column("removed_platform_suffix", "BOOLEAN", "the title ended in the platform's own suffix"),
        Column(
            "encoder_text",
            "VARCHAR",
            "what the encoder reads: the summary without addresses, and without emoji unless nothing else is left; "
            "missing in rows of an earlier version",
            nullable=True,
        ),
        Column(
            "words",
            "VARCHAR[]",
            "the words of the summary, each once, lower case, in Simplified characters, hashtags whole; without "
            "addresses, mentions and emoji; missing in rows of an earlier version",
            nullable=True,
        ),
    ),
    key=("post_id",),
)

TEXT_EMBEDDINGS = Table(
    "text_embeddings",
    "a post with text",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        Column("text_sha256", "VARCHAR", "sha256 of the text that the encoder read"),
        Column("token_sha256", "VARCHAR", "sha256 of the encoder's token ids: equal tokens, equal vectors"),
        Column("n_tokens", "BIGINT", "tokens the encoder read", "tokens", minimum=0),
        Column("n_chunks", "BIGINT", "windows the text was split into", "windows", minimum=1),
        *vector("summary"),
    ),
    key=("post_id",),
    checks=(VECTOR_CHECK,),
)

ITEM_POSITIONS = Table(
    "item_positions",
    "an item (image, or text of a post), in the plane",
    (
        CRAWL_DATE,
        MODALITY,
        POST_ID,
        POSTER_ID,
        Column("frame", "VARCHAR", "which picture of the post; null for a text", nullable=True),
        Column(
            "x", "DOUBLE", "position; the layout's anchors take up -0.5 to 0.5", "1", minimum=-1, maximum=1
        ),
        Column("y", "DOUBLE", "position, as x", "1", minimum=-1, maximum=1),
        Column(
            "layout", "VARCHAR", "of which layout; positions of one layout can be compared, over crawl dates"
        ),
        Column("method", "VARCHAR", "how the layout was fitted", allowed=("t-SNE", "PCA")),
        Column("anchor", "FLOAT[]", "its unit vector, if the layout was fitted on it", "1", nullable=True),
        Column("encoder", "VARCHAR", "id and version of the encoder of the vectors"),
    ),
    key=("modality", "post_id", "frame"),
    checks=("(modality = 'text') = (frame IS NULL)",),
)

TABLES = (RAW_POSTS, MATTED_IMAGES, IMAGE_EMBEDDINGS, SUMMARIES, TEXT_EMBEDDINGS, ITEM_POSITIONS)
