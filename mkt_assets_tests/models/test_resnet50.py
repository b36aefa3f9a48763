"""ResNet-50 loads torchvision's format, and prepares and pools pictures as torchvision does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.checkpoints import CheckpointError
from mkt_assets.models.resnet50 import ResNet50Encoder
from mkt_assets.models.resnet50_body import ResNet50Body
from mkt_assets_tests.models.random_checkpoints import random_weights, resnet50_shapes, write_resnet50


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_resnet50(tmp_path_factory.mktemp("resnet") / "resnet50.pth")


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> ResNet50Encoder:
    return ResNet50Encoder(checkpoint)


def pooled_by_hand(weights: dict[str, torch.Tensor], pixels: torch.Tensor) -> torch.Tensor:
    """torchvision's resnet50 up to its classifier, written out with functions only."""

    def conv_bn(x: torch.Tensor, conv: str, bn: str, *, stride: int = 1, padding: int = 0) -> torch.Tensor:
        x = F.conv2d(x, weights[f"{conv}.weight"], stride=stride, padding=padding)
        mean, var = weights[f"{bn}.running_mean"], weights[f"{bn}.running_var"]
        return F.batch_norm(x, mean, var, weights[f"{bn}.weight"], weights[f"{bn}.bias"])

    x = F.max_pool2d(F.relu(conv_bn(pixels, "conv1", "bn1", stride=2, padding=3)), 3, stride=2, padding=1)
    for layer, n_blocks in enumerate((3, 4, 6, 3), start=1):
        for block in range(n_blocks):
            name, stride = f"layer{layer}.{block}", 2 if block == 0 and layer > 1 else 1
            y = F.relu(conv_bn(x, f"{name}.conv1", f"{name}.bn1"))
            y = F.relu(conv_bn(y, f"{name}.conv2", f"{name}.bn2", stride=stride, padding=1))
            y = conv_bn(y, f"{name}.conv3", f"{name}.bn3")
            if block == 0:
                x = conv_bn(x, f"{name}.downsample.0", f"{name}.downsample.1", stride=stride)
            x = F.relu(x + y)
    return x.mean(dim=(2, 3))


def pictures(n: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((n, 3, 224, 224), dtype=np.float32)


def test_vectors_are_the_pooled_features_of_the_last_stage(encoder: ResNet50Encoder) -> None:
    batch = pictures(2)
    with torch.inference_mode():
        pooled = pooled_by_hand(random_weights(resnet50_shapes()), torch.from_numpy(batch))
    expected = F.normalize(pooled).numpy()
    np.testing.assert_allclose(encoder.encode(batch), expected, atol=1e-6)


def test_vectors_have_unit_length_and_do_not_depend_on_their_batch(encoder: ResNet50Encoder) -> None:
    batch = pictures(3, seed=1)
    vectors = encoder.encode(batch)
    assert vectors.shape == (3, 2048)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(encoder.encode(batch[1:2])[0], vectors[1], atol=1e-6)


def test_no_picture_gives_no_vector(encoder: ResNet50Encoder) -> None:
    assert encoder.encode(np.zeros((0, 3, 224, 224), np.float32)).shape == (0, 2048)


@settings(max_examples=25, deadline=None)
@given(st.integers(30, 500), st.integers(30, 500), st.integers(0, 5))
def test_a_picture_is_resized_and_cropped_as_torchvision_does(
    encoder: ResNet50Encoder, width: int, height: int, seed: int
) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(noise)
    short = min(width, height)
    resized = picture.resize((int(256 * width / short), int(256 * height / short)), Image.Resampling.BILINEAR)
    left, top = round((resized.width - 224) / 2), round((resized.height - 224) / 2)
    crop = np.asarray(resized.crop((left, top, left + 224, top + 224)), np.float32) / 255
    expected = (crop - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    difference = np.abs(encoder.prepare(picture) - expected.transpose(2, 0, 1))
    # one grey level is the rounding between Pillow's two passes
    assert difference.max() <= 1.01 / 255 / 0.224


@pytest.mark.parametrize("size", [(1, 1), (3, 2000), (2000, 3)])
def test_extreme_pictures_are_prepared_too(encoder: ResNet50Encoder, size: tuple[int, int]) -> None:
    prepared = encoder.prepare(Image.new("RGB", size, (10, 20, 30)))
    assert prepared.shape == (3, 224, 224)
    assert np.ptp(prepared, axis=(1, 2)).max() == 0


def test_a_checkpoint_without_classifier_gives_the_same_vectors(
    encoder: ResNet50Encoder, tmp_path: Path
) -> None:
    weights = random_weights(resnet50_shapes())
    body = {name: tensor for name, tensor in weights.items() if not name.startswith("fc.")}
    torch.save({"state_dict": body}, tmp_path / "body.pth")
    batch = pictures(1)
    assert np.array_equal(ResNet50Encoder(tmp_path / "body.pth").encode(batch), encoder.encode(batch))


def test_a_checkpoint_that_does_not_count_batches_is_read(tmp_path: Path) -> None:
    weights = random_weights(resnet50_shapes())
    old = {name: tensor for name, tensor in weights.items() if not name.endswith("num_batches_tracked")}
    torch.save(old, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert ResNet50Encoder(tmp_path / "old.pth").encode(pictures(1)).shape == (1, 2048)


def test_a_checkpoint_of_another_network_is_refused_by_its_parameters(tmp_path: Path) -> None:
    weights = random_weights(resnet50_shapes())
    del weights["layer3.5.conv2.weight"]
    weights["layer1.3.conv1.weight"] = torch.zeros(64, 256, 1, 1)
    torch.save(weights, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match=r"without layer3\.5\.conv2\.weight.*layer1\.3\.conv1\.weight"):
        ResNet50Encoder(tmp_path / "other.pth")


def test_other_weights_make_another_version(encoder: ResNet50Encoder, tmp_path: Path) -> None:
    weights = random_weights(resnet50_shapes())
    weights["conv1.weight"] = weights["conv1.weight"] + 1
    torch.save(weights, tmp_path / "tuned.pth")
    assert ResNet50Encoder(tmp_path / "tuned.pth").version != encoder.version


def test_the_dilated_body_keeps_the_resolution_of_its_last_stage() -> None:
    with torch.device("meta"):
        pixels = torch.zeros(1, 3, 128, 64)
        plain, dilated = (ResNet50Body(dilate_last_stage=d).eval()(pixels) for d in (False, True))
    assert plain.layer4.shape == (1, 2048, 4, 2)
    assert dilated.layer4.shape == (1, 2048, 8, 4)
    assert [x.shape for x in plain[:4]] == [x.shape for x in dilated[:4]]
