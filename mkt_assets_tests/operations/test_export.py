"""`mkt export`: the original's files, every table and the pictures, complete or not at all."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.contract.schema import TABLES
from mkt_assets.core.text.csv_injection import unescape_formula
from mkt_assets.operations.export import Written, export_crawl, write_csv
from mkt_assets.resources.database import open_database
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.resources.warehouse import CrawlDateError
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import post_id, write_drop
from mkt_assets_tests.runs import D1, D2, PINS, Crawl, materialize
from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl
from mkt_assets_tests.stand_ins import FakeModels

# captions have no NUL: the readers of drops take it out
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
HOSTILE = st.builds(lambda start, rest: start + rest, st.sampled_from(["=", "\r=", "'", "\n+", '"@']), TEXTS)


@pytest.fixture(scope="module")
def crawl(whole_crawl: Crawl, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A crawl of thirty posts, three styles, three topics, and a caption that means harm. It is only read."""
    folder = tmp_path_factory.mktemp("crawl") / "copy"
    shutil.copytree(whole_crawl.settings.home.parent, folder)
    settings = Settings.load(home=folder / "home", drops=folder / "drops", workers=2)
    harm = '=HYPERLINK("http://x.example","裙")\r\n@SUM(1)'
    with open_database(settings.warehouse_path, timeout_seconds=5) as connection:
        for table, column in (
            ("raw_posts", "title"),
            ("summaries", "summary"),
            ("summaries", "encoder_text"),
        ):
            changed = f"{column} = replace({column}, '红红红红红红裙子0', ?)"
            connection.execute(f"UPDATE {table} SET {changed} WHERE post_id = ?", [harm, post_id(0)])
    return settings


@pytest.fixture(scope="module")
def exported(crawl: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The crawl, exported with its pictures."""
    out = tmp_path_factory.mktemp("exported") / "out"
    said = export_crawl(crawl, D1, out)
    assert Written(out / "clustered_labels3.csv", 30, "rows") in said
    assert Written(out / "output_img", 30, "pictures") in said
    assert all(made.path.exists() for made in said)
    return out


@pytest.fixture
def copy_of_crawl(crawl: Settings, tmp_path: Path) -> Settings:
    """The crawl in a home of its own, to take something away from."""
    shutil.copytree(crawl.home, tmp_path / "home")
    return Settings.load(home=tmp_path / "home", drops=crawl.drops_dir, workers=2)


def frame_of(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"poster_id": str, "post_id": str}, keep_default_na=False)


def rows(settings: Settings, table: str) -> pd.DataFrame:
    return open_warehouse(settings).read(table, [D1]).to_pandas()


def test_files_and_columns_are_the_originals(exported: Path) -> None:
    assert {path.name for path in exported.iterdir()} == {
        "labels.json",
        "clustered_labels3.csv",
        "clustered_summaries3.json",
        "clustered_summaries3.csv",
        "combined_clustered_matched_image_text.csv",
        "category_ratios.csv",
        "all_categories_table_final.csv",
        "all_categories_chart_part1.png",
        "all_categories_chart_part2.png",
        "all_categories_chart_part3.png",
        "output_img",
        "charts",
        "tables",
    }
    columns = {path.name: list(frame_of(path).columns) for path in exported.glob("*.csv")}
    assert columns == {
        "clustered_labels3.csv": ["poster_id", "post_id", "nums_category_img"],
        "clustered_summaries3.csv": ["poster_id", "post_id", "summary", "num_category_text"],
        "combined_clustered_matched_image_text.csv": [
            *("poster_id", "post_id", "summary", "num_category_text", "nums_category_img")
        ],
        "category_ratios.csv": ["nums_category_img", "num_category_text", "ratio"],
        "all_categories_table_final.csv": ["nums_category_img", "0", "1", "2"],
    }


def test_labels_and_summaries_read_back_equal_to_the_warehouse(crawl: Settings, exported: Path) -> None:
    clusters, summaries = rows(crawl, "clusters"), rows(crawl, "summaries")
    stored = clusters[clusters["modality"] == "image"].sort_values(["post_id", "frame"])
    labels = frame_of(exported / "clustered_labels3.csv")
    assert labels["post_id"].tolist() == stored["post_id"].tolist()
    assert labels["nums_category_img"].tolist() == stored["cluster_id"].tolist()
    texts = frame_of(exported / "clustered_summaries3.csv")
    of_post = dict(zip(summaries["post_id"], summaries["summary"], strict=True))
    assert [unescape_formula(cell) for cell in texts["summary"]] == [
        of_post[post] for post in texts["post_id"]
    ]
    content = json.loads((exported / "clustered_summaries3.json").read_text("utf-8"))
    assert [row["summary"] for row in content["clusters"]] == [of_post[post] for post in texts["post_id"]]
    assert [row["cluster"] for row in content["clusters"]] == texts["num_category_text"].tolist()
    medoids = clusters[(clusters["modality"] == "text") & (clusters["rank_in_cluster"] == 1)]
    assert content["cluster_centers"] == [
        {"cluster_id": cluster, "summary": of_post[post]}
        for cluster, post in sorted(zip(medoids["cluster_id"], medoids["post_id"], strict=True))
    ]


def test_ratios_read_back_equal_to_the_warehouse(crawl: Settings, exported: Path) -> None:
    stored = rows(crawl, "crosstab_ratios").query("unit == 'image'").dropna(subset=["text_cluster"])
    wanted = {(r.image_cluster, r.text_cluster): r.ratio for r in stored.itertuples()}
    ratios = frame_of(exported / "category_ratios.csv")
    found = zip(ratios["nums_category_img"], ratios["num_category_text"], ratios["ratio"], strict=True)
    assert {(image, text): ratio for image, text, ratio in found} == wanted
    table = frame_of(exported / "all_categories_table_final.csv").set_index("nums_category_img")
    assert {
        (int(str(image)), int(str(text))): ratio
        for text, column in table.items()
        for image, ratio in column.items()
        if ratio > 0
    } == wanted
    assert np.allclose(table.sum(axis=1), 1)


def test_every_table_reads_back_equal(crawl: Settings, exported: Path) -> None:
    warehouse = open_warehouse(crawl)
    for name, spec in TABLES.items():
        table = pq.read_table(exported / "tables" / f"{name}.parquet")
        assert table.equals(warehouse.read(name, [D1] if spec.partitioned else None)), name


def test_every_picture_lies_in_the_folder_of_its_style(crawl: Settings, exported: Path) -> None:
    folder = exported / "output_img"
    labels = json.loads((exported / "labels.json").read_text("utf-8"))
    found = {path.name: int(path.parent.name) for path in folder.glob("*/*")}
    assert found == labels
    name = re.compile(r"\d\d-\d\d_[0-9a-f]{24}_[0-9a-f]{24}_(post|video_[1-3])\.png")
    assert all(name.fullmatch(picture) for picture in found)
    clusters = rows(crawl, "clusters").query("modality == 'image'")
    assert Counter(labels.values()) == Counter(clusters["cluster_id"])
    assert {path.name for path in folder.glob("*.png")} == {f"cluster_{i}_grid.png" for i in range(3)}


def test_a_picture_as_png_is_the_stored_one_and_as_webp_the_same_bytes(
    crawl: Settings, exported: Path, tmp_path: Path
) -> None:
    export_crawl(crawl, D1, tmp_path / "webp", pictures="webp")
    stored = {path.read_bytes() for path in crawl.media_dir.rglob("*.webp")}
    copies = sorted((tmp_path / "webp" / "output_img").glob("*/*.webp"))
    assert len(copies) == 30
    assert {path.read_bytes() for path in copies} == stored
    for copy in copies:
        png = exported / "output_img" / copy.parent.name / f"{copy.stem}.png"
        with Image.open(copy) as a, Image.open(png) as b:
            assert (b.format, b.mode, a.tobytes()) == ("PNG", "RGBA", b.tobytes())


def test_no_cell_of_a_hostile_caption_begins_as_a_formula(exported: Path) -> None:
    for path in exported.glob("*.csv"):
        with path.open(newline="", encoding="utf-8-sig") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))], path.name
    texts = frame_of(exported / "clustered_summaries3.csv").set_index("post_id")["summary"]
    assert texts[post_id(0)].startswith("'=HYPERLINK(")
    centers = json.loads((exported / "clustered_summaries3.json").read_text("utf-8"))["clusters"]
    assert any(row["summary"].startswith("=HYPERLINK(") for row in centers), "JSON is no spreadsheet"


@settings(deadline=None)
@given(st.lists(TEXTS | HOSTILE, min_size=1, max_size=5))
def test_every_caption_comes_back_from_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, captions: list[str]
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    write_csv(pd.DataFrame({"summary": captions, "num_category_text": range(len(captions))}), path)
    read = pd.read_csv(path, keep_default_na=False)
    assert list(read.columns) == ["summary", "num_category_text"]
    assert [
        unescape_formula(str(cell)) for cell in pd.read_csv(path, dtype=str, keep_default_na=False)["summary"]
    ] == (captions)


def test_an_export_is_the_same_bytes_every_time(crawl: Settings, exported: Path, tmp_path: Path) -> None:
    export_crawl(crawl, D1, tmp_path / "again")
    files = [path.relative_to(exported) for path in exported.rglob("*") if path.is_file()]
    assert len(files) > 60
    assert all((exported / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)


def test_every_chart_is_there_once_and_without_pictures_nothing_else_is_drawn(
    crawl: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export_crawl(crawl, D1, out, pictures="none")
    drawn = [path.read_bytes() for path in out.rglob("*.png")]
    stored = [(crawl.charts_dir / path).read_bytes() for path in rows(crawl, "charts")["path"]]
    assert sorted(drawn) == sorted(stored)
    assert list((out / "output_img").glob("*/")) == []
    assert len(json.loads((out / "labels.json").read_text("utf-8"))) == 30


def test_a_window_is_exported_with_the_posts_of_all_its_crawls(
    home: Settings, tmp_path: Path, fake_models: FakeModels
) -> None:
    settings = Settings.load(**home.model_dump() | {"window_crawl_dates": 2})
    clustered = ("k_selection", "clusters", "cluster_profiles", "cluster_identities", "crosstab_ratios")
    materialize(settings, fake_models, D2, last=clustered, upstream=False, run_config=PINS)
    out = tmp_path / "衣服 Übersicht"
    export_crawl(settings, D2, out)
    texts = frame_of(out / "clustered_summaries3.csv")
    assert len(texts) == 30
    assert (texts["summary"] != "").all()
    assert len(list((out / "output_img").glob("*/*"))) == 30
    posts = pq.read_table(out / "tables" / "raw_posts.parquet")
    assert posts.num_rows == 40
    ratios = pq.read_table(out / "tables" / "crosstab_ratios.parquet")
    assert set(ratios["crawl_date"].to_pylist()) == {D2}


def test_an_export_that_fails_leaves_nothing(copy_of_crawl: Settings, tmp_path: Path) -> None:
    next(copy_of_crawl.media_dir.rglob("*.webp")).unlink()
    with pytest.raises(FileNotFoundError, match=r"of post [0-9a-f]{24} is not there any more"):
        export_crawl(copy_of_crawl, D1, tmp_path / "deep" / "out")
    assert list((tmp_path / "deep").iterdir()) == []


def test_a_lost_chart_is_named(copy_of_crawl: Settings, tmp_path: Path) -> None:
    next(copy_of_crawl.charts_dir.rglob("elbow_image_0*.png")).unlink()
    with pytest.raises(FileNotFoundError, match=r"the chart elbow_image_0 .* materialize charts again"):
        export_crawl(copy_of_crawl, D1, tmp_path / "out")


def test_a_crawl_without_clusters_is_exported_without_rows(
    settings: Settings, fake_models: FakeModels, tmp_path: Path
) -> None:
    write_drop(settings.drops_dir, D1, range(3))
    materialize(settings, fake_models, D1, last="raw_posts")
    export_crawl(settings, D1, tmp_path / "out")
    assert len(frame_of(tmp_path / "out" / "clustered_labels0.csv")) == 0
    assert json.loads((tmp_path / "out" / "labels.json").read_text("utf-8")) == {}


def test_a_crawl_that_was_never_materialized_is_refused_and_no_warehouse_made(
    settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(CrawlDateError, match="no posts of 2024-06-13: materialize it first"):
        export_crawl(settings, D1, tmp_path / "out")
    assert not settings.warehouse_path.exists()
    assert not (tmp_path / "out").exists()


def test_a_full_folder_a_file_and_the_folder_one_is_in_are_refused(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, here = tmp_path / "full", tmp_path / "here"
    full.mkdir()
    here.mkdir()
    (full / "mine.txt").write_text("x")
    for out, said in ((full, "is not empty"), (full / "mine.txt", "is a file")):
        with pytest.raises(FileExistsError, match=said):
            export_crawl(settings, D1, out)
    monkeypatch.chdir(here)
    with pytest.raises(FileExistsError, match="is the folder you are in"):
        export_crawl(settings, D1, Path())
    assert [path.name for path in full.iterdir()] == ["mine.txt"]


def test_the_command_exports_and_says_so(
    crawl: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(crawl.home))
    monkeypatch.setenv("MKT_DROPS", str(crawl.drops_dir))
    arguments = ["export", "--crawl-date", "2024-06-13", "--pictures", "webp", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert re.search(rf"30 pictures +{re.escape(str(tmp_path / 'out' / 'output_img'))}", done.output)
    again = CliRunner().invoke(app, arguments)
    assert (again.exit_code, "is not empty" in again.output) == (2, True)
    unknown = CliRunner().invoke(app, ["export", "--crawl-date", "2024-06-14", str(tmp_path / "new")])
    assert (unknown.exit_code, "no posts of 2024-06-14" in unknown.output) == (2, True)


def test_parquet_files_are_read_by_duckdb(exported: Path) -> None:
    found = duckdb.sql(f"SELECT count(*), min(crawl_date) FROM '{exported}/tables/raw_posts.parquet'")
    assert found.fetchone() == (30, date(2024, 6, 13))
