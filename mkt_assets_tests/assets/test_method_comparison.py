"""The comparison through Dagster: a planted background is found without matting, and not with it."""

from __future__ import annotations

import io
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.metrics import adjusted_rand_score

from mkt_assets.models.provenance import WeightsError
from mkt_assets.resources.models import Models
from mkt_assets.resources.opening import open_warehouse
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import post_id, poster_id, write_drop
from mkt_assets_tests.once import made_once
from mkt_assets_tests.runs import D1, PINS, materialize, metadata, rows
from mkt_assets_tests.stand_ins import FakeModels
from mkt_sample.outfits import STYLES
from mkt_sample.people import random_person
from mkt_sample.pictures import draw_picture, random_framing
from mkt_sample.scenes import scene

N = 54
PERSONS = ((255, 140, 140), (140, 255, 140), (140, 140, 255))
SCENES = (0, 1, 7)
"""Seeds of a café, a street and a park."""
Compared = dict[tuple[str, str, str], Any]
BACKGROUNDS = ((110, 0, 0), (0, 110, 0), (0, 0, 110))


def paint(settings: Settings, n: int, background_of: Any) -> None:
    """Pictures of bright people in three colours, number i in colour i % 3, before dark walls."""
    rng = np.random.default_rng(0)
    for i in range(n):
        wall = np.array(BACKGROUNDS[background_of(i)]) + rng.integers(0, 12, 3)
        image = Image.new("RGB", (60, 80), tuple(int(c) for c in wall))
        box = (15 + i % 5, 12, 44, 70 - i % 4)
        ImageDraw.Draw(image).ellipse(box, fill=PERSONS[i % 3])
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        folder = settings.drops_dir / D1.isoformat() / "media" / poster_id(i % 5) / post_id(i)
        (folder / "post.png").write_bytes(buffer.getvalue())


class OnlySomeWeights(FakeModels):
    def image_encoder(self, model_id: str) -> Any:
        if model_id in ("imagebind", "resnet-50"):
            raise WeightsError(f"{model_id} is not here")
        return super().image_encoder(model_id)


def compared(settings: Settings, models: FakeModels, n: int, background_of: Any) -> Compared:
    write_drop(settings.drops_dir, D1, range(n))
    paint(settings, n, background_of)
    materialize(settings, models, D1, last="method_comparison", run_config=PINS)
    return stored(settings)


def stored(settings: Settings) -> Compared:
    found = rows(settings, "method_comparison", D1)
    return {(r["modality"], r["experiment"], r["variant"]): r for r in found}


def settings_in(folder: Path, **more: Any) -> Settings:
    return Settings.load(home=folder / "home", drops=folder / "drops", workers=2, **more)


@pytest.fixture(scope="module")
def crossed_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Home and drops of a crawl in which every style stands before every background, compared."""

    def make(folder: Path) -> None:
        compared(settings_in(folder), OnlySomeWeights(), N, lambda i: i // 3 % 3)

    return made_once(tmp_path_factory, "crossed", make)


@pytest.fixture(scope="module")
def crossed(crossed_home: Path) -> Compared:
    return stored(settings_in(crossed_home))


def test_matting_lowers_agreement_with_a_background_that_is_crossed_with_style(crossed: Compared):
    matted, unmatted = crossed["image", "matting", "matted"], crossed["image", "matting", "unmatted"]
    assert matted["background_agreement"] < 0.1 < 0.4 < unmatted["background_agreement"]
    assert matted["cross_agreement"] > 0.9 > unmatted["cross_agreement"]
    assert "Matting lowers agreement with the background" in matted["verdict"]
    assert "styles of matted pictures go better with the topics" in matted["verdict"]


class RealMattingAndFloor(OnlySomeWeights):
    """The bundled matting, and the colour histogram for every encoder that is here."""

    def matting(self, model_id: str) -> Any:
        return Models().matting(model_id)

    def image_encoder(self, model_id: str) -> Any:
        super().image_encoder(model_id)
        return Models().image_encoder("colour-histogram")


@pytest.mark.slow
def test_on_drawn_people_the_bundled_matting_takes_the_scene_out_of_the_clusters(tmp_path: Path):
    settings = settings_in(tmp_path, image_encoder="colour-histogram", comparison_texts=0)
    n, styles, rng = 48, list(STYLES)[:4], random.Random(3)
    kinds = [scene(random.Random(seed), (360, 480)) for seed in SCENES]
    write_drop(settings.drops_dir, D1, range(n))
    for i in range(n):
        person = (random_person(rng, styles[i % 4]), random_framing(rng))
        picture = draw_picture(kinds[i // 4 % 3], [person], rng).picture
        folder = settings.drops_dir / D1.isoformat() / "media" / poster_id(i % 5) / post_id(i)
        picture.save(folder / "post.png")
    pins = {"ops": {"k_selection": {"config": {"image_k": 4, "text_k": 3}}}}
    materialize(settings, RealMattingAndFloor(), D1, last="method_comparison", run_config=pins)
    found = {r["variant"]: r for r in rows(settings, "method_comparison", D1) if r["experiment"] == "matting"}
    assert found["matted"]["background_agreement"] < 0.1 < 0.5 < found["unmatted"]["background_agreement"]
    assert "Matting lowers agreement with the background" in found["matted"]["verdict"]
    number = {post_id(i): i for i in range(n)}
    styles_found = [
        (number[r["post_id"]] % 4, r["cluster_id"])
        for r in rows(settings, "clusters", D1)
        if r["modality"] == "image"
    ]
    assert adjusted_rand_score(*zip(*styles_found, strict=True)) > 0.9


def test_where_style_and_background_are_the_same_thing_no_such_thing_is_said(tmp_path: Path):
    found = compared(settings_in(tmp_path, comparison_texts=0), OnlySomeWeights(), N, lambda i: i % 3)
    matted, unmatted = found["image", "matting", "matted"], found["image", "matting", "unmatted"]
    assert min(matted["background_agreement"], unmatted["background_agreement"]) > 0.6
    assert "does not change agreement with the background" in matted["verdict"]


def test_every_method_and_encoder_has_a_row_and_one_without_weights_says_so(crossed: Compared):
    for modality in ("image", "text"):
        for method in ("k-means", "dbscan", "optics", "hdbscan"):
            row = crossed[modality, "methods", method]
            assert row["status"] == "run"
            assert 0 <= row["noise_share"] <= 1
            assert row["seconds"] > 0
            assert (row["n_items"], row["n_items_all"]) == (N, N)
        assert crossed[modality, "methods", "dbscan"]["agreement_kmeans"] is not None
    for absent in ("imagebind", "resnet-50"):
        row = crossed["image", "encoders", absent]
        assert (row["status"], row["n_clusters"], row["verdict"]) == ("not run: weights absent", None, None)
    used = [key[2] for key, row in crossed.items() if key[:2] == ("image", "encoders") and row["is_used"]]
    assert used == [OnlySomeWeights().images.model_id]


def test_the_sample_is_said_and_its_vectors_are_found_in_the_cache(crossed_home: Path, tmp_path: Path):
    shutil.copytree(crossed_home, tmp_path, dirs_exist_ok=True)
    settings = settings_in(tmp_path, comparison_pictures=24, comparison_texts=20)
    models = FakeModels()

    def again() -> Compared:
        materialize(settings, models, D1, last="method_comparison", upstream=False)
        found = stored(settings)
        for row in found.values():
            del row["seconds"]
        return found

    first = again()
    assert first["image", "methods", "k-means"]["n_items"] == 24
    assert first["text", "methods", "k-means"]["n_items"] == 20
    assert first["image", "methods", "k-means"]["n_items_all"] == N
    assert (models.images.n_encoded, models.texts.n_encoded) == (0, 0)
    assert again() == first


def says_that_it_is_too_small(settings: Settings, models: FakeModels, *, upstream: bool) -> bool:
    result = materialize(settings, models, D1, last="method_comparison", upstream=upstream)
    found = rows(settings, "method_comparison")
    n_not_run = metadata(result, "method_comparison")["not_run"]
    return {r["status"] for r in found} == {"not run: too few items"} and n_not_run == len(found)


def test_a_crawl_of_one_post_is_too_small_to_compare(comparing: Settings, fake_models: FakeModels):
    write_drop(comparing.drops_dir, D1, range(1))
    assert says_that_it_is_too_small(comparing, fake_models, upstream=True)


def test_a_crawl_is_too_small_to_compare_while_it_has_fewer_items_than_methods_need(
    copied_crawl: Settings, fake_models: FakeModels
):
    settings = copied_crawl.model_copy(update={"comparison_pictures": 30, "comparison_texts": 30})
    warehouse = open_warehouse(settings)
    for n in (3, 0):
        for table in ("image_embeddings", "text_embeddings"):
            warehouse.replace_partition(table, D1, warehouse.read(table, [D1]).slice(0, n))
        assert says_that_it_is_too_small(settings, fake_models, upstream=False)


def test_a_picture_that_is_gone_is_left_out_of_the_matting_experiment_only(
    copied_crawl: Settings, fake_models: FakeModels
):
    settings = copied_crawl.model_copy(update={"comparison_pictures": 30})
    next((settings.drops_dir / D1.isoformat()).rglob("post.png")).unlink()
    result = materialize(settings, fake_models, D1, last="method_comparison", upstream=False)
    found = {
        (r["experiment"], r["variant"]): r
        for r in rows(settings, "method_comparison")
        if r["modality"] == "image"
    }
    assert found["matting", "unmatted"]["n_items"] == 29
    assert metadata(result, "method_comparison")["pictures_no_longer_readable"] == 1
    assert found["methods", "k-means"]["n_items"] == 30
