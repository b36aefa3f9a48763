"""ImageBind here computes what the official code computes, on the cases of `MKT_PARITY_DIR`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mkt_assets.models.imagebind import build_imagebind
from mkt_assets.models.imagebind.architecture import HUGE
from mkt_assets.models.imagebind.loading import ImageBind
from mkt_assets.models.imagebind.precision import Precision
from mkt_assets.models.imagebind.text import tokenize

TINY_HEADS = 4
# The issue asks .99999 of the same precision; the others are what rounding costs at a width of 64.
LOWEST_COSINE: dict[Precision, float] = {"float32": 0.99999, "bfloat16": 0.9998, "int8": 0.999}


def runnable() -> list[Precision]:
    int8: list[Precision] = ["int8"] if torch.cpu._is_vnni_supported() else []
    return ["float32", "bfloat16", *int8]


def built(tensors: dict[str, torch.Tensor], precision: Precision = "float32") -> ImageBind:
    return build_imagebind(tensors, precision=precision, device=torch.device("cpu"), n_heads=TINY_HEADS)


def pictures_of(case: dict[str, NDArray[Any]]) -> torch.Tensor:
    rng = np.random.default_rng(int(case["image_seed"]))
    shape = (len(case["vision"]), 3, 224, 224)
    return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))


def cosines(ours: torch.Tensor, theirs: NDArray[np.float32]) -> NDArray[np.float64]:
    a, b = ours.numpy().astype(np.float64), theirs.astype(np.float64)
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.mark.parametrize("precision", runnable())
def test_a_picture_has_the_official_vector(
    precision: Precision, tiny_tensors: dict[str, torch.Tensor], tiny_case: dict[str, NDArray[Any]]
) -> None:
    vision = built(tiny_tensors, precision).vision
    assert vision is not None
    vectors = vision(pictures_of(tiny_case))
    assert cosines(vectors, tiny_case["vision"]).min() >= LOWEST_COSINE[precision]
    assert vectors.norm(dim=1).numpy() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("precision", runnable())
def test_a_text_has_the_official_vector(
    precision: Precision, tiny_tensors: dict[str, torch.Tensor], tiny_case: dict[str, NDArray[Any]]
) -> None:
    text = built(tiny_tensors, precision).text
    assert text is not None
    ids = torch.from_numpy(tiny_case["token_ids"]).long()
    vectors = text(ids, ids.argmax(dim=1) + 1)
    assert cosines(vectors, tiny_case["text"]).min() >= LOWEST_COSINE[precision]
    assert vectors.norm(dim=1).numpy() == pytest.approx(1, abs=1e-5)


def test_a_text_without_its_padding_has_the_same_vector(
    tiny_tensors: dict[str, torch.Tensor], tiny_case: dict[str, NDArray[Any]]
) -> None:
    text = built(tiny_tensors).text
    assert text is not None
    ids = torch.from_numpy(tiny_case["token_ids"]).long()
    lengths = ids.argmax(dim=1) + 1
    padded = text(ids, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = text(ids[row : row + 1, :length], lengths[row : row + 1])
        assert torch.allclose(alone[0], padded[row], atol=1e-5)


def test_weights_that_were_shuffled_give_other_vectors(
    tiny_tensors: dict[str, torch.Tensor], tiny_case: dict[str, NDArray[Any]]
) -> None:
    name = "modality_trunks.vision.blocks.1.attn.in_proj_weight"
    order = torch.randperm(tiny_tensors[name].shape[0], generator=torch.Generator().manual_seed(0))
    vision = built(tiny_tensors | {name: tiny_tensors[name][order]}).vision
    assert vision is not None
    assert cosines(vision(pictures_of(tiny_case)), tiny_case["vision"]).max() < 0.999


def test_the_published_checkpoints_names_and_shapes_load_strictly(parity_dir: Path) -> None:
    shapes = json.loads((parity_dir / "imagebind_huge_keys.json").read_text())
    meta = torch.device("meta")
    tensors = {name: torch.empty(shape, device=meta) for name, shape in shapes.items()}
    model = build_imagebind(tensors, precision="float32", device=meta)
    assert model.architecture == HUGE
    assert model.vision is not None
    assert model.text is not None
    assert len(model.vision.blocks) == 32
    assert model.vision(torch.empty(2, 3, 224, 224, device=meta)).shape == (2, 1024)


def test_byte_pairs_are_the_official_ones(parity_dir: Path) -> None:
    cases = json.loads((parity_dir / "bpe_cases.json").read_text())
    assert cases
    for case in cases:
        assert tokenize(case["text"])[1:-1] == case["bpe"], case["text"]
