"""cluster_profiles through Dagster: every cluster of a crawl or window, and what is known of its posts."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
import pytest

from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings, SettingsError
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import D1, D2, PINS, Crawl, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels


def profile(
    settings: Settings,
    models: FakeModels,
    crawl_date: date = D1,
    run_config: dict[str, Any] | None = None,
) -> dg.ExecuteInProcessResult:
    return materialize(settings, models, crawl_date, last="cluster_profiles", run_config=run_config)


def test_every_cluster_has_a_profile_of_its_members(whole_crawl: Crawl) -> None:
    settings = whole_crawl.settings
    clusters, found = rows(settings, "clusters"), rows(settings, "cluster_profiles")
    sizes = Counter((r["modality"], r["cluster_id"]) for r in clusters)
    assert {(r["modality"], r["cluster_id"]): r["n_items"] for r in found} == dict(sizes)
    for row in found:
        members = {
            (r["post_id"], r["frame"] or "")
            for r in clusters
            if (r["modality"], r["cluster_id"]) == (row["modality"], row["cluster_id"])
        }
        assert set(zip(row["typical_post_ids"], row["typical_frames"], strict=True)) <= members
        assert (row["likes_median"], row["n_with_likes"]) == (12, row["n_posts"])
    said = whole_crawl.record.metadata["cluster_profiles"]
    assert (said["styles"], said["topics"]) == (3, 3)
    assert said["largest_style_share"] == pytest.approx(1 / 3)


def test_a_count_of_at_least_is_a_median_of_at_least(copied_crawl: Settings, fake_models: FakeModels) -> None:
    write_drop(copied_crawl.drops_dir, D1, range(30), likes="1万+")
    for asset in ("raw_posts", "cluster_profiles"):
        materialize(copied_crawl, fake_models, D1, last=asset, upstream=False)
    assert {
        (r["likes_median"], r["likes_median_is_lower_bound"], r["likes_high"])
        for r in rows(copied_crawl, "cluster_profiles")
    } == {(10_000, True, None)}


def test_a_window_profiles_the_latest_version_of_each_post(tmp_path: Path, fake_models: FakeModels) -> None:
    settings = Settings.load(
        home=tmp_path / "home", drops=tmp_path / "drops", workers=2, window_crawl_dates=2
    )
    write_drop(settings.drops_dir, D1, range(12))
    write_drop(settings.drops_dir, D2, range(18), likes="900")
    materialize(settings, fake_models, D1, last=("image_embeddings", "text_embeddings"))
    profile(settings, fake_models, D2, run_config=PINS)
    found = rows(settings, "cluster_profiles", D2)
    assert {r["likes_median"] for r in found} == {900}
    assert sum(r["n_posts"] for r in found if r["modality"] == "text") == 18


def test_summaries_of_an_earlier_version_are_cut_as_they_stand_which_is_told(
    whole_crawl: Crawl, copied_crawl: Settings, fake_models: FakeModels
) -> None:
    before = rows(copied_crawl, "cluster_profiles")
    warehouse = open_warehouse(copied_crawl)
    summaries = warehouse.read("summaries", [D1])
    texts = summaries["has_text"].to_pylist().count(True)
    wordless = pa.nulls(summaries.num_rows, pa.list_(pa.string()))
    index = summaries.column_names.index("words")
    warehouse.replace_partition("summaries", D1, summaries.set_column(index, "words", wordless))
    result = materialize(copied_crawl, fake_models, D1, last="cluster_profiles", upstream=False)
    found = rows(copied_crawl, "cluster_profiles")
    assert [r["keywords"] for r in found] == [r["keywords"] for r in before]
    assert any(r["keywords"] for r in found)
    assert metadata(result, "cluster_profiles")["captions_without_words"] == texts > 0
    assert "captions_without_words" not in whole_crawl.record.metadata["cluster_profiles"]


def test_a_crawl_without_posts_has_no_profiles(settings: Settings, fake_models: FakeModels) -> None:
    assert materialize(settings, fake_models, D1, last="cluster_profiles", upstream=False).success
    assert rows(settings, "cluster_profiles") == []


def test_pictures_without_any_text_propose_no_name(settings: Settings, fake_models: FakeModels) -> None:
    table = next(write_drop(settings.drops_dir, D1, range(9)).glob("*.csv"))
    header, *lines = table.read_text("utf-8").splitlines()
    bare = [",".join(c if i in (0, 1, 14) else "" for i, c in enumerate(ln.split(","))) for ln in lines]
    table.write_text("\n".join([header, *bare]) + "\n", "utf-8")
    profile(settings, fake_models, run_config=PINS)
    found = rows(settings, "cluster_profiles")
    assert {(r["modality"], r["proposed_name"], r["proposed_by"]) for r in found} == {("image", None, None)}
    assert {r["likes_median"] for r in found} == {None}


def test_names_stand_in_home_unless_a_setting_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings.load(home=tmp_path).names_file == tmp_path / "names.csv"
    monkeypatch.setenv("MKT_NAMES_FILE", str(tmp_path / "mine.csv"))
    assert Settings.load(home=tmp_path / "home").names_file == tmp_path / "mine.csv"
    monkeypatch.setenv("MKT_WORKERS", "none")
    with pytest.raises(SettingsError, match="MKT_WORKERS"):
        Settings.load()
