"""Models of the hub: the library's own vectors, pictures and texts in one space, and nothing of a folder is run."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mkt_assets.models import registry
from mkt_assets.models.base import as_batch
from mkt_assets.models.hub_fetch import VOUCHED, fetch_from_hub
from mkt_assets.models.hub_folders import RECORD, card_of, check_folder, folder_of, licence_of
from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.registry import ModelOptions, load_image_encoder, load_text_encoder
from mkt_assets.models.zoo import FetchError
from mkt_assets.operations.find_posts import find_by_words
from mkt_assets.resources.models import Models
from mkt_assets.settings import Settings, SettingsError
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.models.hub_folders import align_of_two_widths, chinese_clip
from mkt_assets_tests.models.hub_folders import hub_folders as hub_folders
from mkt_assets_tests.runs import D1, materialize, rows

Folders = dict[str, Path]
TEXTS = ["红 色 裙 子", "今 天 穿 white dress", ""]


@pytest.fixture
def copied(hub_folders: Folders, tmp_path: Path) -> Path:
    """The text model, to be spoilt."""
    shutil.copytree(hub_folders["text"], tmp_path / "model")
    return tmp_path / "model"


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (60 + 10 * i, 50, 3), dtype=np.uint8)) for i in range(3)]


@pytest.mark.parametrize("name", ["siglip", "chinese-clip"])
def test_vectors_are_the_librarys_own(hub_folders: Folders, name: str) -> None:
    from sentence_transformers import SentenceTransformer

    library: Any = SentenceTransformer(str(hub_folders[name]), device="cpu", local_files_only=True)
    images = load_image_encoder(f"hub:{hub_folders[name]}")
    made = images.encode(as_batch([images.prepare(picture) for picture in pictures()]))
    expected = library.encode(pictures(), normalize_embeddings=True)
    np.testing.assert_allclose(made, expected, atol=1e-5)
    texts = load_text_encoder(f"hub:{hub_folders[name]}")
    np.testing.assert_allclose(
        texts.encode(TEXTS), padded_as_in_training(hub_folders[name], TEXTS), atol=1e-5
    )
    assert images.dimension == texts.dimension == made.shape[1]
    assert (images.model_id, images.version) == (texts.model_id, texts.version)
    assert images.encode([]).shape == (0, images.dimension)


def test_chinese_clip_reads_no_more_at_once_than_it_was_trained_on(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="install the extra `hub`")
    encoder = load_text_encoder(f"hub:{chinese_clip(tmp_path / 'clip', n_places=512)}")
    assert encoder.n_windows(48) == 1
    assert encoder.n_windows(53) == 2


def test_a_static_model_is_an_encoder_of_texts_of_any_length(hub_folders: Folders) -> None:
    from sentence_transformers import SentenceTransformer

    library: Any = SentenceTransformer(str(hub_folders["static"]), device="cpu", local_files_only=True)
    encoder = load_text_encoder(f"hub:{hub_folders['static']}")
    texts = [*TEXTS[:2], "红 裙 子 今 天 " * 300]
    np.testing.assert_allclose(
        encoder.encode(texts), library.encode(texts, normalize_embeddings=True), atol=1e-6
    )
    assert encoder.n_windows(len(encoder.tokenize(texts[-1]))) == 1


def padded_as_in_training(folder: Path, texts: list[str]) -> Any:
    """Unit vectors of texts by transformers itself, padded to the model's length, as its makers say."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model: Any = AutoModel.from_pretrained(folder).eval()
    tokens: Any = AutoTokenizer.from_pretrained(folder)(texts, padding="max_length", return_tensors="pt")
    read = {name: tokens[name] for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        vectors = model.get_text_features(**read).pooler_output
    return torch.nn.functional.normalize(vectors).numpy()


@pytest.mark.parametrize("name", ["siglip", "chinese-clip", "text", "static"])
def test_a_texts_vector_does_not_depend_on_the_texts_beside_it(hub_folders: Folders, name: str) -> None:
    encoder = load_text_encoder(f"hub:{hub_folders[name]}")
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode([*TEXTS, "红 裙 子 " * 9])[: len(TEXTS)], alone, atol=1e-6)


@pytest.mark.parametrize("name", ["siglip", "chinese-clip", "text"])
def test_what_a_tokenizer_lets_through_is_still_no_more_than_the_network_has_places_for(
    hub_folders: Folders, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / name
    shutil.copytree(hub_folders[name], folder)
    told = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**told, "model_max_length": int(1e30)}))
    limited, unlimited = (load_text_encoder(f"hub:{each}") for each in (hub_folders[name], folder))
    long = [" ".join(["红 裙 子 今 天"] * 30)]
    assert unlimited.n_windows(150) == limited.n_windows(150) > 4
    np.testing.assert_allclose(unlimited.encode(long), limited.encode(long), atol=1e-6)


def test_a_text_longer_than_the_model_reads_is_read_in_windows(hub_folders: Folders) -> None:
    encoder = load_text_encoder(f"hub:{hub_folders['text']}")
    long = " ".join(["红 裙 子 今 天"] * 30)
    assert encoder.n_windows(len(encoder.tokenize(long))) > 4
    ends_otherwise = long + " white dress white dress white dress"
    first, second = encoder.encode([long, ends_otherwise])
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-6)
    assert first @ second < 1 - 1e-5, "the end of the text was not read"
    assert encoder.n_windows(3) == 1


def test_a_joint_model_of_two_widths_is_no_encoder_of_texts(tmp_path: Path) -> None:
    pytest.importorskip("sentence_transformers", reason="install the extra `hub`")
    folder = align_of_two_widths(tmp_path / "align")
    images = load_image_encoder(f"hub:{folder}")
    made = images.encode(as_batch([images.prepare(picture) for picture in pictures()]))
    assert made.shape == (3, images.dimension)
    with pytest.raises(WeightsError, match="48 numbers of a picture and 32 of a text"):
        load_text_encoder(f"hub:{folder}")


def test_a_model_of_texts_is_no_encoder_of_pictures(hub_folders: Folders) -> None:
    with pytest.raises(WeightsError, match="embeds text only, and cannot be the encoder of images"):
        load_image_encoder(f"hub:{hub_folders['text']}")


def harm(marker: Path) -> bytes:
    class Harm:
        def __reduce__(self) -> Any:
            return Path.touch, (marker,)

    return pickle.dumps(Harm())


def test_a_folder_that_is_not_what_it_should_be_is_refused_in_a_sentence_and_nothing_is_run(
    copied: Path, tmp_path: Path
) -> None:
    def refused(match: str) -> None:
        for load in (load_text_encoder, load_image_encoder):
            with pytest.raises(WeightsError, match=match):
                load(f"hub:{copied}")
        assert not (tmp_path / "harm").exists()

    weights = (copied / "model.safetensors").read_bytes()
    config = (copied / "config.json").read_text("utf-8")
    (copied / "modeling_own.py").write_text(f"open({str(tmp_path / 'harm')!r}, 'w')")
    refused("brings code of its own")
    (copied / "modeling_own.py").unlink()
    (copied / "config.json").write_text(json.dumps(json.loads(config) | {"auto_map": {"AutoModel": "x.Y"}}))
    refused("auto_map")
    (copied / "config.json").write_text(
        json.dumps(json.loads(config) | {"architectures": ["BertForSequenceClassification"]})
    )
    refused("SequenceClassification.*no encoder")
    (copied / "config.json").write_text("{")
    refused("cannot be read")
    (copied / "config.json").write_text(config)
    (copied / "modules.json").write_text(
        json.dumps([{"idx": 0, "name": "0", "path": "", "type": "os.system"}])
    )
    refused("not sentence-transformers' own")
    (copied / "modules.json").unlink()
    (copied / "model.safetensors").unlink()
    refused(r"no weights")
    (copied / "pytorch_model.bin").write_bytes(harm(tmp_path / "harm"))
    refused("is a pickle")
    (copied / "pytorch_model.bin").unlink()
    (copied / "model.safetensors").write_bytes(b"not tensors")
    refused("cannot be loaded as an encoder")
    (copied / "model.safetensors").write_bytes(weights)
    (copied / RECORD).write_text(json.dumps({"repository": "a/b", "sha256": {"config.json": "0" * 64}}))
    refused("is not the file that was fetched")
    (copied / RECORD).unlink()
    for path in copied.glob("tokenizer*"):
        path.unlink()
    refused("has no tokenizer")
    shutil.rmtree(copied)
    refused("there is no folder")


def test_a_pickle_beside_safetensors_is_not_read(copied: Path, tmp_path: Path) -> None:
    (copied / "pytorch_model.bin").write_bytes(harm(tmp_path / "harm"))
    assert load_text_encoder(f"hub:{copied}").encode(["红"]).shape == (1, 32)
    assert not (tmp_path / "harm").exists()


def test_the_version_changes_with_the_weights_and_the_precision_and_the_name_is_no_path(copied: Path) -> None:
    model_id = f"hub:{copied}"
    first = registry.describe("text_encoder", model_id)
    assert first.model_id == "hub:model"
    assert (
        registry.describe("text_encoder", model_id, ModelOptions(precision="bfloat16")).version
        != first.version
    )
    (copied / "tokenizer_config.json").write_text("{}")
    assert registry.describe("text_encoder", model_id).version != first.version
    (copied / RECORD).write_text(json.dumps({"repository": "who/what", "revision": "abc", "licence": "mit"}))
    card = card_of(copied, "float32")
    assert (card.model_id, card.licence) == ("hub:who/what", "mit")
    assert "at abc" in card.origin


def test_the_licence_is_what_the_readme_says(copied: Path) -> None:
    assert licence_of(copied) == "not told"
    (copied / "README.md").write_text("---\nlanguage: zh\nlicense: apache-2.0\n---\n# Model", "utf-8")
    assert licence_of(copied) == "apache-2.0"


def test_what_is_absent_stops_only_what_needs_it(tmp_path: Path) -> None:
    options = ModelOptions(tmp_path)
    assert registry.describe("image_encoder", "hub:google/some", options).version == "absent"
    trouble = registry.trouble_with("image_encoder", "hub:google/some", options)
    assert trouble is not None and "mkt models fetch hub:" in trouble
    with pytest.raises(WeightsError, match="there is no folder"):
        load_image_encoder("hub:google/some", options)
    with pytest.raises(SettingsError, match="hub:NAME"):
        Settings.load(image_encoder="siglip")


@pytest.mark.parametrize("name", ["a/../../etc", "a/b/c", "https://x.example/a", "a b", ""])
def test_a_name_cannot_lead_out_of_the_models(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="neither a folder nor a name"):
        folder_of(f"hub:{name}", tmp_path)
    assert folder_of("hub:a/b", tmp_path) == tmp_path / "hub" / "a--b"


def test_a_folder_with_a_link_out_of_it_is_refused(copied: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("secret")
    (copied / "README.md").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WeightsError, match="leads out of"):
        check_folder(copied)


def test_without_the_hub_a_fetch_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub", reason="install the extra `hub`")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(FetchError, match="copy its folder to this machine"):
        fetch_from_hub("hub:a/b", tmp_path, revision=None, show=print, accept_licence=True)
    assert {one.licence for one in VOUCHED} <= {"Apache-2.0", "MIT"}


@pytest.mark.slow
def test_a_crawl_runs_with_one_and_words_find_pictures(
    hub_folders: Folders, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    joint = f"hub:{hub_folders['siglip']}"
    chosen = Settings.load(
        home=settings.home,
        drops=settings.drops,
        image_encoder=joint,
        text_encoder=joint,
        comparison_pictures=0,
    )
    write_drop(settings.drops_dir, D1, range(9))
    models = Models(chosen.model_options)
    monkeypatch.setattr(models, "matting", lambda _: Everybody())
    assert materialize(chosen, models, D1, last="crosstab_ratios").success
    stored = rows(settings, "image_embeddings", D1)
    assert {row["encoder"] for row in stored} == {"hub:siglip"}
    found = find_by_words(chosen, models, "红 裙 子")
    assert found.notes == ()
    assert all(post.picture_similarity is not None for post in found.posts)


class Everybody:
    model_id, version, licence = "everybody", "1", "MIT"

    def alpha(self, image: Any) -> Any:
        return np.ones(image.shape[:2], np.float32)
