"""Folding of normalisations into the convolutions before them, once, at load time. Needs PyTorch."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights


def fold_batch_norms(network: nn.Module) -> None:
    """Merges every batch normalisation into the convolution registered right before it, in place.

    Same function in `eval()`, about a third fewer passes over the feature maps. Relies on what torchvision's
    naming has made a custom: the children of a module are registered in the order they are applied.
    """
    for module in network.modules():
        children = list(module.named_children())
        for (_, convolution), (name, normalisation) in itertools.pairwise(children):
            is_convolution = isinstance(convolution, nn.Conv2d | nn.ConvTranspose2d)
            if is_convolution and isinstance(normalisation, nn.BatchNorm2d):
                _fold(convolution, normalisation)
                setattr(module, name, nn.Identity())


def _fold(convolution: nn.Conv2d | nn.ConvTranspose2d, normalisation: nn.BatchNorm2d) -> None:
    assert normalisation.running_mean is not None and normalisation.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight,
        convolution.bias,
        normalisation.running_mean,
        normalisation.running_var,
        normalisation.eps,
        normalisation.weight,
        normalisation.bias,
        transpose=isinstance(convolution, nn.ConvTranspose2d),
    )


def spectrally_normalised(weight: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """A weight divided by its largest singular value, as the stored singular vectors estimate it.

    Args:
        weight: (out, ...) the weight as trained.
        left: (out,) left singular vector, u.
        right: (rest,) right singular vector, v.

    Returns:
        weight / (u . W v), where W is the weight as a matrix of `out` rows; Miyato et al., ICLR 2018.
    """
    matrix = weight.reshape(weight.shape[0], -1)
    return weight / torch.dot(left, matrix @ right)
