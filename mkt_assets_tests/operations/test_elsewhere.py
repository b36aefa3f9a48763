"""Runs of a home of which little is on its disk: drops and files in a bucket, tables in a lake.

Not here: what is done beside runs with a lake (operations/test_lake) or a bucket (operations/test_bucket).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import duckdb
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.orchestration.drop_state import drop_states
from mkt_assets.resources.drops import MIRROR_PREFIX
from mkt_assets.resources.opening import MADE, open_files, open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.operations.homes import D1, D2, files, run, upload, with_lake
from mkt_assets_tests.runs import LAST
from mkt_assets_tests.stand_ins import FakeModels

if TYPE_CHECKING:
    from mkt_assets.resources.lake_connection import Lake

UNLIKE = {"seconds"}
"""Columns that tell how long something took."""


def rows(settings: Settings, table: str) -> list[dict[str, object]]:
    names = [name for name in TABLES[table].column_names if name not in UNLIKE]
    return open_warehouse(settings).read(table, columns=names).to_pylist()


def test_crawls_from_a_bucket_into_a_lake_and_a_bucket_have_the_rows_and_files_of_those_on_a_disk(
    home: Settings, lake: Lake, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(home.drops_dir, f"{bucket}/drops")
    settings = with_lake(
        home,
        lake,
        home=tmp_path / "other",
        names_file=tmp_path / "names.csv",
        media=f"{bucket}/made",
        drops=f"{bucket}/drops",
    )
    settings.home.mkdir()
    (settings.home / "poster.key").write_bytes((home.home / "poster.key").read_bytes())
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    # of the first what the second goes on from
    for day, last in ((D1, ("item_positions", "crosstab_ratios")), (D2, LAST)):
        done = run(settings, FakeModels(), day, last=last)
        assert done.success
        assert not list(settings.home.glob(f"{MIRROR_PREFIX}*")), "what was fetched stays for the run only"
    for table in TABLES.keys() - {"charts", "report", "method_comparison"}:
        assert rows(settings, table) == rows(home, table), table
    assert rows(settings, "charts") == [row for row in rows(home, "charts") if row["crawl_date"] == D2]
    # a report names the settings it was made with
    headlines = [row["headline"] for row in rows(home, "report") if row["crawl_date"] == D2]
    assert [row["headline"] for row in rows(settings, "report")] == headlines
    with duckdb.connect(str(settings.snapshot_path), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM raw_posts").fetchone() == (len(rows(home, "raw_posts")),)

    of_both = files(home)
    assert files(settings) == {
        made: {name for name in of_both[made] if made == "media" or not name.startswith(str(D1))}
        for made in MADE
    }
    for made in ("media", "charts"):
        there, here = open_files(settings, made), open_files(home, made)
        assert all(there.read(name) == here.read(name) for name in files(settings)[made])
    assert not any((settings.home / made).exists() for made in MADE)
    [event] = done.asset_materializations_for_node("report")
    assert event.metadata["report"].value == f"{bucket}/made/reports/{D2}/report.html"
    with dg.DagsterInstance.get() as instance:
        looked = drop_states(instance, settings, today=D2, retry_failed=False, quiet_seconds=0)
        # of the first there are no charts and no report yet
        assert {state.crawl_date: state.skip_reason for state in looked} == {
            D1: None,
            D2: "materialized as it is",
        }
