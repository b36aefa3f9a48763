"""What is exported for other tools is in the form that their documentation tells, and is what the tables say."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.operations.export_datasets import export_dataset
from mkt_assets.resources.warehouse import CrawlDateError
from mkt_assets_tests.runs import D1, Crawl, rows
from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl


def test_an_image_folder_has_a_row_and_a_picture_for_each_clustered_picture(
    whole_crawl: Crawl, tmp_path: Path
) -> None:
    settings, out = whole_crawl.settings, tmp_path / "dataset"
    export_dataset(settings, D1, out, form="huggingface")
    table = pq.read_table(out / "train" / "metadata.parquet")
    told = table.to_pylist()
    names = [row["file_name"] for row in told]
    assert sorted(names) == sorted(path.name for path in (out / "train").glob("*.png"))
    with Image.open(out / "train" / names[0]) as picture:
        assert picture.mode == "RGBA"
    clustered = {
        r["post_id"]: r["cluster_id"] for r in rows(settings, "clusters", D1) if r["modality"] == "image"
    }
    assert {row["post_id"]: row["style"] for row in told} == clustered
    topics = {
        r["post_id"]: r["cluster_id"] for r in rows(settings, "clusters", D1) if r["modality"] == "text"
    }
    assert {row["post_id"]: row["topic"] for row in told} == {post: topics.get(post) for post in clustered}
    vectors = {r["post_id"]: r["embedding"] for r in rows(settings, "image_embeddings", D1)}
    assert {row["post_id"]: row["embedding"] for row in told} == {p: vectors[p] for p in clustered}
    assert all("红" in row["caption"] or "绿" in row["caption"] or "蓝" in row["caption"] for row in told)
    assert (out / "README.md").read_text("utf-8").startswith("---\n")


def test_labels_for_fiftyone_name_the_pictures_the_styles_and_their_attributes(
    whole_crawl: Crawl, tmp_path: Path
) -> None:
    settings, out = whole_crawl.settings, tmp_path / "dataset"
    export_dataset(settings, D1, out, form="fiftyone")
    content = json.loads((out / "labels.json").read_text("utf-8"))
    assert set(content) == {"classes", "labels"}
    assert set(content["labels"]) == {path.stem for path in (out / "data").glob("*.png")}
    assert {label["label"] for label in content["labels"].values()} == set(content["classes"])
    assert len(content["classes"]) == 3
    first = next(iter(content["labels"].values()))
    assert {"post_id", "caption", "topic_name", "n_likes", "post_url", "account"} <= set(first["attributes"])
    vectors = np.load(out / "embeddings.npy", allow_pickle=False)
    by_post = {r["post_id"]: r["embedding"] for r in rows(settings, "image_embeddings", D1)}
    assert vectors[0].tolist() == by_post[first["attributes"]["post_id"]]


def test_a_crawl_that_was_not_run_and_a_folder_with_something_in_it_are_refused(
    whole_crawl: Crawl, tmp_path: Path
) -> None:
    with pytest.raises(CrawlDateError, match="run it first"):
        export_dataset(whole_crawl.settings, date(2024, 1, 1), tmp_path / "out", form="fiftyone")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        export_dataset(whole_crawl.settings, D1, tmp_path / "full", form="fiftyone")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


def test_the_command_takes_the_form(
    whole_crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(whole_crawl.settings.home))
    arguments = ["export", "--crawl-date", str(D1), "--as", "huggingface", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "train" / "metadata.parquet").is_file()
