"""cluster_identities: which styles and topics last, are new or gone. Decided in core/identities and core/novelty."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.cluster_profiles import vectors_of
from mkt_assets.assets.step import markdown_table, table_asset
from mkt_assets.contract.schema import CLUSTER_IDENTITIES
from mkt_assets.core.over_time.identities import CLUSTER_KEY, REACH, anchors, identify, spreads
from mkt_assets.core.over_time.novelty import CrawlItems, claims
from mkt_assets.core.profiles.identity_names import name_identities
from mkt_assets.core.profiles.names import read_names
from mkt_assets.core.profiles.profiles import unit_centroid
from mkt_assets.orchestration.failures import explained
from mkt_assets.resources.warehouse import ContractError, Warehouse
from mkt_assets.settings import Settings

SOURCES = {
    "cluster_profiles": [*CLUSTER_KEY, "name", "name_by", "n_items", "encoder", "centroid"],
    "clusters": [*CLUSTER_KEY, "post_id", "poster_id", "frame", "item_crawl_date", "distance"],
    "cluster_identities": [*CLUSTER_KEY, "encoder", "identity", "centroid"],
}
SHOWN_EVENTS = 30
_SAME_DIRECTION = 1e-4  # cosine distance of a stored centroid from that of the vectors, rounding apart


def build_cluster_identities(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        CLUSTER_IDENTITIES,
        settings,
        group="findings",
        kinds={"python", "duckdb", "scipy"},
        deps=["cluster_profiles"],
        code_version=f"2-{REACH}-{settings.low_support_posts}",
        description="Clusters of successive crawl dates, matched one-to-one by their centroids, so that a style or "
        "topic keeps its id and its name; which of them are new, gone or back, by a test of the posts that allows for "
        "accounts. Computed of all crawl dates each time, and so the same in whatever order they were run; but an id, "
        "once it is published, stays.",
    )
    def cluster_identities(
        settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[Any]:
        with explained():
            given = read_names(settings.names_file)
            said: dict[str, Any] = {}

            def derive(tables: Mapping[str, pa.Table]) -> pa.Table:
                profiles, members, left_out = read_clusters(tables)
                known = tables["cluster_identities"].to_pandas()
                identities, unused = name_identities(
                    claims(
                        identities_of(profiles, members, known),
                        _Items(warehouse, profiles, members).of,
                        min_posts=settings.low_support_posts,
                    ),
                    profiles,
                    members,
                    given,
                )
                said.update(_metadata(identities, unused, left_out))
                return pa.Table.from_pandas(
                    identities[CLUSTER_IDENTITIES.column_names],
                    CLUSTER_IDENTITIES.arrow_schema(),
                    preserve_index=False,
                )

            rows = warehouse.replace_derived("cluster_identities", SOURCES, derive)
            return dg.MaterializeResult(metadata={"dagster/row_count": rows.num_rows, **said})

    return cluster_identities


def read_clusters(tables: Mapping[str, pa.Table]) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Profiles, members, and the crawl dates left out because they were clustered again since their profiles.

    Another run is at work there; it computes the identities anew when its profiles are done.
    """
    profiles, members = tables["cluster_profiles"].to_pandas(), tables["clusters"].to_pandas()
    sizes = members.groupby(CLUSTER_KEY).size().rename("n_now").reset_index()
    both = profiles[[*CLUSTER_KEY, "n_items"]].merge(sizes, on=CLUSTER_KEY, how="outer")
    stale = set(both.loc[both["n_items"] != both["n_now"], "crawl_date"])
    kept = profiles[~profiles["crawl_date"].isin(stale)]
    return kept, members, sorted(str(day) for day in stale)


def identities_of(profiles: pd.DataFrame, members: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What `identify` finds of profiles and members, ids as they are known."""
    told = pd.concat([anchors(members), spreads(members)], axis=1).reset_index()
    return identify(profiles.merge(told, on=CLUSTER_KEY, how="left"), known)


class _Items:
    """Reads the items of a modality and crawl date with their vectors."""

    def __init__(self, warehouse: Warehouse, profiles: pd.DataFrame, members: pd.DataFrame) -> None:
        self._warehouse = warehouse
        self._centroids = profiles.set_index(CLUSTER_KEY)["centroid"].sort_index()
        self._members = {
            (str(modality), pd.Timestamp(str(day)).date()): rows.reset_index(drop=True)
            for (modality, day), rows in members.groupby(["modality", "crawl_date"])
        }

    def of(self, modality: str, crawl_date: date) -> CrawlItems | None:
        """The items; None if their vectors are no longer those that were clustered."""
        members = self._members[modality, crawl_date]
        try:
            vectors = vectors_of(self._warehouse, modality, members, sorted(set(members["item_crawl_date"])))
        except ContractError:
            return None
        for cluster, items in members.groupby("cluster_id"):
            centroid = np.asarray(self._centroids[crawl_date, modality, cluster])
            rows = vectors[items.index.to_numpy()]
            if rows.shape[1] != len(centroid) or unit_centroid(rows) @ centroid < 1 - _SAME_DIRECTION:
                return None
        names = ("cluster_id", "post_id", "poster_id")
        return CrawlItems(vectors, *(members[name].tolist() for name in names))


def _metadata(
    identities: pd.DataFrame, unused: Sequence[tuple[str, str]], left_out: Sequence[str]
) -> dict[str, Any]:
    last = identities[identities["crawl_date"] == identities["crawl_date"].max()]
    before = identities[identities["crawl_date"] < identities["crawl_date"].max()]
    return {
        "styles": int(identities.loc[identities["modality"] == "image", "identity"].nunique()),
        "topics": int(identities.loc[identities["modality"] == "text", "identity"].nunique()),
        "crawl_dates": int(identities["crawl_date"].nunique()),
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


def _events(identities: pd.DataFrame) -> list[dict[str, object]]:
    """What happened, latest first: what is new, took in others, came back or went."""
    rows: list[dict[str, object]] = []
    names = dict(zip(identities["identity"], identities["name"], strict=True))
    for row in identities.sort_values(CLUSTER_KEY, ascending=[False, True, True]).to_dict("records"):
        for what in _what(row, names):
            cluster = f"{row['modality']} {row['cluster_id']}"
            rows.append(
                {"crawl date": row["crawl_date"], "cluster": cluster, "name": row["name"], "what": what}
            )
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
