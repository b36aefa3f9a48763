"""What is exported for Embedding Atlas has the columns that its documentation tells, and is what the tables say."""

from __future__ import annotations

import io
import shlex
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from mkt_assets.commands.cli import app
from mkt_assets.operations import export_atlas as atlas
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.resources.warehouse import CrawlDateError
from mkt_assets.settings import Settings
from mkt_assets_tests.runs import D1, Crawl, rows
from mkt_assets_tests.shared_crawls import copied_crawl as copied_crawl
from mkt_assets_tests.shared_crawls import whole_crawl as whole_crawl


@pytest.fixture(scope="module")
def exported(whole_crawl: Crawl, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("atlas") / "out"
    written = atlas.export_atlas(whole_crawl.settings, D1, out)
    assert [(one.path.name, one.n) for one in written] == [(atlas.FILE, 30), (atlas.LABELS, 3)]
    return out


def test_a_row_a_clustered_picture_says_what_the_tables_say(whole_crawl: Crawl, exported: Path) -> None:
    told = pq.read_table(exported / atlas.FILE).to_pylist()
    settings = whole_crawl.settings
    names = {(r["modality"], r["cluster_id"]): r["name"] for r in rows(settings, "cluster_identities", D1)}
    clusters = rows(settings, "clusters", D1)
    for kind, modality in (("style", "image"), ("topic", "text")):
        of = {r["post_id"]: names[modality, r["cluster_id"]] for r in clusters if r["modality"] == modality}
        assert {row["post_id"]: row[kind] for row in told if row[kind]} == of
    posts = {r["post_id"]: r for r in rows(settings, "raw_posts", D1)}
    for row in told:
        post = posts[row["post_id"]]
        assert (row["account"], row["n_likes"], row["post_url"], row["crawl_date"]) == (
            post["poster_id"], post["n_likes"], post["post_url"], D1,
        )  # fmt: skip
        assert post["content"] in row["caption"]


def test_neighbours_are_rows_of_the_file_and_the_most_similar_ones(
    whole_crawl: Crawl, exported: Path
) -> None:
    told = pq.read_table(exported / atlas.FILE).to_pylist()
    vectors = {
        r["post_id"]: np.array(r["embedding"]) for r in rows(whole_crawl.settings, "image_embeddings", D1)
    }
    X = np.stack([vectors[row["post_id"]] for row in told])
    for number, row in enumerate(told):
        ids, distances = row["neighbors"]["ids"], row["neighbors"]["distances"]
        assert len(ids) == len(distances) == atlas.N_NEIGHBOURS
        assert number not in ids
        assert np.allclose(1 - X[ids] @ X[number], distances, atol=1e-5)
        others = [i for i in range(len(X)) if i not in (*ids, number)]
        assert max(distances) <= (1 - X[others] @ X[number]).min() + 1e-5


def test_thumbnails_are_small_pictures_and_places_are_those_of_the_map(
    whole_crawl: Crawl, exported: Path
) -> None:
    table = pq.read_table(exported / atlas.FILE)
    assert table.schema.field("thumbnail").type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    for row in table.to_pylist():
        with Image.open(io.BytesIO(row["thumbnail"]["bytes"]), formats=["WEBP"]) as image:
            assert image.width <= 160
            assert image.height <= 214
    frame = table.to_pandas()
    places = {
        r["post_id"]: (r["x"], r["y"]) for r in rows(whole_crawl.settings, "item_positions", D1) if r["frame"]
    }
    at = zip(frame["projection_x"], frame["projection_y"], strict=True)
    assert dict(zip(frame["post_id"], at, strict=True)) == places
    labels = pq.read_table(exported / atlas.LABELS).to_pandas()
    assert sorted(labels["text"]) == sorted(frame["style"].unique())


def test_the_tools_own_database_reads_it(exported: Path) -> None:
    with duckdb.connect() as connection:
        n, nearest, kind = connection.execute(
            "SELECT count(*), min(len(neighbors.ids)), any_value(typeof(neighbors)) FROM read_parquet(?)",
            [str(exported / atlas.FILE)],
        ).fetchall()[0]
    assert (n, nearest, kind) == (30, 15, "STRUCT(ids BIGINT[], distances FLOAT[])")


def test_parts_come_in_the_order_of_the_whole(
    whole_crawl: Crawl, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atlas, "_PART", 7)
    atlas.export_atlas(whole_crawl.settings, D1, tmp_path / "out")
    whole, small = (pq.read_table(out / atlas.FILE).to_pandas() for out in (exported, tmp_path / "out"))
    assert pq.ParquetFile(tmp_path / "out" / atlas.FILE).num_row_groups == 5
    assert small["post_id"].tolist() == whole["post_id"].tolist()
    assert small["thumbnail"].tolist() == whole["thumbnail"].tolist()


def test_the_command_that_opens_it_names_columns_and_files_that_are_there(
    whole_crawl: Crawl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MKT_HOME", str(whole_crawl.settings.home))
    out = tmp_path / "with space"
    done = CliRunner().invoke(app, ["export", "--crawl-date", str(D1), "--as", "atlas", str(out)])
    assert done.exit_code == 0, done.output
    assert "It is yours from now on" in done.output
    tool, name, file, *options = shlex.split(done.output.strip().splitlines()[-1])
    assert (tool, name) == ("uvx", "embedding-atlas")
    given = dict(zip(options[::2], options[1::2], strict=True))
    columns = pq.read_schema(file).names
    assert set(given) == {"--x", "--y", "--neighbors", "--text", "--image", "--labels"}
    assert all(given[flag] in columns for flag in given if flag != "--labels")
    assert set(pq.read_schema(given["--labels"]).names) >= {"x", "y", "text"}


def test_pictures_that_the_map_lacks_are_told_with_what_to_do(copied_crawl: Settings, tmp_path: Path) -> None:
    warehouse = open_warehouse(copied_crawl)
    warehouse.replace_partition("item_positions", D1, warehouse.read("item_positions", [D1]).slice(3))
    with pytest.raises(ValueError, match=f"3 pictures have no place on the map: .* of {D1} again"):
        atlas.export_atlas(copied_crawl, D1, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_crawl_that_was_not_run_is_refused(whole_crawl: Crawl, tmp_path: Path) -> None:
    with pytest.raises(CrawlDateError, match="run it first"):
        atlas.export_atlas(whole_crawl.settings, date(2024, 1, 1), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
