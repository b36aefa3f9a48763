"""item_positions through Dagster: a map on which nothing jumps when a crawl is added."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mkt_assets.contract.schema import TABLES
from mkt_assets.contract.tables.items import ITEM_POSITIONS
from mkt_assets.core.vectors import to_column
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets.stored.crawl import Crawl
from mkt_assets_tests.runs import D1, D2, materialize, rows
from mkt_assets_tests.stand_ins import FakeModels

CENTRES = np.random.default_rng(5).normal(size=(3, 16))


def put_vectors(
    settings: Settings, day: date, n_each: int, *, seed: int, encoder: str = "e", first: int = 0
) -> None:
    """Texts around three centres, posts numbered from `first`."""
    labels = np.repeat(np.arange(3), n_each)
    X = CENTRES[labels] + 0.3 * np.random.default_rng(seed).normal(size=(len(labels), 16))
    unit = (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)
    filled: dict[str, Any] = {
        "crawl_date": [day] * len(unit),
        "post_id": [f"p{number:03}" for number in range(first, first + len(unit))],
        "poster_id": ["a"] * len(unit),
        "text_sha256": ["t"] * len(unit),
        "token_sha256": ["t"] * len(unit),
        "n_tokens": [1] * len(unit),
        "n_chunks": [1] * len(unit),
        "encoder": [encoder] * len(unit),
        "encoder_version": ["1"] * len(unit),
        "dimension": [16] * len(unit),
        "embedding": to_column(unit),
    }
    schema = TABLES["text_embeddings"].arrow_schema()
    open_warehouse(settings).replace_partition("text_embeddings", day, pa.table(filled, schema=schema))


def place(settings: Settings, models: FakeModels, day: date) -> dict[str, tuple[float, float, str]]:
    """By post, its position and layout after the step ran for a crawl date."""
    assert materialize(settings, models, day, last="item_positions", upstream=False).success
    return {
        row["post_id"]: (row["x"], row["y"], row["layout"]) for row in rows(settings, "item_positions", day)
    }


@pytest.fixture
def two_crawls(settings: Settings) -> Settings:
    put_vectors(settings, D1, 20, seed=0)
    put_vectors(settings, D2, 20, seed=1, first=100)
    return settings


def test_a_later_crawl_is_placed_on_the_map_of_the_first_and_nothing_jumps(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    first = place(two_crawls, fake_models, D1)
    later = place(two_crawls, fake_models, D2)
    assert {layout for *_, layout in (*first.values(), *later.values())} == {next(iter(first.values()))[2]}
    assert place(two_crawls, fake_models, D1) == first
    # and a kind lies where its kind lay
    middles = {
        name: np.array([[*found.values()][i * 20 : i * 20 + 20] for i in range(3)], object)[:, :, :2]
        .astype(float)
        .mean(axis=1)
        for name, found in (("first", first), ("later", later))
    }
    apart = np.linalg.norm(middles["later"][:, None] - middles["first"][None], axis=2)
    assert apart.argmin(axis=1).tolist() == [0, 1, 2]


def test_what_is_crawled_again_keeps_its_place_and_a_forgotten_anchor_moves_nobody(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    first = place(two_crawls, fake_models, D1)
    warehouse = open_warehouse(two_crawls)
    kept = warehouse.read("text_embeddings", [D1]).slice(10)
    warehouse.replace_partition("text_embeddings", D1, kept)
    again = place(two_crawls, fake_models, D1)
    assert again == {post: at for post, at in first.items() if post >= "p010"}
    assert sum(row["anchor"] is not None for row in rows(two_crawls, "item_positions", D1)) == 50


def test_a_second_run_on_a_drop_that_changed_gives_what_the_first_one_gave(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    place(two_crawls, fake_models, D1)
    put_vectors(two_crawls, D1, 15, seed=7)
    assert place(two_crawls, fake_models, D1) == place(two_crawls, fake_models, D1)
    put_vectors(two_crawls, D1, 20, seed=0)
    warehouse = open_warehouse(two_crawls)
    place(two_crawls, fake_models, D1)
    warehouse.replace_partition("text_embeddings", D1, warehouse.read("text_embeddings", [D1]).slice(25))
    once = place(two_crawls, fake_models, D1)
    stored = rows(two_crawls, "item_positions", D1)
    assert (place(two_crawls, fake_models, D1), rows(two_crawls, "item_positions", D1)) == (once, stored)


def test_many_copies_of_few_vectors_do_not_outgrow_their_own_layout(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    warehouse = open_warehouse(two_crawls)
    vectors = warehouse.read("text_embeddings", [D1])
    index = vectors.schema.get_field_index("embedding")
    copies = vectors["embedding"].take([number % 6 for number in range(60)])
    warehouse.replace_partition("text_embeddings", D1, vectors.set_column(index, "embedding", copies))
    assert place(two_crawls, fake_models, D1) == place(two_crawls, fake_models, D1)


def test_another_encoder_or_a_much_larger_crawl_begins_a_layout_of_its_own(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    first = place(two_crawls, fake_models, D1)
    days = [D2 + timedelta(days=n) for n in (1, 2)]
    put_vectors(two_crawls, days[0], 20, seed=2, encoder="other")
    put_vectors(two_crawls, days[1], 81, seed=3)
    layouts = [{at[2] for at in place(two_crawls, fake_models, day).values()} for day in days]
    assert len(set.union(*layouts, {at[2] for at in first.values()})) == 3
    # the smaller one joins the larger map when it is run again
    assert {at[2] for at in place(two_crawls, fake_models, D1).values()} == layouts[1]


def test_a_map_of_two_layouts_shows_the_one_of_most_items(
    two_crawls: Settings, fake_models: FakeModels
) -> None:
    place(two_crawls, fake_models, D1)
    warehouse = open_warehouse(two_crawls)
    stored = warehouse.read("item_positions", [D1])
    names = ["other" if number < 5 else name for number, name in enumerate(stored["layout"].to_pylist())]
    index = stored.schema.get_field_index("layout")
    warehouse.replace_partition(
        "item_positions", D1, stored.set_column(index, "layout", pa.array(names, pa.string()))
    )
    members: dict[str, Any] = {
        "crawl_date": [D1] * 60,
        "modality": ["text"] * 60,
        "cluster_id": [0] * 60,
        "post_id": stored["post_id"].to_pylist(),
        "poster_id": ["a"] * 60,
        "frame": [None] * 60,
        "distance": [0.0] * 60,
        "rank_in_cluster": list(range(1, 61)),
        "item_crawl_date": [D1] * 60,
        "encoder": ["e 1"] * 60,
    }
    warehouse.replace_partition("clusters", D1, pa.table(members, schema=TABLES["clusters"].arrow_schema()))
    located, method = Crawl(warehouse.read, D1).located("text")
    assert (len(located), method) == (55, "t-SNE")
    assert Crawl(warehouse.read, D1).located("image")[0].empty


def test_a_crawl_without_items_has_no_positions(settings: Settings, fake_models: FakeModels) -> None:
    assert place(settings, fake_models, D1) == {}
    assert open_warehouse(settings).read("item_positions").schema == ITEM_POSITIONS.arrow_schema()
