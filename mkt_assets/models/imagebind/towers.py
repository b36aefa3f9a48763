"""ImageBind's vision and text tower, for inference only; imports torch, so it is imported at loading.

Girdhar et al., ImageBind: One Embedding Space To Bind Them All, CVPR 2023 (arXiv 2305.05665).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from mkt_assets.models.imagebind.architecture import PATCH_SIDE
from mkt_assets.models.imagebind.layers import Linear

_EPSILON = 1e-6


@dataclass(frozen=True)
class LayerNorm:
    """Normalisation of the last axis, its weight and bias in float32 whatever the input."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """`x` normalised, of the same shape and type."""
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, _EPSILON)


@dataclass(frozen=True)
class Block:
    """A pre-norm transformer block: attention, then a perceptron of four times the width."""

    norm_1: LayerNorm
    queries_keys_values: Linear
    out: Linear
    norm_2: LayerNorm
    expand: Linear
    project: Linear
    n_heads: int
    attention_dtype: torch.dtype

    def __call__(self, x: Tensor, n_items: int, *, causal: bool) -> Tensor:
        """The residual stream, (n_items * length, width), after this block; `x` is overwritten."""
        qkv = self.queries_keys_values(self.norm_1(x)).to(self.attention_dtype)
        mixed = _attention(qkv, n_items, self.n_heads, causal=causal)
        x += self.out(mixed.to(x.dtype))
        x += self.project(self.expand(self.norm_2(x), gelu=True))
        return x


@dataclass(frozen=True)
class VisionTower:
    """Vision transformer over 16 x 16 patches and a class token.

    Attributes:
        stem: a patch's 588 numbers to the width. The official stem is a 3-D convolution over two frames,
            and a picture is shown twice: its kernel is summed over time.
        first: what is there before any patch is seen, (1 + 256, width): the class token at its position, and
            the positions of the patches.
    """

    stem: Linear
    first: Tensor
    norm_before: LayerNorm
    blocks: Sequence[Block]
    norm_after: LayerNorm
    head: Linear

    def __call__(self, pictures: Tensor) -> Tensor:
        """Unit vectors, (n, dimension) float32, of prepared pictures, (n, 3, 224, 224)."""
        n = len(pictures)
        x = self.first.repeat(n, 1, 1)
        x[:, 1:] += self.stem(_patches(pictures).to(x.dtype)).view(n, -1, x.shape[2])
        x = self.norm_before(x).flatten(0, 1)
        for block in self.blocks:
            x = block(x, n, causal=False)
        class_tokens = x.view(n, -1, x.shape[1])[:, 0]
        return functional.normalize(self.head(self.norm_after(class_tokens)).float(), dim=1)


@dataclass(frozen=True)
class TextTower:
    """Causal transformer over byte pairs; what it makes of the end token is the text's vector.

    The official code multiplies the unit vector by a learnt scale, for its loss only.
    """

    token_embedding: Tensor
    position_embedding: Tensor
    blocks: Sequence[Block]
    norm_after: LayerNorm
    head: Linear

    def __call__(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Unit vectors, (n, dimension) float32, of windows of token ids, (n, longest), padded to the right.

        Args:
            ids: int64; every row begins with the start token.
            lengths: int64, (n,), tokens of each row up to and with its end token.
        """
        n, longest = ids.shape
        x = (self.token_embedding[ids] + self.position_embedding[:longest]).flatten(0, 1)
        for block in self.blocks:
            x = block(x, n, causal=True)
        rows = torch.arange(n, device=x.device) * longest + lengths - 1
        return functional.normalize(self.head(self.norm_after(x[rows])).float(), dim=1)


def _patches(pictures: Tensor) -> Tensor:
    """The squares of a picture in reading order, each as (channel, row, column): (n * 256, 588)."""
    n, channels, height, width = pictures.shape
    grid = pictures.view(n, channels, height // PATCH_SIDE, PATCH_SIDE, width // PATCH_SIDE, PATCH_SIDE)
    return grid.permute(0, 2, 4, 1, 3, 5).reshape(-1, channels * PATCH_SIDE * PATCH_SIDE)


def _attention(qkv: Tensor, n_items: int, n_heads: int, *, causal: bool) -> Tensor:
    """Every head's mix of values, (n_items * length, width), of (n_items * length, 3 * width)."""
    length, width = qkv.shape[0] // n_items, qkv.shape[1] // 3
    split = qkv.view(n_items, length, 3, n_heads, width // n_heads).permute(2, 0, 3, 1, 4)
    # In bfloat16 on a CPU PyTorch's fused attention takes 2.4 times as long as its parts.
    if qkv.dtype == torch.bfloat16 and qkv.device.type == "cpu":
        queries, keys, values = split.flatten(1, 2)
        mixed = torch.bmm(_weights(queries, keys, causal=causal), values).view(n_items, n_heads, length, -1)
    else:
        queries, keys, values = split
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=causal)
    return mixed.transpose(1, 2).reshape(n_items * length, width)


def _weights(queries: Tensor, keys: Tensor, *, causal: bool) -> Tensor:
    """Attention weights, (heads, length, length), each row summing to 1."""
    length = queries.shape[1]
    mask = queries.new_full((length, length), float("-inf")).triu_(1) if causal else queries.new_zeros(1)
    scores = torch.baddbmm(mask, queries, keys.transpose(1, 2), alpha=queries.shape[2] ** -0.5)
    return scores.softmax(dim=2)
