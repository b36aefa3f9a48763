"""What pictures say in a space that they share with words."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, POST_ID, POSTER_ID
from mkt_assets.contract.table import Column, Table
from mkt_assets.core.sight.vocabulary import KINDS

SEEN_WORDS = Table(
    "seen_words",
    "a word that a style's pictures show, not its captions; none where pictures and words are in two spaces",
    (
        CRAWL_DATE,
        Column("cluster_id", "BIGINT", "the style, as in clusters", minimum=0),
        Column("rank", "BIGINT", "1 = what sets it apart most", minimum=1, maximum=3),
        Column("kind", "VARCHAR", "what it is a word for", allowed=KINDS),
        Column("word_zh", "VARCHAR", "the word in Chinese"),
        Column("word_en", "VARCHAR", "the word in English"),
        Column("cosine", "DOUBLE", "mean of the accounts' pictures with the word", "1"),
        Column(
            "contrast", "DOUBLE", "by how much that is above the pictures of other styles", "1", minimum=0
        ),
        Column(
            "q_value",
            "DOUBLE",
            "chance of such a contrast if pictures were dealt at random to styles (Welch's t by account, corrected for "
            "all styles and words: Benjamini-Hochberg)",
            "1",
            minimum=0,
            maximum=1,
        ),
        Column("encoder", "VARCHAR", "encoder of pictures and words"),
    ),
    key=("cluster_id", "rank"),
)

CAPTION_MATCHES = Table(
    "caption_matches",
    "a post with a picture and a text: how well the text describes the picture; none where they are in two spaces",
    (
        CRAWL_DATE,
        POST_ID,
        POSTER_ID,
        Column("n_pictures", "BIGINT", "its pictures that have a vector", "pictures", minimum=1),
        Column("cosine", "DOUBLE", "of its text with its pictures, their mean", "1"),
        Column(
            "percentile",
            "DOUBLE",
            "share of mismatched pairs, its pictures with texts of other accounts and its text with their pictures, "
            "that match less: 0.5 is chance, 1 the best; null: no other account has a picture and a text",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column("n_compared", "BIGINT", "mismatched pairs it was compared with", "pairs", minimum=0),
        Column("encoder", "VARCHAR", "encoder of pictures and texts"),
    ),
    key=("post_id",),
    checks=("(percentile IS NULL) = (n_compared = 0)",),
)

TABLES = (SEEN_WORDS, CAPTION_MATCHES)
