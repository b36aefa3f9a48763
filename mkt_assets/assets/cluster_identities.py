"""cluster_identities: which styles and topics last, are new or gone. Decided in core/over_time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa

from mkt_assets.assets.metadata import markdown_table
from mkt_assets.assets.step import Derived, Run, step
from mkt_assets.contract.tables.over_time import CLUSTER_IDENTITIES
from mkt_assets.core.over_time.identities import CLUSTER_KEY, anchors, identify, spreads
from mkt_assets.core.over_time.novelty import claims
from mkt_assets.core.over_time.versions import versions_by_date
from mkt_assets.core.profiles.account_words import SEEN
from mkt_assets.core.profiles.identity_names import name_identities
from mkt_assets.core.profiles.names import read_names
from mkt_assets.core.rounding import percent
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.stored.clustered import ClusteredItems

# What is told of a cluster on its crawl date; the rest is known when there is a later one.
AS_OF_DATE = [
    *("modality", "cluster_id", "identity", "name", "name_by", "event", "previous_crawl_date"),
    *("split_from", "absorbed", "is_new", "is_back"),
]
SOURCES = {
    "cluster_profiles": [
        *CLUSTER_KEY,
        "proposed_name",
        "proposed_by",
        "n_items",
        "share",
        "encoder",
        "centroid",
    ],
    "seen_words": ["crawl_date", "cluster_id", "rank", "word_zh"],
    "clusters": [*CLUSTER_KEY, "post_id", "poster_id", "frame", "item_crawl_date", "distance"],
    "cluster_identities": [*AS_OF_DATE, "crawl_date", "is_gone", "encoder", "centroid"],
}
SHOWN_EVENTS = 30
_SEEN_IN_NAME = 2


@step(
    CLUSTER_IDENTITIES,
    version=4,
    group="findings",
    kinds={"python", "duckdb", "scipy"},
    deps=["cluster_profiles", "seen_words"],
    settings=("low_support_posts", "names_file"),
    description="Clusters of successive crawl dates, matched one-to-one by their centroids, so that a style or "
    "topic keeps its id and its name; which of them are new, gone or back, by a test of the posts that allows for "
    "accounts. Computed of all crawl dates each time, and so the same in whatever order they were run; but an id, "
    "once it is published, stays.",
)
def cluster_identities(run: Run, warehouse: Warehouse) -> Derived:
    """Match, test and name the clusters of all crawl dates."""
    given = read_names(run.settings.names_file)
    metadata: dict[str, Any] = {}
    before: dict[date, str] = {}

    def derive(tables: Mapping[str, pa.Table]) -> pa.Table:
        profiles, members, left_out = read_clusters(tables)
        known = tables["cluster_identities"].to_pandas()
        before.update(_versions(known))
        identities, unused = name_identities(
            claims(
                identities_of(profiles, members, known[[*CLUSTER_KEY, "encoder", "identity", "centroid"]]),
                ClusteredItems(warehouse.read, profiles, members).of,
                min_posts=run.settings.low_support_posts,
            ),
            pd.concat([profiles, _proposed_by_sight(tables["seen_words"].to_pandas())], ignore_index=True),
            members,
            given,
        )
        metadata.update(_metadata(identities, profiles, run.crawl_date, unused, left_out))
        if identities.empty:  # its columns have no types
            return CLUSTER_IDENTITIES.empty()
        return pa.Table.from_pandas(
            identities[CLUSTER_IDENTITIES.column_names],
            CLUSTER_IDENTITIES.arrow_schema(),
            preserve_index=False,
        )

    rows = warehouse.replace_derived("cluster_identities", SOURCES, derive)
    return Derived(rows.num_rows, metadata, _versions(rows.to_pandas()), before)


def _versions(identities: pd.DataFrame) -> dict[date, str]:
    return versions_by_date(identities, AS_OF_DATE, known_later=["is_gone"])


def read_clusters(tables: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Profiles, members, and the crawl dates left out because they were clustered again since their profiles.

    Another run is at work there; it computes the identities anew when its profiles are done.
    """
    profiles = tables["cluster_profiles"].to_pandas()
    profiles = profiles.rename(columns={"proposed_name": "name", "proposed_by": "name_by"})
    members = tables["clusters"].to_pandas()
    sizes = members.groupby(CLUSTER_KEY).size().rename("n_now").reset_index()
    both = profiles[[*CLUSTER_KEY, "n_items"]].merge(sizes, on=CLUSTER_KEY, how="outer")
    stale = set(both.loc[both["n_items"] != both["n_now"], "crawl_date"])
    kept = profiles[~profiles["crawl_date"].isin(stale)]
    return kept, members, sorted(str(day) for day in stale)


def _proposed_by_sight(seen: pd.DataFrame) -> pd.DataFrame:
    """Names of the first words that the pictures of each style show, as the captions' words propose theirs."""
    first = seen[seen["rank"] <= _SEEN_IN_NAME].sort_values(["crawl_date", "cluster_id", "rank"])
    names = first.groupby(["crawl_date", "cluster_id"])["word_zh"].agg(" · ".join).rename("name")
    return names.reset_index().assign(modality="image", name_by=SEEN)


def identities_of(profiles: pd.DataFrame, members: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What `identify` finds of profiles and members, ids as they are known."""
    of_members = pd.concat([anchors(members), spreads(members)], axis=1).reset_index()
    return identify(profiles.merge(of_members, on=CLUSTER_KEY, how="left"), known)


def _metadata(
    identities: pd.DataFrame,
    profiles: pd.DataFrame,
    crawl_date: date,
    unused: Sequence[tuple[str, str]],
    left_out: Sequence[str],
) -> dict[str, Any]:
    """The names of the crawl date's styles and topics, and what the last crawl date brought."""
    last = identities[identities["crawl_date"] == identities["crawl_date"].max()]
    before = identities[identities["crawl_date"] < identities["crawl_date"].max()]
    here = identities[identities["crawl_date"] == crawl_date].merge(
        profiles[[*CLUSTER_KEY, "n_items", "share"]], on=CLUSTER_KEY
    )
    return {
        "styles": int(identities.loc[identities["modality"] == "image", "identity"].nunique()),
        "topics": int(identities.loc[identities["modality"] == "text", "identity"].nunique()),
        "crawl_dates": int(identities["crawl_date"].nunique()),
        "styles_of_this_crawl": markdown_table(_largest(here[here["modality"] == "image"])),
        "topics_of_this_crawl": markdown_table(_largest(here[here["modality"] == "text"])),
        **{
            f"n_{event}": int((last["event"] == event).sum())
            for event in ("continued", "merged", "unmatched")
        },
        "n_new": int(last["is_new"].sum()),
        "n_back": int(last["is_back"].sum()),
        # what the last crawl date no longer has
        "n_gone": int(before.loc[before["crawl_date"] == before["crawl_date"].max(), "is_gone"].sum()),
        "events": markdown_table(_events(identities)),
        "unused_names": ", ".join(f"{modality} {key}" for modality, key in unused) or "none",
        "crawl_dates_left_out": ", ".join(left_out) or "none",
    }


def _largest(here: pd.DataFrame, n: int = 20) -> list[dict[str, object]]:
    return [
        {
            "name": row["name"],
            "named by": row["name_by"],
            "share": percent(row["share"]),
            "items": row["n_items"],
            "cluster": row["cluster_id"],
            "identity": row["identity"],
        }
        for row in here.sort_values("cluster_id").head(n).to_dict("records")
    ]


def _events(identities: pd.DataFrame) -> list[dict[str, object]]:
    """What happened, latest first: what is new, took in others, came back or went."""
    rows: list[dict[str, object]] = []
    names = dict(zip(identities["identity"], identities["name"], strict=True))
    for row in identities.sort_values(CLUSTER_KEY, ascending=[False, True, True]).to_dict("records"):
        for what in _what(row, names):
            rows.append({"crawl date": row["crawl_date"], "name": row["name"], "what": what})
    return rows[:SHOWN_EVENTS]


def _what(row: Mapping[Any, Any], names: Mapping[str, str]) -> Iterator[str]:
    if row["event"] == "split":
        yield f"new, near {names[row['split_from']]}"
    elif row["event"] == "merged":
        yield f"took in {', '.join(names[identity] for identity in row['absorbed'])}"
    elif row["event"] == "born":
        yield "new"
    if row["is_back"] is True:
        yield "back"
    if row["is_gone"] is True:
        yield "last seen here" if row["last_seen"] == row["crawl_date"] else "not in the next crawl"
