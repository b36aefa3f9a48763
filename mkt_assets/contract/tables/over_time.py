"""Identities that last over crawl dates, their names, and what moves."""

from __future__ import annotations

from mkt_assets.contract.columns import CRAWL_DATE, MODALITY
from mkt_assets.contract.table import Column, Table
from mkt_assets.contract.tables.profiles import PROPOSED_BY

NAMED_BY = ("analyst", *PROPOSED_BY, "seen", "identity")
EVENTS = ("first", "continued", "born", "split", "unmatched", "merged")
DIRECTIONS = ("rising", "falling", "flat", "too few crawls")
BASES = ("crawl_date", "published_month")
_IDENTITY = Column("identity", "VARCHAR", "lasting id of the style or topic, over crawl dates")

CLUSTER_IDENTITIES = Table(
    "cluster_identities",
    "a cluster of a crawl date, and which lasting style or topic it is",
    (
        CRAWL_DATE,
        MODALITY,
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
        MODALITY,
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

TABLES = (CLUSTER_IDENTITIES, TRENDS)
