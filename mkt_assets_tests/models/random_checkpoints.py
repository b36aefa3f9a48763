"""Checkpoints of random weights in the official formats, so that tests load them as they load the real ones."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

PARITY = Path(__file__).parent / "parity"


def shapes_in(name: str, folder: Path = PARITY) -> dict[str, list[int]]:
    """Parameter shapes by name from one of the `*_keys.json` files."""
    return json.loads((folder / name).read_text())


def random_weights(shapes: Mapping[str, Sequence[int]], folder: Path = PARITY) -> dict[str, torch.Tensor]:
    """Weights that follow from names and shapes alone, as the `weights.py` of the parity cases makes them."""
    make = runpy.run_path(str(folder / "weights.py"))["state_dict"]
    arrays: dict[str, NDArray[np.generic]] = make({name: list(shape) for name, shape in shapes.items()})
    return {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}


def write_sghm(path: Path, folder: Path = PARITY) -> Path:
    """An SGHM of the real size, as released: saved from DataParallel, so every name begins with "module."."""
    weights = random_weights(shapes_in("sghm_keys.json", folder), folder)
    torch.save({f"module.{name}": tensor for name, tensor in weights.items()}, path)
    return path


def resnet50_shapes() -> dict[str, list[int]]:
    """Parameter shapes of torchvision's resnet50: those of SGHM's backbone, and of the classifier."""
    prefix = "backbone."
    backbone = {
        name.removeprefix(prefix): shape
        for name, shape in shapes_in("sghm_keys.json").items()
        if name.startswith(prefix)
    }
    return {**backbone, "fc.weight": [1000, 2048], "fc.bias": [1000]}


def write_resnet50(path: Path) -> Path:
    """A ResNet-50 as torchvision publishes it."""
    torch.save(random_weights(resnet50_shapes()), path)
    return path


def write_tiny_imagebind(path: Path) -> Path:
    """The small ImageBind of the parity case, vision and text towers (4 attention heads)."""
    torch.save(random_weights(shapes_in("imagebind_tiny_keys.json")), path)
    return path
