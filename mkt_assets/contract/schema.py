"""The tables, as data: names, types, units, meanings and keys. The only contract between the assets.

From these the warehouse takes its DDL and Arrow schemas, the Dagster UI its column tables, and the
checks what they check. Nothing here touches a database.

Not here: the DDL (resources/warehouse), older schemas (resources/migrations).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from mkt_assets.core.sight.vocabulary import KINDS

ARROW_TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
        "DATE": pa.date32(),
        "TIMESTAMP": pa.timestamp("us"),
        "VARCHAR[]": pa.list_(pa.string()),
        "BIGINT[]": pa.list_(pa.int64()),
        "FLOAT[]": pa.list_(pa.float32()),
    }
)


@dataclass(frozen=True)
class Column:
    """A column: its DuckDB type, what it means, its unit, and the values it may take."""

    name: str
    type: str
    doc: str
    unit: str | None = None
    nullable: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class Table:
    """A table: one row is `row_is`; `key` is unique within a crawl date; `checks` are SQL conditions.

    A table that is not `partitioned` is computed of all crawl dates and replaced in whole.
    """

    name: str
    row_is: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[str, ...] = ()
    partitioned: bool = True

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    def arrow_schema(self) -> pa.Schema:
        """The Arrow schema every write is cast to."""
        return pa.schema(
            [pa.field(c.name, ARROW_TYPES[c.type], nullable=c.nullable) for c in self.columns],
        )

    def empty(self) -> pa.Table:
        """A table of this schema without rows."""
        return self.arrow_schema().empty_table()


MODALITIES = ("image", "text")
UNITS = ("image", "post")
VERDICTS = ("kept", "flagged", "rejected")

_CRAWL_DATE = Column("crawl_date", "DATE", "date of the crawl drop, the partition key")
_POST_ID = Column("post_id", "VARCHAR", "the platform's id of the post")
_POSTER_ID = Column(
    "poster_id", "VARCHAR", "keyed hash of the account's id; the key stays outside the warehouse"
)
_FRAME = Column("frame", "VARCHAR", "which picture of the post: post, video_1..video_3, or image_0..")
_MODALITY = Column("modality", "VARCHAR", "image or text", allowed=MODALITIES)


def _count(name: str, what: str) -> tuple[Column, Column]:
    return (
        Column(f"n_{name}", "BIGINT", what, unit="count", nullable=True, minimum=0),
        Column(f"n_{name}_is_lower_bound", "BOOLEAN", f"the platform showed n_{name} as 'at least' (10万+)"),
    )


def _vector(of: str) -> tuple[Column, ...]:
    return (
        Column("encoder", "VARCHAR", f"id of the model that embedded the {of}"),
        Column("encoder_version", "VARCHAR", "version of weights and preprocessing"),
        Column("dimension", "BIGINT", "length of the vector", unit="components", minimum=1),
        Column("embedding", "FLOAT[]", "unit vector, float32", unit="1"),
    )


_VECTOR_CHECK = "len(embedding) = dimension"

RAW_POSTS = Table(
    "raw_posts",
    "a post in a crawl (the latest fetch of it)",
    (
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
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
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
        _FRAME,
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
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
        _FRAME,
        Column("content_sha256", "VARCHAR", "sha256 of the picture the matte was made from"),
        *_vector("picture"),
    ),
    key=("post_id", "frame"),
    checks=(_VECTOR_CHECK,),
)

SUMMARIES = Table(
    "summaries",
    "a post",
    (
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
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
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
        Column("text_sha256", "VARCHAR", "sha256 of the text that the encoder read"),
        Column("token_sha256", "VARCHAR", "sha256 of the encoder's token ids: equal tokens, equal vectors"),
        Column("n_tokens", "BIGINT", "tokens the encoder read", "tokens", minimum=0),
        Column("n_chunks", "BIGINT", "windows the text was split into", "windows", minimum=1),
        *_vector("summary"),
    ),
    key=("post_id",),
    checks=(_VECTOR_CHECK,),
)

ITEM_POSITIONS = Table(
    "item_positions",
    "an item (image, or text of a post), in the plane",
    (
        _CRAWL_DATE,
        _MODALITY,
        _POST_ID,
        _POSTER_ID,
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

K_SELECTION = Table(
    "k_selection",
    "a (modality, k) tried",
    (
        _CRAWL_DATE,
        _MODALITY,
        Column("k", "BIGINT", "number of clusters", "clusters", minimum=1),
        Column("inertia", "DOUBLE", "sum of squared distances to the nearest centroid", minimum=0),
        Column("silhouette", "DOUBLE", "mean silhouette (cosine geometry)", "1", True, minimum=-1, maximum=1),
        Column("stability", "DOUBLE", "mean adjusted Rand index between seeds", "1", True),
        Column(
            "half_stability",
            "DOUBLE",
            "adjusted Rand index between the clusterings that two halves of the items give all of them",
            "1",
            True,
        ),
        Column("chosen", "BOOLEAN", "this k was chosen; exactly one a modality"),
        Column(
            "chosen_by",
            "VARCHAR",
            "knee: there are clusters, most plainly at this k; bend: none were seen",
            nullable=True,
            allowed=("knee", "bend", "only", "pin"),
        ),
        Column("reason", "VARCHAR", "why this k was chosen, in a sentence", nullable=True),
        Column("separation", "DOUBLE", "mean silhouette of one item a group of near copies", "1", True),
        Column(
            "reference_separation",
            "DOUBLE",
            "the same of items with this covariance and no clusters",
            "1",
            True,
        ),
        Column(
            "knee_strength",
            "DOUBLE",
            "separation above reference at the k found; with the chosen k",
            "1",
            True,
        ),
        Column("knee_needed", "DOUBLE", "separation above reference that clusters must have", "1", True),
        Column("knee_sensitivity", "DOUBLE", "factor of what is needed that was asked for", "1", True),
        Column(
            "knee_lowest", "BIGINT", "smallest k at which clusters stand out nearly most", "clusters", True
        ),
        Column(
            "knee_highest", "BIGINT", "largest k at which clusters stand out nearly most", "clusters", True
        ),
        Column("n_items", "BIGINT", "items clustered", "items", minimum=1),
        Column("n_distinct", "BIGINT", "distinct vectors among those fitted", "items", minimum=1),
        Column(
            "n_fitted",
            "BIGINT",
            "items of the sample that the clusters were sought on; null: all of them",
            "items",
            True,
            minimum=1,
        ),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
        Column("window_start", "DATE", "first crawl date of the window the fit is on"),
        Column(
            "random_state", "BIGINT", "seed of the fit; null: of an earlier version", nullable=True, minimum=0
        ),
        Column(
            "items_sha256",
            "VARCHAR",
            "of the items clustered: crawl dates, posts, frames and vectors; with the chosen k",
            nullable=True,
        ),
        Column(
            "labels",
            "BIGINT[]",
            "cluster of each item at the chosen k, items in the order of post and frame: what `clusters` stores",
            nullable=True,
        ),
    ),
    key=("modality", "k"),
    checks=("chosen = (reason IS NOT NULL)",),
)

CLUSTERS = Table(
    "clusters",
    "an item (image, or text of a post)",
    (
        _CRAWL_DATE,
        _MODALITY,
        Column("cluster_id", "BIGINT", "cluster, by size, 0 = largest", minimum=0),
        _POST_ID,
        _POSTER_ID,
        Column("frame", "VARCHAR", "which picture of the post; null for a text", nullable=True),
        Column("distance", "DOUBLE", "distance to the cluster's centroid", minimum=0),
        Column("rank_in_cluster", "BIGINT", "1 = nearest to the centroid", minimum=1),
        Column("item_crawl_date", "DATE", "crawl date of the item; earlier than crawl_date in a window"),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
    ),
    key=("modality", "post_id", "frame"),
    checks=("(modality = 'text') = (frame IS NULL)",),
)

CROSSTAB_RATIOS = Table(
    "crosstab_ratios",
    "an (image cluster, text cluster) pair, per counting unit",
    (
        _CRAWL_DATE,
        Column("unit", "VARCHAR", "what n counts: distinct images or distinct posts", allowed=UNITS),
        Column("image_cluster", "BIGINT", "image cluster", minimum=0),
        Column(
            "text_cluster",
            "BIGINT",
            "text cluster; null: no item of this image cluster has a text",
            nullable=True,
        ),
        Column("n", "BIGINT", "items of the pair", "items", minimum=0),
        Column(
            "ratio",
            "DOUBLE",
            "n over the image cluster's items with a text cluster",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "rank",
            "BIGINT",
            "1 = largest ratio; ties: larger n, then smaller text id",
            nullable=True,
            minimum=1,
        ),
        Column("n_with_text", "BIGINT", "items of the image cluster with a text cluster", "items", minimum=0),
        Column(
            "n_without_text",
            "BIGINT",
            "items of the image cluster without a text cluster",
            "items",
            minimum=0,
        ),
        Column("n_images", "BIGINT", "distinct images behind the pair", "images", minimum=0),
        Column("n_posts", "BIGINT", "distinct posts behind the pair", "posts", minimum=0),
        Column("n_posters", "BIGINT", "distinct posters behind the pair", "posters", minimum=0),
        Column(
            "low_support", "BOOLEAN", "the image cluster has fewer posts with a text than is worth believing"
        ),
        Column(
            "ratio_low",
            "DOUBLE",
            "lower end of the ratio's 95 % interval (Wilson, n = what the posts are worth, given their accounts)",
            "1",
            True,
        ),
        Column("ratio_high", "DOUBLE", "upper end of it", "1", True),
        Column("base_share", "DOUBLE", "share of the text cluster among all items with a text", "1", True),
        Column("lift", "DOUBLE", "ratio over base_share: 1 = as everywhere", "1", True, minimum=0),
        Column(
            "cautious_lift",
            "DOUBLE",
            "the lift nearest to 1 that the ratio's interval allows: what to show, to colour and to sort by",
            "1",
            True,
            minimum=0,
        ),
        Column("npmi", "DOUBLE", "normalised pointwise mutual information: 0 = independent", "1", True),
        Column(
            "p_value",
            "DOUBLE",
            "chance of so many posts or more if topics were dealt at random to posts (hypergeometric)",
            "1",
            True,
        ),
        Column("q_value", "DOUBLE", "p_value corrected for all pairs (Benjamini-Hochberg)", "1", True),
        Column(
            "poster_p_value",
            "DOUBLE",
            "the same asked by account, not by post (jackknife, see core/crosstab/account_links)",
            "1",
            True,
        ),
        Column(
            "poster_q_value",
            "DOUBLE",
            "poster_p_value corrected for all pairs (Benjamini-Hochberg)",
            "1",
            True,
        ),
        Column(
            "largest_poster_share",
            "DOUBLE",
            "share of the pair's posts that its most active account wrote; null: accounts are not known",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "supported", "BOOLEAN", "the link is worth believing, see core/crosstab/belief", nullable=True
        ),
        Column(
            "sight_contrast",
            "DOUBLE",
            "by how much the style's pictures match other accounts' captions of the topic better than other styles' "
            "do (difference of mean cosines); null: pictures and captions are in two spaces",
            "1",
            True,
        ),
        Column(
            "sight_q_value",
            "DOUBLE",
            "chance of such a contrast if pictures were dealt at random to styles, or captions to topics, whichever is "
            "likelier; by account, corrected for all pairs (Benjamini-Hochberg)",
            "1",
            True,
            minimum=0,
            maximum=1,
        ),
        Column(
            "sight_agrees",
            "BOOLEAN",
            "second opinion on the link: pictures and captions are of one thing, see core/sight/matches",
            nullable=True,
        ),
    ),
    key=("unit", "image_cluster", "text_cluster"),
    checks=(
        "(text_cluster IS NULL) = (n = 0)",
        "(text_cluster IS NULL) = (ratio IS NULL)",
        "ratio_low <= ratio AND ratio <= ratio_high",
        "p_value <= q_value",
        "poster_p_value <= poster_q_value",
        "(sight_contrast IS NULL) = (sight_agrees IS NULL)",
    ),
)

SEEN_WORDS = Table(
    "seen_words",
    "a word that a style's pictures show, not its captions; none where pictures and words are in two spaces",
    (
        _CRAWL_DATE,
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
        _CRAWL_DATE,
        _POST_ID,
        _POSTER_ID,
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

PROPOSED_BY = ("keywords", "one_account")
NAMED_BY = ("analyst", *PROPOSED_BY, "seen", "identity")


def _median(name: str) -> tuple[Column, ...]:
    of = f"median {name} of its distinct posts that show them"
    return (
        Column(f"{name}_median", "DOUBLE", of, name, True, minimum=0),
        Column(f"{name}_low", "DOUBLE", f"{of}: lower end of the 95 % interval", name, True, minimum=0),
        Column(f"{name}_high", "DOUBLE", f"{of}: upper end of the 95 % interval", name, True, minimum=0),
        Column(f"{name}_median_is_lower_bound", "BOOLEAN", f"the {of} is 'at least' (10万+ among them)"),
        Column(f"n_with_{name}", "BIGINT", f"distinct posts that show {name}", "posts", minimum=0),
    )


CLUSTER_PROFILES = Table(
    "cluster_profiles",
    "a cluster: a visual style (image) or a topic (text)",
    (
        _CRAWL_DATE,
        _MODALITY,
        Column("cluster_id", "BIGINT", "cluster, as in clusters", minimum=0),
        Column(
            "proposed_name",
            "VARCHAR",
            "name that this crawl's captions propose, of its best keywords, unique in a modality; null: they propose "
            "none. What it is called is in cluster_identities",
            nullable=True,
        ),
        Column(
            "proposed_by",
            "VARCHAR",
            "what that is made of: keywords of several accounts, or one account's words (there are no others)",
            nullable=True,
            allowed=PROPOSED_BY,
        ),
        Column(
            "keywords",
            "VARCHAR[]",
            "words that set it apart, best first, with proposed_by one_account of one account; [] if none does",
        ),
        Column("n_items", "BIGINT", "images or texts in it", "items", minimum=1),
        Column("n_posts", "BIGINT", "distinct posts they come from", "posts", minimum=1),
        Column("n_posters", "BIGINT", "distinct posters they come from", "posters", minimum=1),
        Column("share", "DOUBLE", "share of the modality's items", "1", minimum=0, maximum=1),
        Column("medoid_post_id", "VARCHAR", "post of the item nearest to the centroid"),
        Column("medoid_frame", "VARCHAR", "picture of that post; null for a text", nullable=True),
        Column("typical_post_ids", "VARCHAR[]", "posts of its most typical items, no near duplicates"),
        Column("typical_frames", "VARCHAR[]", "their pictures, in the same order; '' for a text"),
        Column(
            "top_poster_share", "DOUBLE", "share of its items of the most frequent poster", "1", maximum=1
        ),
        Column(
            "n_effective_posters",
            "DOUBLE",
            "posters if all had equally many items (1 over the sum of squared shares)",
            "posters",
            minimum=1 - 1e-9,
        ),
        *_median("likes"),
        *_median("collects"),
        Column(
            "n_near_duplicates",
            "BIGINT",
            "items that nearly repeat a more typical one (cosine 0.95 or more)",
            "items",
            minimum=0,
        ),
        Column("low_support", "BOOLEAN", "it has fewer posts than is worth believing"),
        Column("one_poster", "BOOLEAN", "one poster made at least 90 % of its items"),
        Column("encoder", "VARCHAR", "encoder of the vectors"),
        Column("centroid", "FLOAT[]", "direction of the mean of its vectors, length 1", unit="1"),
    ),
    key=("modality", "cluster_id"),
    checks=(
        "(modality = 'text') = (medoid_frame IS NULL)",
        "(proposed_by IS NULL) = (proposed_name IS NULL)",
        "proposed_by IS NULL OR len(keywords) > 0",
        "len(typical_post_ids) = len(typical_frames) AND typical_post_ids[1] = medoid_post_id",
    ),
)

EXPERIMENTS = ("methods", "matting", "encoders")
_AMI = "adjusted mutual information of the clustering (an item a post, noise left out) with "
_NEAREST = "share of items whose nearest of another post is "

METHOD_COMPARISON = Table(
    "method_comparison",
    "a way to cluster the crawl's sample: a method, pictures matted or not, or an encoder",
    (
        _CRAWL_DATE,
        _MODALITY,
        Column("experiment", "VARCHAR", "what is varied; all else is the crawl's own", allowed=EXPERIMENTS),
        Column("variant", "VARCHAR", "k-means, dbscan ..; matted, unmatted; or the encoder"),
        Column("is_used", "BOOLEAN", "the crawl's own clusters are made so"),
        Column("status", "VARCHAR", "run, or 'not run' and why"),
        Column("parameters", "VARCHAR", "what the method was given", nullable=True),
        Column("encoder", "VARCHAR", "encoder of the vectors", nullable=True),
        Column("n_items", "BIGINT", "items sampled and clustered", "items", minimum=0),
        Column("n_items_all", "BIGINT", "items the crawl has", "items", minimum=0),
        Column("n_clusters", "BIGINT", "clusters found, noise not counted", "clusters", True, minimum=0),
        Column("noise_share", "DOUBLE", "share of the items in no cluster", "1", True, minimum=0, maximum=1),
        Column("silhouette", "DOUBLE", "mean silhouette of the clustered items", "1", True),
        Column(
            "stability",
            "DOUBLE",
            "mean adjusted Rand index between refits on random halves of the accounts",
            "1",
            True,
        ),
        Column("stability_spread", "DOUBLE", "standard error of it", "1", True),
        Column("agreement_kmeans", "DOUBLE", "adjusted Rand index with k-means", "1", True),
        Column("agreement_dbscan", "DOUBLE", "adjusted Rand index with DBSCAN", "1", True),
        Column("agreement_optics", "DOUBLE", "adjusted Rand index with OPTICS", "1", True),
        Column("agreement_hdbscan", "DOUBLE", "adjusted Rand index with HDBSCAN", "1", True),
        Column("poster_agreement", "DOUBLE", _AMI + "the posters", "1", True),
        Column(
            "poster_neighbours",
            "DOUBLE",
            "share of items whose nearest of another post is of the same poster",
            "1",
            True,
        ),
        Column("poster_neighbours_expected", "DOUBLE", "the same by chance", "1", True),
        Column("cross_agreement", "DOUBLE", _AMI + "the crawl's clusters of the other modality", "1", True),
        Column(
            "cross_error",
            "DOUBLE",
            "standard error of it (half-samples of accounts)",
            "1",
            True,
        ),
        Column(
            "cross_agreement_without_copies", "DOUBLE", "the same, near duplicates counted once", "1", True
        ),
        Column("background_agreement", "DOUBLE", _AMI + "clusters of the background's colours", "1", True),
        Column(
            "background_error",
            "DOUBLE",
            "standard error of it (half-samples of accounts)",
            "1",
            True,
        ),
        Column(
            "copied_neighbours",
            "DOUBLE",
            _NEAREST + "a near duplicate",
            "1",
            True,
        ),
        Column("seconds", "DOUBLE", "time of one fit", "seconds", True, minimum=0),
        Column("verdict", "VARCHAR", "what the numbers say, in a sentence", nullable=True),
    ),
    key=("modality", "experiment", "variant"),
    checks=("(status = 'run') = (n_clusters IS NOT NULL)",),
)

EVENTS = ("first", "continued", "born", "split", "unmatched", "merged")
DIRECTIONS = ("rising", "falling", "flat", "too few crawls")
BASES = ("crawl_date", "published_month")
_IDENTITY = Column("identity", "VARCHAR", "lasting id of the style or topic, over crawl dates")

CLUSTER_IDENTITIES = Table(
    "cluster_identities",
    "a cluster of a crawl date, and which lasting style or topic it is",
    (
        _CRAWL_DATE,
        _MODALITY,
        Column("cluster_id", "BIGINT", "cluster of that crawl date", minimum=0),
        _IDENTITY,
        Column(
            "name",
            "VARCHAR",
            "what it is called wherever it is shown, the same on every crawl date, unique in a modality; with † it is "
            "of one account's words, with ‡ of what its pictures show",
        ),
        Column(
            "name_by",
            "VARCHAR",
            "who named it: the analyst, keywords of several accounts, what its pictures show (seen), one account's "
            "words, or nobody (its id)",
            allowed=NAMED_BY,
        ),
        Column(
            "event",
            "VARCHAR",
            "first: of the encoder's first crawl; continued; merged: goes on, and took in another; born: new, by the "
            "test of is_new; split: new, and near one that goes on; unmatched: goes on from none, and nothing shows "
            "that it is new (clusters are drawn anew in every crawl)",
            allowed=EVENTS,
        ),
        Column(
            "crawl_before",
            "DATE",
            "the crawl date before it that has clusters of the encoder; null: there is none",
            nullable=True,
        ),
        Column(
            "previous_crawl_date",
            "DATE",
            "crawl date of the cluster it goes on from (earlier than crawl_before: after an absence) or is drawn "
            "off",
            nullable=True,
        ),
        Column("previous_cluster_id", "BIGINT", "that cluster", nullable=True, minimum=0),
        Column("similarity", "DOUBLE", "cosine of the two centroids", "1", True),
        Column(
            "split_from",
            "VARCHAR",
            "of one that goes on from none: the identity of the crawl before that goes on elsewhere and has it in "
            "reach",
            nullable=True,
        ),
        Column("absorbed", "VARCHAR[]", "identities that ended by merging into it here"),
        Column("first_seen", "DATE", "first crawl date of the identity"),
        Column("last_seen", "DATE", "last crawl date of the identity"),
        Column(
            "ended",
            "BOOLEAN",
            "there is a next crawl date of the encoder, and it goes on in no cluster of it; whether its posts are "
            "gone is said by is_gone",
        ),
        Column(
            "is_new",
            "BOOLEAN",
            "goes on from none, and the crawl before has far fewer posts of its kind: novelty_q_value is at most "
            "0.05, accounts confirm it, and its share was at most a quarter; null: not compared",
            nullable=True,
        ),
        Column(
            "is_back",
            "BOOLEAN",
            "goes on after an absence, and the crawl before has far fewer posts of its kind, as in is_new; null: not "
            "compared",
            nullable=True,
        ),
        Column(
            "is_gone",
            "BOOLEAN",
            "it ended, and the next crawl has far fewer posts of its kind: gone_q_value is at most 0.05, accounts "
            "confirm it, and its share is at most a quarter then; null: not compared",
            nullable=True,
        ),
        Column(
            "n_posts_here",
            "BIGINT",
            "posts of this crawl in its region, by what other accounts have in it, see core/over_time/novelty",
            "posts",
            True,
            minimum=0,
        ),
        Column("n_posts_before", "BIGINT", "posts of crawl_before in its region", "posts", True, minimum=0),
        Column("n_posts_after", "BIGINT", "posts of the next crawl in its region", "posts", True, minimum=0),
        Column(
            "novelty_q_value",
            "DOUBLE",
            "chance of so much less in the crawl before if its share were the same, corrected for all clusters of the "
            "crawl; null: too few posts or accounts to tell",
            "1",
            True,
        ),
        Column("gone_q_value", "DOUBLE", "the same of the next crawl", "1", True),
        Column("encoder", "VARCHAR", "encoder of the centroids; identities of different encoders never mix"),
        Column(
            "centroid",
            "FLOAT[]",
            "as in cluster_profiles, so that the identity is known when its crawl date is clustered again",
            "1",
            True,
        ),
    ),
    key=("modality", "cluster_id"),
    checks=(
        "event NOT IN ('first', 'born') OR previous_crawl_date IS NULL",
        "event IN ('first', 'born', 'unmatched') OR previous_crawl_date IS NOT NULL",
        "event <> 'split' OR split_from IS NOT NULL",
        "is_new IS NULL OR is_new = (event IN ('born', 'split'))",
        "(event = 'merged') = (len(absorbed) > 0)",
        "first_seen <= crawl_date AND crawl_date <= last_seen",
    ),
    partitioned=False,
)

TRENDS = Table(
    "trends",
    "an identity's share of the posts of a crawl date, or of a month of publication",
    (
        _MODALITY,
        _IDENTITY,
        Column("name", "VARCHAR", "its name, as in cluster_identities"),
        Column(
            "basis",
            "VARCHAR",
            "what time is: the crawl; or the month of publication, of posts that were still found",
            allowed=BASES,
        ),
        Column("crawl_date", "DATE", "crawl date; with basis published_month, the first day of the month"),
        Column("n_posts", "BIGINT", "posts of it that count, each in its first crawl", "posts", minimum=0),
        Column("n_posts_all", "BIGINT", "posts of all identities that count", "posts", minimum=1),
        Column("share", "DOUBLE", "n_posts over n_posts_all", "1", minimum=0, maximum=1),
        Column("share_low", "DOUBLE", "lower end of the share's 95 % interval, by account", "1", minimum=0),
        Column("share_high", "DOUBLE", "upper end of it", "1", maximum=1),
        Column("slope", "DOUBLE", "change of the share by the fitted line", "1/day", True),
        Column("change", "DOUBLE", "change of the share from first to last, by the fitted line", "1", True),
        Column("change_low", "DOUBLE", "lower end of the change's 95 % interval", "1", True),
        Column("change_high", "DOUBLE", "upper end of it", "1", True),
        Column(
            "p_value",
            "DOUBLE",
            "chance of such a trend or a steeper one, up or down, if the share were constant; a family's if larger",
            "1",
            True,
        ),
        Column("q_value", "DOUBLE", "p_value corrected for all identities of modality and basis", "1", True),
        Column("poster_p_value", "DOUBLE", "the same by leaving out an account at a time", "1", True),
        Column("direction", "VARCHAR", "rising or falling where both tests say so", allowed=DIRECTIONS),
        Column("n_times", "BIGINT", "crawl dates or months that the line is through", "dates", minimum=1),
        Column("n_posters", "BIGINT", "accounts of its posts that count", "accounts", True, minimum=1),
        Column(
            "family",
            "VARCHAR",
            "first identity of those that split off each other or merged; moves only as the family does",
            nullable=True,
        ),
        Column(
            "fresh_only",
            "BOOLEAN",
            "the first crawl is a stock: only posts count that were published since the crawl before",
            nullable=True,
        ),
        Column("encoder", "VARCHAR", "encoder of the clusters"),
    ),
    key=("modality", "identity", "basis"),
    checks=(
        "n_posts <= n_posts_all",
        "share_low <= share AND share <= share_high",
        "(direction = 'too few crawls') = (p_value IS NULL)",
        "(p_value IS NULL) = (q_value IS NULL) AND (p_value IS NULL) = (poster_p_value IS NULL)",
    ),
    partitioned=False,
)

CHARTS = Table(
    "charts",
    "a picture",
    (
        _CRAWL_DATE,
        Column("name", "VARCHAR", "what it shows: elbow_image, map_text, cluster_sheet, bars_top3 .."),
        Column("part", "BIGINT", "part of a picture in parts, or the cluster of a contact sheet", minimum=0),
        Column("title", "VARCHAR", "title, as drawn"),
        Column("path", "VARCHAR", "PNG file, relative to charts/"),
        Column("sha256", "VARCHAR", "sha256 of the file"),
        Column("width", "BIGINT", "width", "pixels", minimum=1),
        Column("height", "BIGINT", "height", "pixels", minimum=1),
        Column("n_bytes", "BIGINT", "size of the file", "bytes", minimum=1),
    ),
    key=("name", "part"),
)

REPORT = Table(
    "report",
    "the report of a crawl date",
    (
        _CRAWL_DATE,
        Column("path", "VARCHAR", "its file, below the reports folder"),
        Column("sha256", "VARCHAR", "sha256 of the file"),
        Column("n_bytes", "BIGINT", "size of the file", "bytes", minimum=1),
        Column("n_findings", "BIGINT", "sentences in the answers at its top", "sentences", minimum=0),
        Column("headline", "VARCHAR", "the crawl in a sentence"),
    ),
    key=("path",),
)

REJECTS = Table(
    "rejects",
    "a row, file or picture that could not be used",
    (
        _CRAWL_DATE,
        Column("asset", "VARCHAR", "asset that refused it", allowed=("raw_posts", "matted_images")),
        Column("source_file", "VARCHAR", "file, relative to the drop, accounts hashed"),
        Column(
            "source_row", "BIGINT", "row in the file (1 = first record); null for a whole file", nullable=True
        ),
        Column("post_id", "VARCHAR", "the post, where it is known", nullable=True),
        Column("reason", "VARCHAR", "what is wrong, in a sentence"),
    ),
    key=(),
)

TABLES: Mapping[str, Table] = MappingProxyType(
    {
        table.name: table
        for table in (
            RAW_POSTS,
            MATTED_IMAGES,
            IMAGE_EMBEDDINGS,
            SUMMARIES,
            TEXT_EMBEDDINGS,
            ITEM_POSITIONS,
            K_SELECTION,
            CLUSTERS,
            CROSSTAB_RATIOS,
            CLUSTER_PROFILES,
            SEEN_WORDS,
            CAPTION_MATCHES,
            METHOD_COMPARISON,
            CLUSTER_IDENTITIES,
            TRENDS,
            CHARTS,
            REPORT,
            REJECTS,
        )
    }
)
