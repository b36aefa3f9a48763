"""The questions people ask of the tables, as SQL views, as data: names, columns with meanings, and the query.

The warehouse creates them beside its tables, so they are in the published snapshot, too. A view reads tables and no
other view: views may then be created, and copied, in any order.

Not here: creating them (resources/warehouse).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mkt_assets.core.profiles.account_words import MARK, SEEN_MARK


@dataclass(frozen=True)
class View:
    """A view: the question it answers, and its columns (name to meaning) in the order of `query`."""

    name: str
    answers: str
    columns: Mapping[str, str]
    query: str


# The latest crawl that has clusters: one without posts, or still under way, hides nothing.
_LATEST = "(SELECT max(crawl_date) FROM cluster_profiles)"
_CLUSTERS = """(
    SELECT p.*, i.identity, i.event, i.split_from, i.is_new, i.n_posts_before, i.novelty_q_value,
        i.name
    FROM cluster_profiles p LEFT JOIN cluster_identities i USING (crawl_date, modality, cluster_id)
)"""

_CRAWL_DATE = {"crawl_date": "date of the crawl"}
_NAMED = {
    "name": f"name of the style or topic, the same in every crawl; with {MARK} it is of one account's words, "
    f"with {SEEN_MARK} of what its pictures show",
    "identity": "its lasting id, over crawl dates",
}
_SEEN = {
    "seen_zh": "words that its pictures show, best first, in Chinese; empty if none, or if they cannot be compared",
    "seen_en": "the same in English",
}
_SEEN_COLUMNS = "".join(
    f"(SELECT coalesce(list(w.word_{language} ORDER BY w.rank), []) FROM seen_words w "
    f"WHERE w.crawl_date = c.crawl_date AND w.cluster_id = c.cluster_id) AS seen_{language}, "
    for language in ("zh", "en")
)
_SIZE = {
    "n_posts": "distinct posts in it",
    "n_posters": "distinct posters they are by",
    "share": "share of all pictures (of a style) or texts (of a topic) of the crawl, 0 to 1",
    "likes_median": "median likes of its posts that show them",
    "low_support": "it has fewer posts than is worth believing",
    "one_poster": "one poster made at least 90 % of it",
}


def _top(name: str, kind: str, modality: str, items: str) -> View:
    return View(
        name,
        f"Which {kind}s does the latest crawl have? One row a {kind}, the one with most posts first",
        {
            **_CRAWL_DATE,
            kind: f"number of the {kind} in its crawl, as in the charts",
            **_NAMED,
            **(_SEEN if modality == "image" else {}),
            f"n_{items}": f"{items} in it",
            **_SIZE,
        },
        f"""
        SELECT c.crawl_date, c.cluster_id AS {kind}, c.name, c.identity,
            {_SEEN_COLUMNS if modality == "image" else ""} c.n_items AS n_{items},
            c.n_posts, c.n_posters, c.share, c.likes_median, c.low_support, c.one_poster
        FROM {_CLUSTERS} c
        WHERE c.modality = '{modality}' AND c.crawl_date = {_LATEST}
        ORDER BY c.n_posts DESC, c.cluster_id
        """,
    )


_REAL_LINKS = View(
    "real_links",
    "Which topics really go with which styles? One row a believable link of a crawl, latest crawl and strongest "
    "link first",
    {
        **_CRAWL_DATE,
        "style": "number of the style in its crawl",
        "style_name": "name of the style",
        "topic": "number of the topic in its crawl",
        "topic_name": "name of the topic",
        "ratio": "share of the style's pictures with a text that have this topic, 0 to 1",
        "ratio_low": "lower end of the ratio's 95 % interval",
        "ratio_high": "upper end of it",
        "lift": "how many times more often than in the whole crawl",
        "n_posts": "distinct posts behind the link",
        "n_posters": "distinct posters behind it",
        "largest_poster_share": "share of these posts that the most active of them wrote, 0 to 1",
        "q_value": "chance that it is a chance find, by post, corrected for all pairs",
        "poster_q_value": "the same asked by account",
        "sight_agrees": "pictures and captions agree by sight; null where they cannot be compared",
    },
    f"""
    SELECT r.crawl_date, r.image_cluster AS style, s.name AS style_name, r.text_cluster AS topic,
        t.name AS topic_name, r.ratio, r.ratio_low, r.ratio_high, r.lift, r.n_posts, r.n_posters,
        r.largest_poster_share, r.q_value, r.poster_q_value, r.sight_agrees
    FROM crosstab_ratios r
    LEFT JOIN {_CLUSTERS} s
        ON s.crawl_date = r.crawl_date AND s.modality = 'image' AND s.cluster_id = r.image_cluster
    LEFT JOIN {_CLUSTERS} t
        ON t.crawl_date = r.crawl_date AND t.modality = 'text' AND t.cluster_id = r.text_cluster
    WHERE r.unit = 'image' AND r.supported
    ORDER BY r.crawl_date DESC, r.lift DESC, r.image_cluster, r.text_cluster
    """,
)

_WHAT_ROSE = View(
    "what_rose",
    "What rose, and what fell, over the crawls? One row a style or topic whose share moves, by two tests; the "
    "steepest rise first, the steepest fall last",
    {
        "modality": "image: a style; text: a topic",
        **_NAMED,
        "direction": "rising or falling",
        "change": "change of its share of the posts from the first crawl to the last, by the fitted line",
        "change_low": "lower end of the change's 95 % interval",
        "change_high": "upper end of it",
        "first_share": "share in the first crawl, 0 to 1",
        "last_share": "share in the last crawl",
        "n_crawls": "crawl dates that the line is through",
        "n_posters": "accounts of its posts",
        "q_value": "chance of such a trend if the share were constant, corrected for all styles or topics",
        "poster_p_value": "the same by leaving out an account at a time (not corrected)",
    },
    """
    SELECT modality, any_value(name) AS name, identity, any_value(direction) AS direction,
        any_value(change) AS change, any_value(change_low) AS change_low, any_value(change_high) AS change_high,
        arg_min(share, crawl_date) AS first_share,
        arg_max(share, crawl_date) AS last_share, any_value(n_times) AS n_crawls,
        any_value(n_posters) AS n_posters, any_value(q_value) AS q_value,
        any_value(poster_p_value) AS poster_p_value
    FROM trends
    WHERE basis = 'crawl_date' AND direction IN ('rising', 'falling')
    GROUP BY modality, identity
    ORDER BY change DESC, modality, identity
    """,
)

_NEW_STYLES = View(
    "new_styles",
    "What is new in the latest crawl? One row a style or topic of which the crawl before has far fewer posts, by a "
    "test; the first crawl has none, as nothing was before it",
    {
        **_CRAWL_DATE,
        "modality": "image: a style; text: a topic",
        "cluster_id": "number of the style or topic in that crawl",
        **_NAMED,
        "event": "born: new; split: new, and near one that goes on",
        "split_from_name": "name of the one that it is near",
        "n_posts": "distinct posts in it",
        "share": "share of all pictures or texts of the crawl, 0 to 1",
        "n_posts_before": "posts of the crawl before that are of its kind",
        "q_value": "chance of so few if its share were the same, corrected for all styles or topics",
    },
    f"""
    SELECT c.crawl_date, c.modality, c.cluster_id, c.name, c.identity, c.event,
        (SELECT any_value(o.name) FROM cluster_identities o
         WHERE o.modality = c.modality AND o.identity = c.split_from) AS split_from_name,
        c.n_posts, c.share, c.n_posts_before, c.novelty_q_value AS q_value
    FROM {_CLUSTERS} c
    WHERE c.crawl_date = {_LATEST} AND c.is_new
    ORDER BY c.modality, c.n_posts DESC, c.cluster_id
    """,
)

_POST = {
    "post_id": "the platform's id of the post",
    "title": "title of the post",
    "post_url": "address of the post",
    "n_likes": "likes shown",
    "n_collects": "collects shown",
    "published_at": "when it was published, local time of the platform",
}

_POSTS_OF_STYLE = View(
    "posts_of_style",
    "Which posts make up a style? One row a picture of a crawl, latest crawl first, the most typical first within a "
    "style; filter by style, name or identity",
    {
        **_CRAWL_DATE,
        "style": "number of the style in its crawl",
        **_NAMED,
        "rank_in_style": "1 = most typical, nearest to the centroid",
        **_POST,
        "frame": "which picture of the post",
        "matte_path": "the person cut out of the picture, relative to media/ in the home",
        "caption_match": "share of mismatched pairs of pictures and texts that match less than its own, 0 to 1",
    },
    f"""
    SELECT m.crawl_date, m.cluster_id AS style, c.name, c.identity,
        m.rank_in_cluster AS rank_in_style, m.post_id, p.title, p.post_url, p.n_likes, p.n_collects, p.published_at,
        m.frame, f.matte_path, a.percentile AS caption_match
    FROM clusters m
    LEFT JOIN {_CLUSTERS} c
        ON c.crawl_date = m.crawl_date AND c.modality = m.modality AND c.cluster_id = m.cluster_id
    LEFT JOIN raw_posts p ON p.crawl_date = m.item_crawl_date AND p.post_id = m.post_id
    LEFT JOIN matted_images f
        ON f.crawl_date = m.item_crawl_date AND f.post_id = m.post_id AND f.frame = m.frame
    LEFT JOIN caption_matches a ON a.crawl_date = m.item_crawl_date AND a.post_id = m.post_id
    WHERE m.modality = 'image'
    ORDER BY m.crawl_date DESC, m.cluster_id, m.rank_in_cluster
    """,
)

_POSTS_OF_TOPIC = View(
    "posts_of_topic",
    "Which posts make up a topic? One row a text of a crawl, latest crawl first, the most typical first within a "
    "topic; filter by topic, name or identity",
    {
        **_CRAWL_DATE,
        "topic": "number of the topic in its crawl",
        **_NAMED,
        "rank_in_topic": "1 = most typical, nearest to the centroid",
        **_POST,
        "summary": "title, content and tags, cleaned: what was clustered is this without addresses and emoji",
    },
    f"""
    SELECT m.crawl_date, m.cluster_id AS topic, c.name, c.identity,
        m.rank_in_cluster AS rank_in_topic, m.post_id, p.title, p.post_url, p.n_likes, p.n_collects, p.published_at,
        s.summary
    FROM clusters m
    LEFT JOIN {_CLUSTERS} c
        ON c.crawl_date = m.crawl_date AND c.modality = m.modality AND c.cluster_id = m.cluster_id
    LEFT JOIN raw_posts p ON p.crawl_date = m.item_crawl_date AND p.post_id = m.post_id
    LEFT JOIN summaries s ON s.crawl_date = m.item_crawl_date AND s.post_id = m.post_id
    WHERE m.modality = 'text'
    ORDER BY m.crawl_date DESC, m.cluster_id, m.rank_in_cluster
    """,
)

_DATA_QUALITY = View(
    "data_quality",
    "What could not be used, and why? One row a reason of a crawl, latest crawl and commonest reason first",
    {
        **_CRAWL_DATE,
        "asset": "who found it: raw_posts (rows and files) or matted_images (pictures)",
        "verdict": "rejected: not used; flagged: used, but look at it",
        "reason": "what is wrong, numbers in it as #",
        "n": "rows, files or pictures",
        "example": "one of them: a file of the drop, accounts hashed",
    },
    """
    SELECT crawl_date, asset, verdict, regexp_replace(reason, '[0-9]+([.,][0-9]+)*', '#', 'g') AS reason,
        count(*) AS n, min(file) AS example
    FROM (
        SELECT crawl_date, asset, 'rejected' AS verdict, reason, source_file AS file FROM rejects
        UNION ALL
        SELECT crawl_date, 'matted_images', verdict, reason, media_path FROM matted_images
        WHERE verdict = 'flagged'
    ) found
    GROUP BY ALL
    ORDER BY crawl_date DESC, n DESC, asset, reason, verdict
    """,
)

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        view.name: view
        for view in (
            _top("top_styles", "style", "image", "images"),
            _top("top_topics", "topic", "text", "texts"),
            _REAL_LINKS,
            _WHAT_ROSE,
            _NEW_STYLES,
            _POSTS_OF_STYLE,
            _POSTS_OF_TOPIC,
            _DATA_QUALITY,
        )
    }
)
