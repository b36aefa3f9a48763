"""More items than one fit takes: clusters of a sample, to which all are assigned, and that they say so."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.items import read_items
from mkt_assets.stored.large_items import read_large_items
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import D1, D2, PINS, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels

VECTORS = ("image_embeddings", "text_embeddings")


def with_a_sample(settings: Settings) -> Settings:
    return settings.model_copy(update={"full_fit_items": 100})


def load(folder: Path) -> Settings:
    """Settings under which few k are tried, as there are three colours to find."""
    return Settings.load(
        home=folder / "home",
        drops=folder / "drops",
        workers=2,
        image_k_range=(2, 12),
        text_k_range=(2, 12),
    )


@pytest.fixture
def crawled(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Settings:
    """A home with the vectors of 136 posts, of three colours that are not equally many."""

    def make(folder: Path) -> None:
        settings = load(folder)
        write_drop(settings.drops_dir, D1, [i for i in range(150) if i >= (30, 12, 0)[i % 3]])
        materialize(settings, FakeModels(), D1, last=VECTORS)

    made = made_once(tmp_path_factory, "many_posts", make)
    shutil.copytree(made / "home", tmp_path / "home")
    return load(tmp_path)


def test_the_three_colours_are_found_on_a_sample_and_every_item_is_in_its_cluster(
    crawled: Settings, fake_models: FakeModels
) -> None:
    steps = ("k_selection", "clusters")
    materialize(crawled, fake_models, D1, last=steps, upstream=False, run_config=PINS)
    of_all = {table: rows(crawled, table) for table in steps}
    assert {row["n_fitted"] for row in of_all["k_selection"]} == {None}

    sampled = with_a_sample(crawled)
    result = materialize(sampled, fake_models, D1, last=steps, upstream=False, run_config=PINS)
    chosen = {row["modality"]: row for row in rows(sampled, "k_selection") if row["chosen"]}
    n_images = sum(row["modality"] == "image" for row in of_all["clusters"])
    assert (chosen["image"]["k"], chosen["image"]["n_items"]) == (3, n_images)
    assert 0 < chosen["image"]["n_fitted"] <= 100
    assert f"sought on {chosen['image']['n_fitted']} items" in metadata(result, "k_selection")["image_reason"]

    def of_images(clusters: list[dict[str, object]]) -> list[tuple[object, ...]]:
        return sorted(
            (str(row["post_id"]), row["cluster_id"], round(float(str(row["distance"])), 9))
            for row in clusters
            if row["modality"] == "image"
        )

    assert of_images(rows(sampled, "clusters")) == of_images(of_all["clusters"])
    full = next(row for row in of_all["k_selection"] if row["chosen"] and row["modality"] == "image")
    assert chosen["image"]["inertia"] == pytest.approx(full["inertia"], rel=0.01, abs=1e-4)
    materialize(sampled, fake_models, D1, last=steps, upstream=False, run_config=PINS)
    assert [row for row in rows(sampled, "k_selection") if row["chosen"]] == [chosen["image"], chosen["text"]]


def test_parts_are_the_items_of_the_latest_crawl_with_their_vectors(
    crawled: Settings, fake_models: FakeModels
) -> None:
    write_drop(crawled.drops_dir, D2, range(140, 170))
    materialize(crawled, fake_models, D2, last=VECTORS)
    warehouse = open_warehouse(crawled)
    for modality in ("image", "text"):
        items = read_items(warehouse, modality, [D1, D2])
        large = read_large_items(warehouse, modality, [D1, D2])
        assert large.frame.equals(items.frame)
        assert large.encoder == items.encoder
        positions = np.concatenate([part.positions for part in large.parts()])
        assert sorted(positions.tolist()) == list(range(len(items.frame)))
        asked = np.arange(0, len(items.frame), 3)
        digest, other = large.digest(), large.digest()
        assert np.array_equal(large.vectors_at(asked, digest), items.vectors[asked])
        for part in large.parts():
            other.update(part.vectors.data)
        assert digest.hexdigest() == other.hexdigest() != large.digest().hexdigest()


def test_vectors_that_change_between_a_fit_and_its_clusters_are_refused(
    crawled: Settings, fake_models: FakeModels
) -> None:
    sampled = with_a_sample(crawled)
    materialize(sampled, fake_models, D1, last="k_selection", upstream=False, run_config=PINS)
    vectors = open_warehouse(crawled).read("image_embeddings")
    large = read_large_items(open_warehouse(crawled), "image", [D1])
    open_warehouse(crawled).replace_partition("image_embeddings", D1, vectors.slice(1))
    with pytest.raises(Exception, match="fitted other image vectors"):
        materialize(sampled, fake_models, D1, last="clusters", upstream=False)
    with pytest.raises(Exception, match="image vectors were stored while those of 2024-06-13 to"):
        list(large.parts())
    assert [len(p.positions) for p in replace(large, _positions=large._positions[1:]).parts()] == [
        vectors.num_rows - 1
    ]
