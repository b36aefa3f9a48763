"""The pipeline on the production models' own code path: random weights in the official formats, real loading."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mkt_assets.assets import build_assets
from mkt_assets.models.zoo import path_of
from mkt_assets.resources.models import Models
from mkt_assets.settings import Settings
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.models.random_checkpoints import write_resnet50, write_sghm, write_tiny_imagebind
from mkt_assets_tests.runs import materialize, rows

D1 = date(2024, 6, 13)
LONG = "今天的穿搭是一条很长很长的白色连衣裙，" * 8


@pytest.fixture(scope="module")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_sghm(path_of("sghm", folder))
    write_resnet50(path_of("resnet-50", folder))
    write_tiny_imagebind(path_of("imagebind", folder))
    return folder


def production(tmp_path: Path, models_dir: Path, **changes: object) -> Settings:
    values: dict[str, object] = {
        "home": tmp_path / "home",
        "drops": tmp_path / "drops",
        "models": models_dir,
        "matting": "sghm",
        "image_encoder": "imagebind",
        "text_encoder": "imagebind",
        "imagebind_heads": 4,
        "precision": "float32",
        # random weights mark everything or nothing as a person: judge nothing
        "matting_long_side": 256,
        "reject_foreground_below": 0,
        "flag_foreground_below": 0,
        "flag_foreground_above": 1,
        "workers": 2,
    }
    return Settings.load(**(values | changes))


@pytest.mark.slow
def test_the_original_models_run_end_to_end(tmp_path: Path, models_dir: Path) -> None:
    settings = production(tmp_path, models_dir)
    drop = write_drop(settings.drops_dir, D1, range(6))
    table = next(drop.glob("*.csv"))
    text = table.read_text("utf-8")
    table.write_text(text.replace("今天穿", f"今天穿{LONG}", 2), "utf-8")

    assert materialize(settings, Models(settings.model_options), D1, last="charts").success

    mattes = rows(settings, "matted_images")
    assert {m["matting_model"].split()[0] for m in mattes} == {"sghm"}
    assert len(mattes) == 6
    assert {r["encoder"] for r in rows(settings, "image_embeddings")} <= {"imagebind"}
    texts = rows(settings, "text_embeddings")
    assert {r["encoder"] for r in texts} == {"imagebind"}
    assert max(r["n_chunks"] for r in texts) > 1
    assert len({tuple(r["embedding"]) for r in texts}) == len({r["token_sha256"] for r in texts})


def test_another_encoder_keeps_its_vectors_apart(tmp_path: Path, models_dir: Path) -> None:
    settings = production(
        tmp_path, models_dir, matting="selfie-segmentation", image_encoder="efficientnet-lite0"
    )
    write_drop(settings.drops_dir, D1, range(4))
    from mkt_assets_tests.stand_ins import FakeModels

    class Mixed(FakeModels):
        """Bright people, the real encoders."""

        def image_encoder(self, model_id: str):  # type: ignore[override]
            return Models(settings.model_options).image_encoder(model_id)

    models = Mixed()
    materialize(settings, models, D1, last="image_embeddings")
    bundled = rows(settings, "image_embeddings")
    other = {"ops": {"image_embeddings": {"config": {"image_encoder": "resnet-50"}}}}
    materialize(settings, models, D1, last="image_embeddings", run_config=other)
    baseline = rows(settings, "image_embeddings")
    materialize(settings, models, D1, last="image_embeddings")
    assert [r["dimension"] for r in baseline] == [2048] * 4
    assert rows(settings, "image_embeddings") == bundled


def test_another_encoder_or_precision_makes_the_embeddings_stale(tmp_path: Path, models_dir: Path) -> None:
    versions = {
        str(changes): next(
            asset.specs_by_key[key].code_version
            for asset in build_assets(production(tmp_path, models_dir, **changes))
            for key in asset.keys
            if key.to_user_string() == "image_embeddings"
        )
        for changes in (
            {},
            {"precision": "bfloat16"},
            {"image_encoder": "resnet-50"},
            {"background": "white"},
        )
    }
    assert len(set(versions.values())) == 4
