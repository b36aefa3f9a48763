from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mkt_assets.models.base import ImageEncoder, TextEncoder
from mkt_assets.models.imagebind import ImageBindImageEncoder, ImageBindTextEncoder
from mkt_assets.models.imagebind.encoders import batches_by_length, pooled
from mkt_assets.models.imagebind.precision import Precision
from mkt_assets.models.imagebind.probe import cosine_to_float32, probe_pictures
from mkt_assets.models.imagebind.text import tokenize, windows

TINY_HEADS = 4
LONG = "显瘦的秋冬穿搭分享给大家，小个子女生也可以穿出大长腿的效果。" * 5


@pytest.fixture(scope="module")
def images(tiny_checkpoint: Path) -> ImageBindImageEncoder:
    return ImageBindImageEncoder(tiny_checkpoint, precision="float32", device="cpu", n_heads=TINY_HEADS)


@pytest.fixture(scope="module")
def texts(tiny_checkpoint: Path) -> ImageBindTextEncoder:
    return ImageBindTextEncoder(tiny_checkpoint, precision="float32", device="cpu", n_heads=TINY_HEADS)


def test_both_meet_the_protocols(images: ImageBindImageEncoder, texts: ImageBindTextEncoder) -> None:
    image_encoder: ImageEncoder = images
    text_encoder: TextEncoder = texts
    for encoder in (image_encoder, text_encoder):
        assert (encoder.model_id, encoder.licence) == ("imagebind", "CC-BY-NC-SA-4.0")
        assert encoder.dimension == 32


def test_the_version_tells_checkpoint_precision_and_preprocessing_apart(
    images: ImageBindImageEncoder, texts: ImageBindTextEncoder, tiny_checkpoint: Path, tmp_path: Path
) -> None:
    half = ImageBindImageEncoder(tiny_checkpoint, precision="bfloat16", device="cpu", n_heads=TINY_HEADS)
    tensors: dict[str, torch.Tensor] = torch.load(tiny_checkpoint, weights_only=True)
    torch.save(tensors | {"modality_heads.audio.0.bias": torch.ones(3)}, tmp_path / "other.pth")
    other = ImageBindImageEncoder(
        tmp_path / "other.pth", precision="float32", device="cpu", n_heads=TINY_HEADS
    )
    assert len({images.version, texts.version, half.version, other.version}) == 4
    assert "float32" in images.version


def test_pictures_have_the_same_vectors_alone_and_together(images: ImageBindImageEncoder) -> None:
    batch = np.stack([images.prepare(picture) for picture in probe_pictures()])
    together = images.encode(batch)
    assert together.shape == (len(batch), 32)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for picture, vector in zip(batch, together, strict=True):
        assert images.encode(picture[None])[0] == pytest.approx(vector, abs=1e-5)


def test_nothing_to_encode_is_no_vectors(images: ImageBindImageEncoder, texts: ImageBindTextEncoder) -> None:
    assert images.encode(np.zeros((0, 3, 224, 224), np.float32)).shape == (0, 32)
    assert texts.encode([]).shape == (0, 32)


def test_a_text_that_fits_has_exactly_the_official_vector(
    texts: ImageBindTextEncoder, tiny_case: dict[str, NDArray[Any]]
) -> None:
    ids = [[int(token) for token in row if token] for row in tiny_case["token_ids"]]
    official = tiny_case["text"] / np.linalg.norm(tiny_case["text"], axis=1, keepdims=True)
    assert texts.encode_tokens(ids) == pytest.approx(official, abs=1e-5)


def test_two_long_texts_that_differ_only_near_their_end_have_different_vectors(
    texts: ImageBindTextEncoder,
) -> None:
    first, second = texts.encode([LONG + "白色连衣裙", LONG + "黑色皮靴"])
    assert len(LONG) > 100
    assert float(first @ second) < 0.9999


def test_a_long_texts_vector_is_the_token_weighted_mean_of_its_windows(texts: ImageBindTextEncoder) -> None:
    split = windows(tokenize(LONG))
    assert len(split) > 2
    assert len(split[-1]) < 77
    weighted = sum(texts.encode_tokens([window])[0] * (len(window) - 2) for window in split)
    assert texts.encode([LONG])[0] == pytest.approx(weighted / np.linalg.norm(weighted), abs=1e-5)


def test_texts_keep_their_order_and_vectors_whatever_they_are_encoded_with(
    texts: ImageBindTextEncoder,
) -> None:
    many = ["x", LONG, "", "a white dress", "白色连衣裙", LONG[:60]] * 5
    together = texts.encode(many)
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-5)
    for text, vector in zip(many[:6], together, strict=False):
        assert texts.encode([text])[0] == pytest.approx(vector, abs=1e-5)


def test_tokens_and_windows_count_as_the_encoder_reads(texts: ImageBindTextEncoder) -> None:
    ids = texts.tokenize(LONG)
    assert texts.n_windows(len(ids)) == len(windows(ids))


@given(st.lists(st.integers(2, 77), max_size=60), st.integers(77, 1000))
def test_batches_hold_every_row_once_and_stay_within_the_tokens(lengths: list[int], most: int) -> None:
    batches = batches_by_length(lengths, most)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) * max(lengths[row] for row in batch) <= most


def test_pooling_weighs_by_tokens_and_returns_unit_vectors() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1]], np.float32)
    pool = pooled(vectors, np.array([0, 0, 1]), np.array([3, 4, 9], np.float32), 2)
    assert pool == pytest.approx(np.array([[0.6, 0.8], [0, 1]]))


@pytest.mark.skipif(not torch.cpu._is_vnni_supported(), reason="int8 needs AVX-512 VNNI")
def test_an_int8_vector_does_not_depend_on_a_neighbour_with_huge_values(tiny_checkpoint: Path) -> None:
    encoder = ImageBindImageEncoder(tiny_checkpoint, precision="int8", device="cpu", n_heads=TINY_HEADS)
    picture = np.stack([encoder.prepare(probe_pictures()[0])])
    beside = encoder.encode(np.concatenate([picture, picture * 1000]))
    assert encoder.encode(picture)[0] == pytest.approx(beside[0], abs=1e-5)


@pytest.mark.parametrize("tower", ["vision", "text"])
@pytest.mark.parametrize(("precision", "lowest"), [("float32", 0.999999), ("bfloat16", 0.9995)])
def test_the_probe_tells_what_a_precision_costs(
    tower: Any, precision: Precision, lowest: float, tiny_checkpoint: Path
) -> None:
    loss = cosine_to_float32(tiny_checkpoint, precision, tower=tower, n_heads=TINY_HEADS)
    assert lowest <= loss.lowest <= loss.mean <= 1.00001
    assert loss.n_items == 8
