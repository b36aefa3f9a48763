"""The assets through Dagster, on a temporary warehouse, with small stand-in models."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from mkt_assets.assets import STEPS
from mkt_assets.charts.base import Picture
from mkt_assets.compute.drawing import Drawing, ToDraw
from mkt_assets.compute.threads import ThreadEngine
from mkt_assets.contract.schema import TABLES
from mkt_assets.orchestration.checks import build_checks
from mkt_assets.resources.opening import open_database
from mkt_assets.settings import Settings
from mkt_assets_tests.compute.deadly_work import Losing
from mkt_assets_tests.drops import post_id, poster_id, write_drop
from mkt_assets_tests.runs import D1, D2, PINS, Crawl, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels

EMBEDDINGS = ("image_embeddings", "text_embeddings")


def test_one_run_fills_every_table_and_publishes_the_snapshot(whole_crawl: Crawl) -> None:
    assert whole_crawl.record.success
    with duckdb.connect(str(whole_crawl.settings.snapshot_path), read_only=True) as reader:
        for name in TABLES:
            if name not in ("rejects", "seen_words", "caption_matches"):  # the models live in two spaces
                found = reader.execute(f"SELECT count(*) FROM {name} WHERE crawl_date = ?", [D1]).fetchone()
                assert found is not None
                assert found[0] > 0, name


def test_every_check_passes_on_a_sound_crawl(whole_crawl: Crawl) -> None:
    checks = whole_crawl.record.checks
    assert len(checks) == len(build_checks(whole_crawl.settings)) + len(STEPS)
    assert [name for name, passed in checks.items() if not passed] == []


def test_colours_and_topics_that_go_together_are_found_together(whole_crawl: Crawl) -> None:
    pairs = [r for r in rows(whole_crawl.settings, "crosstab_ratios") if r["unit"] == "image"]
    assert [(r["ratio"], r["n"]) for r in pairs] == [(1.0, 10)] * 3
    assert len({r["text_cluster"] for r in pairs}) == 3


def test_run_config_beats_the_environment_and_is_clipped_where_there_are_fewer_distinct_items(
    copied_crawl: Settings, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_IMAGE_K", "5")
    settings = Settings.load(home=copied_crawl.home, drops=copied_crawl.drops_dir, workers=2)

    def chosen(**pins: int) -> dict[str, dict[str, Any]]:
        config = {"ops": {"k_selection": {"config": pins}}}
        materialize(settings, fake_models, D1, last="k_selection", upstream=False, run_config=config)
        return {r["modality"]: r for r in rows(settings, "k_selection") if r["chosen"]}

    pinned = chosen(image_k=2, text_k=500)
    assert (pinned["image"]["k"], pinned["image"]["chosen_by"]) == (2, "pin")
    assert "pinned to k = 2 by the run's configuration; by itself:" in pinned["image"]["reason"]
    assert pinned["text"]["k"] == 30
    assert "500" in pinned["text"]["reason"] and "clipped" in pinned["text"]["reason"]
    image = chosen()["image"]
    assert "pinned to k = 5 by the settings" in image["reason"]
    assert image["knee_sensitivity"] == 1.0


def test_a_second_crawl_of_nearly_the_same_posts_computes_only_what_is_new(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    write_drop(copied_crawl.drops_dir, D2, range(3, 33), likes="1.2万")
    second = materialize(copied_crawl, fake_models, D2, last=EMBEDDINGS)
    assert (fake_models.images.n_encoded, fake_models.texts.n_encoded) == (3, 3)
    assert metadata(second, "matted_images")["from_cache"] == 27
    assert {r["n_likes"] for r in rows(copied_crawl, "raw_posts", D2)} == {12000}


def test_running_a_crawl_again_changes_no_row_and_computes_nothing(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    before = {name: rows(copied_crawl, name) for name in TABLES}
    materialize(copied_crawl, fake_models, D1, run_config=PINS)
    assert {name: rows(copied_crawl, name) for name in TABLES} == before
    assert (fake_models.images.n_encoded, fake_models.texts.n_encoded) == (0, 0)


def test_a_lost_matte_file_is_made_again(copied_crawl: Settings, fake_models: FakeModels) -> None:
    lost = copied_crawl.media_dir / rows(copied_crawl, "matted_images")[0]["matte_path"]
    lost.unlink()
    materialize(copied_crawl, fake_models, D1, last="matted_images")
    assert lost.is_file()


def test_an_empty_drop_is_an_empty_crawl(settings: Settings, fake_models: FakeModels) -> None:
    (settings.drops_dir / D1.isoformat()).mkdir()
    result = materialize(settings, fake_models, D1, last="charts", checks=True)
    assert result.success
    assert [name for name in TABLES if name != "charts" and rows(settings, name)] == []
    warned = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert warned == {"has_posts"}


def test_a_missing_drop_fails_in_a_sentence_and_leaves_the_stored_rows(
    copied_crawl: Settings, fake_models: FakeModels
) -> None:
    settings, folder = copied_crawl, copied_crawl.drops_dir / D1.isoformat()
    before = rows(settings, "raw_posts")
    folder.rename(folder.with_name("unmounted"))
    failed = materialize(settings, fake_models, D1, raise_on_error=False)
    assert not failed.success
    [failure] = failed.get_step_failure_events()
    assert "drop folder" in str(failure.step_failure_data.error)
    assert rows(settings, "raw_posts") == before


def test_accounts_are_hashed_everywhere(whole_crawl: Crawl) -> None:
    settings, recorded = whole_crawl.settings, whole_crawl.record.metadata
    assert set(recorded) == {name for name in TABLES if name != "rejects"}
    said = str([rows(settings, name) for name in TABLES]) + str(recorded)
    names = [p.name for p in settings.home.rglob("*")]
    for account in map(poster_id, range(5)):
        assert account not in said
        assert not [name for name in names if account in name]


def test_broken_pictures_are_rejected_with_a_reason_and_fail_nothing_and_what_has_no_text_is_counted(
    settings: Settings, fake_models: FakeModels
) -> None:
    folder = write_drop(settings.drops_dir, D1, range(12))
    pictures = sorted(folder.rglob("post.png"), key=lambda path: path.parent.name)
    pictures[1].write_bytes(b"")
    pictures[2].write_bytes(pictures[2].read_bytes()[:60])
    pictures[3].write_bytes(b"<html>403</html>")
    table = next(folder.glob("*.csv"))
    lines = table.read_text("utf-8").splitlines()
    lines[1] = ",".join(cell if i in (0, 1, 14) else "" for i, cell in enumerate(lines[1].split(",")))
    table.write_text("\n".join(lines) + "\n", "utf-8")
    assert materialize(settings, fake_models, D1).success

    verdicts = [r["verdict"] for r in rows(settings, "matted_images")]
    assert (len(verdicts), verdicts.count("rejected")) == (12, 3)
    reasons = {r["reason"] for r in rows(settings, "rejects") if r["asset"] == "matted_images"}
    assert len(reasons) == 3
    assert len(rows(settings, "image_embeddings")) == 9

    assert [r["post_id"] for r in rows(settings, "summaries") if not r["has_text"]] == [post_id(0)]
    by_image = [r for r in rows(settings, "crosstab_ratios") if r["unit"] == "image"]
    assert sum({r["image_cluster"]: r["n_without_text"] for r in by_image}.values()) == 1


@pytest.fixture
def two_crawls(tmp_path: Path, fake_models: FakeModels) -> Settings:
    """Vectors of two crawl dates with posts 6 to 11 in both, of which a window takes both."""
    settings = Settings.load(
        home=tmp_path / "home", drops=tmp_path / "drops", workers=2, window_crawl_dates=2
    )
    write_drop(settings.drops_dir, D1, range(12))
    write_drop(settings.drops_dir, D2, range(6, 18))
    for day in (D1, D2):
        materialize(settings, fake_models, day, last=EMBEDDINGS)
    return settings


def test_a_window_clusters_each_post_once_in_its_latest_version_and_never_vectors_of_two_encoders(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    materialize(two_crawls, fake_models, D2, last=("k_selection", "clusters"), upstream=False)
    items = [r for r in rows(two_crawls, "clusters", D2) if r["modality"] == "image"]
    assert {r["post_id"]: r["item_crawl_date"] for r in items} == {
        post_id(i): D1 if i < 6 else D2 for i in range(18)
    }
    fake_models.images.version = "2"
    again = ("image_embeddings", "k_selection", "clusters")
    failed = materialize(two_crawls, fake_models, D2, last=again, upstream=False, raise_on_error=False)
    assert [e.step_key for e in failed.get_step_failure_events()] == ["k_selection"]
    assert "different encoders" in str(failed.get_step_failure_events()[0].step_failure_data.error)


def test_ids_do_not_depend_on_the_order_of_the_rows(copied_crawl: Settings, fake_models: FakeModels) -> None:
    settings, tables = copied_crawl, ("k_selection", "clusters")
    before = {name: rows(settings, name) for name in tables}
    table = next((settings.drops_dir / D1.isoformat()).glob("*.csv"))
    header, *lines = table.read_text("utf-8").splitlines()
    table.write_text("\n".join([header, *reversed(lines)]) + "\n", "utf-8")
    materialize(settings, fake_models, D1, last="clusters", run_config=PINS)
    assert {name: rows(settings, name) for name in tables} == before


def test_charts_on_disk_are_those_of_the_table(copied_crawl: Settings, fake_models: FakeModels) -> None:
    settings = copied_crawl
    of_style = {
        **dict.fromkeys(
            ("clusters", "cluster_profiles", "cluster_identities"), "modality = 'image' AND cluster_id"
        ),
        "crosstab_ratios": "image_cluster",
    }

    def without_the_last_style(connection: duckdb.DuckDBPyConnection) -> None:
        for table, style in of_style.items():
            connection.execute(f"DELETE FROM {table} WHERE {style} = 2")

    open_database(settings).write(list(of_style), without_the_last_style)
    materialize(settings, fake_models, D1, last="charts", upstream=False)
    listed = rows(settings, "charts")
    folder = settings.charts_dir / D1.isoformat()
    on_disk = {p.relative_to(settings.charts_dir).as_posix(): p for p in folder.rglob("*.png")}
    assert set(on_disk) == {r["path"] for r in listed}
    assert all(on_disk[r["path"]].stat().st_size == r["n_bytes"] for r in listed)
    names = [r["name"] for r in listed]
    # there were three of each: the picture of what is no more is gone from the disk
    assert names.count("cluster_sheet") == names.count("bars_top3") == 2
    assert names.count("caption_sheet") == 3
    titles = {r["part"]: r["title"] for r in listed if r["name"] == "caption_sheet"}
    topics = {
        r["cluster_id"]: r["name"] for r in rows(settings, "cluster_identities") if r["modality"] == "text"
    }
    assert titles == {cluster: f"{topics[cluster]} (text cluster {cluster})" for cluster in topics}


def test_a_chart_is_drawn_again_only_where_what_it_shows_or_its_file_has_changed(
    copied_crawl: Settings, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, drawn, draw = copied_crawl, list[str](), Drawing.compute

    def compute(drawing: Drawing, batch: Sequence[ToDraw]) -> Iterator[list[Picture]]:
        drawn.extend(one.what for one in batch)
        return draw(drawing, batch)

    monkeypatch.setattr(Drawing, "compute", compute)
    # all in this process, where they are counted
    monkeypatch.setattr(sys.modules["mkt_assets.assets.charts"], "open_engine", lambda _: ThreadEngine())

    def drawn_by_a_run(*assets: str) -> set[str]:
        drawn.clear()
        for asset in (*assets, "charts"):
            materialize(settings, fake_models, D1, last=asset, upstream=False)
        assert len(drawn) == len(set(drawn))
        return set(drawn)

    before = rows(settings, "charts")
    assert drawn_by_a_run() == set()
    assert rows(settings, "charts") == before

    named = next(
        row
        for row in rows(settings, "cluster_identities")
        if row["modality"] == "image" and row["cluster_id"] == 1
    )
    settings.names_file.write_text(f"modality,identity,name\nimage,{named['identity']},通勤\n", "utf-8")
    assert drawn_by_a_run("cluster_identities") == {
        *("The map (image)", "The contact sheet of style 1", "The overview of styles"),
        "The heat map of styles and topics",
    }

    lost, damaged = (row for row in rows(settings, "charts") if row["name"] in ("map_text", "elbow_text"))
    (settings.charts_dir / lost["path"]).unlink()
    (settings.charts_dir / damaged["path"]).write_bytes(b"damaged")
    assert drawn_by_a_run() == {"The map (text)", "The elbow curve (text)"}
    assert drawn_by_a_run() == set()


def test_a_chart_that_no_worker_survives_is_told_of_and_the_others_are_there(
    copied_crawl: Settings, fake_models: FakeModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["mkt_assets.assets.charts"], "open_engine", lambda _: Losing())
    before = {(r["name"], r["part"]) for r in rows(copied_crawl, "charts")}
    shutil.rmtree(copied_crawl.charts_dir)
    result = materialize(copied_crawl, fake_models, D1, last="charts", upstream=False)
    assert {(r["name"], r["part"]) for r in rows(copied_crawl, "charts")} == before - {("map_image", 0)}
    said = metadata(result, "charts")
    assert said["not_drawn"] == "- The map (image) is not drawn: it is deadly."
    assert said["charts"] == len(before) - 1


def test_the_ratio_of_a_post_counts_it_once(whole_crawl: Crawl) -> None:
    totals: dict[tuple[str, int], float] = {}
    for row in rows(whole_crawl.settings, "crosstab_ratios"):
        key = (row["unit"], row["image_cluster"])
        totals[key] = totals.get(key, 0.0) + (row["ratio"] or 0.0)
    assert_allclose(list(totals.values()), 1.0)


def test_a_large_picture_is_matted_small_and_its_matte_told_in_its_own_pixels(
    settings: Settings, fake_models: FakeModels
) -> None:
    drop = write_drop(settings.drops_dir, D1, range(4))
    large = Image.new("RGB", (8000, 100))
    large.paste((255, 255, 255), (2000, 0, 6000, 100))
    path = next(drop.rglob("post.*"))
    large.save(path, "PNG")
    materialize(settings, fake_models, D1, last="matted_images")
    [row] = [row for row in rows(settings, "matted_images", D1) if row["width"] == 8000]
    assert row["height"] == 100
    assert (row["bbox_left"], row["bbox_right"]) == (pytest.approx(2000, abs=16), pytest.approx(6000, abs=16))
    assert (row["bbox_top"], row["bbox_bottom"]) == (0, 100)


def test_the_platforms_suffix_stays_in_the_title_and_is_taken_out_once(
    settings: Settings, fake_models: FakeModels
) -> None:
    write_drop(settings.drops_dir, D1, range(3), with_media=False)
    materialize(settings, fake_models, D1, last="summaries")
    assert all(r["title"].endswith(" - 小红书") for r in rows(settings, "raw_posts"))
    cleaned = rows(settings, "summaries")
    assert [(r["removed_platform_suffix"], "小红书" in r["summary"]) for r in cleaned] == [(True, False)] * 3
