"""cluster_identities: which styles and topics last over the crawl dates. The matching is in core/identities."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import pandas as pd
import pyarrow as pa

from mkt_assets.assets.step import explained, markdown_table, table_asset
from mkt_assets.core.identities import CLUSTER_KEY, REACH, anchors, identify, name_identities
from mkt_assets.core.names import read_names
from mkt_assets.resources.warehouse import Warehouse
from mkt_assets.schema import CLUSTER_IDENTITIES
from mkt_assets.settings import Settings

SOURCES = {
    "cluster_profiles": [*CLUSTER_KEY, "name", "name_by", "n_items", "encoder", "centroid"],
    "clusters": [*CLUSTER_KEY, "post_id", "frame"],
}
SHOWN_EVENTS = 30


def build_cluster_identities(settings: Settings) -> dg.AssetsDefinition:
    """The asset, for these settings."""

    @table_asset(
        CLUSTER_IDENTITIES,
        settings,
        group="findings",
        kinds={"python", "duckdb", "scipy"},
        deps=["cluster_profiles"],
        code_version=f"1-{REACH}",
        description="Clusters of successive crawl dates, matched one-to-one by their centroids, so that a style or "
        "topic keeps its id and its name; what was born, ended, split and merged. Computed of all crawl dates each "
        "time, and so the same in whatever order they were run.",
    )
    def cluster_identities(
        settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[Any]:
        with explained():
            given = read_names(settings.names_file)
            said: dict[str, Any] = {}

            def derive(tables: Mapping[str, pa.Table]) -> pa.Table:
                profiles, members, left_out = read_clusters(tables)
                identities, unused = identities_of(profiles, members, given)
                said.update(_metadata(identities, unused, left_out))
                return pa.Table.from_pandas(
                    identities, CLUSTER_IDENTITIES.arrow_schema(), preserve_index=False
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


def identities_of(
    profiles: pd.DataFrame, members: pd.DataFrame, given: Mapping[tuple[str, str], str]
) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """Rows of cluster_identities, and the keys of `given` that named nothing."""
    anchored = profiles.merge(anchors(members).reset_index(), on=CLUSTER_KEY, how="left")
    identities, unused = name_identities(identify(anchored), profiles, members, given)
    return identities[CLUSTER_IDENTITIES.column_names], unused


def _metadata(
    identities: pd.DataFrame, unused: Sequence[tuple[str, str]], left_out: Sequence[str]
) -> dict[str, Any]:
    last = identities[identities["crawl_date"] == identities["crawl_date"].max()]
    before = identities[identities["crawl_date"] < identities["crawl_date"].max()]
    # what the last crawl date of each encoder no longer has
    ended = before[before["ended"] & (before["crawl_date"] == before["crawl_date"].max())]
    return {
        "styles": int(identities.loc[identities["modality"] == "image", "identity"].nunique()),
        "topics": int(identities.loc[identities["modality"] == "text", "identity"].nunique()),
        "crawl_dates": int(identities["crawl_date"].nunique()),
        **{f"n_{event}": int((last["event"] == event).sum()) for event in ("continued", "born")},
        **{f"n_{event}": int((last["event"] == event).sum()) for event in ("split", "merged")},
        "n_ended": len(ended),
        "events": markdown_table(_events(identities)),
        "unused_names": ", ".join(f"{modality} {key}" for modality, key in unused) or "none",
        "crawl_dates_left_out": ", ".join(left_out) or "none",
    }


def _events(identities: pd.DataFrame) -> list[dict[str, object]]:
    """What happened, latest first: births, splits, mergers and endings."""
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
        yield f"split off {names[row['split_from']]}"
    elif row["event"] == "merged":
        yield f"took in {', '.join(names[identity] for identity in row['absorbed'])}"
    elif row["event"] == "born":
        yield "new"
    if row["ended"]:
        yield "last seen here" if row["last_seen"] == row["crawl_date"] else "not in the next crawl"
