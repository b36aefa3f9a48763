"""From the released checkpoint of SGHM to a network ready to run. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mkt_assets.models.checkpoints import read_checkpoint, require_shapes
from mkt_assets.models.folding import fold_batch_norms, spectrally_normalised
from mkt_assets.models.sghm.network import HumanMatting

_SPECTRAL_PARTS = ("weight_bar", "weight_u", "weight_v")


def load_network(path: Path) -> HumanMatting:
    """The network of a checkpoint as released, in inference mode, every normalisation that can be folded in.

    Raises:
        CheckpointError: the file cannot be read, or any parameter is missing, misshapen or unknown.
    """
    with torch.device("meta"):
        network: Any = HumanMatting()
    released = read_checkpoint(path)
    require_shapes(released, released_shapes(network), source=path, other_prefixes=())
    network.load_state_dict(_plain_weights(released), assign=True)
    network.eval().requires_grad_(False)
    fold_batch_norms(network)
    return network.to(memory_format=torch.channels_last)


def released_shapes(network: HumanMatting) -> dict[str, tuple[int, ...]]:
    """Shapes by name as in the released checkpoint, where spectral normalisation keeps three tensors a weight."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, tensor in network.state_dict().items():
        shape = tuple(tensor.shape)
        if _is_spectral(name, tensor):
            owner = name.removesuffix("weight") + "module."
            rows, columns = shape[0], tensor[0].numel()
            for part, its_shape in zip(_SPECTRAL_PARTS, (shape, (rows,), (columns,)), strict=True):
                shapes[owner + part] = its_shape
        else:
            shapes[name] = shape
    return shapes


def _is_spectral(name: str, tensor: Tensor) -> bool:
    """Every convolution of the matting decoder is spectrally normalised, except in the heads."""
    inside = name.startswith(("shortcut.", "refine.")) and not name.startswith("refine.refine_OS")
    return inside and tensor.ndim == 4


def _plain_weights(released: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict without spectral normalisation."""
    plain: dict[str, Tensor] = {}
    for name, tensor in released.items():
        owner, _, part = name.rpartition(".module.")
        if part == "weight_bar":
            left, right = (released[f"{owner}.module.{vector}"] for vector in _SPECTRAL_PARTS[1:])
            plain[f"{owner}.weight"] = spectrally_normalised(tensor, left, right)
        elif part not in _SPECTRAL_PARTS:
            plain[name] = tensor
    return plain
