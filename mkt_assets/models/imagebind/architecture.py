"""Sizes of ImageBind's two towers, and the parameters a checkpoint must hold for them. No network is here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mkt_assets.models.checkpoints import CheckpointError

TowerName = Literal["vision", "text"]

IMAGE_SIDE = 224
PATCH_SIDE = 14
N_PATCHES = (IMAGE_SIDE // PATCH_SIDE) ** 2
CONTEXT_LENGTH = 77
VOCABULARY_SIZE = 49408

# How the names of our two towers' parameters begin; the checkpoint's other four are not looked at.
TOWER_PREFIXES = tuple(
    f"modality_{part}.{tower}."
    for part in ("preprocessors", "trunks", "heads", "postprocessors")
    for tower in ("vision", "text")
)
# A constant that newer versions of the official code store with the weights.
CAUSAL_MASK = "modality_preprocessors.text.mask"


@dataclass(frozen=True)
class TowerSizes:
    """Sizes of one tower: residual width, transformer blocks, attention heads."""

    width: int
    n_blocks: int
    n_heads: int


@dataclass(frozen=True)
class Architecture:
    """Sizes of both towers, and the length of the vectors they share."""

    vision: TowerSizes
    text: TowerSizes
    dimension: int


HUGE = Architecture(
    vision=TowerSizes(width=1280, n_blocks=32, n_heads=16),
    text=TowerSizes(width=1024, n_blocks=24, n_heads=16),
    dimension=1024,
)


def architecture_of(shapes: Mapping[str, Sequence[int]], *, n_heads: int | None = None) -> Architecture:
    """The architecture a checkpoint was made with.

    The widths of the published `imagebind_huge` mean that model, whatever else may be wrong with the file.
    Of other widths the sizes are read off the shapes, except the number of heads, which no shape shows.

    Args:
        shapes: shapes by parameter name.
        n_heads: attention heads of each tower; not needed for `imagebind_huge`.

    Raises:
        CheckpointError: there are no towers in it, or `n_heads` is needed, or does not divide the widths.
    """
    vision, text = _width(shapes, "vision"), _width(shapes, "text")
    if (vision, text) == (HUGE.vision.width, HUGE.text.width):
        return HUGE
    if n_heads is None:
        raise CheckpointError(
            f"the checkpoint is an ImageBind of widths {vision} and {text}, not imagebind_huge: say n_heads"
        )
    if n_heads < 1 or vision % n_heads or text % n_heads:
        raise CheckpointError(f"{n_heads} heads do not divide the checkpoint's widths {vision} and {text}")
    dimensions = [
        shape[0]
        for name in ("modality_heads.vision.2.weight", "modality_heads.text.proj.1.weight")
        if len(shape := shapes.get(name, ())) == 2
    ]
    return Architecture(
        vision=TowerSizes(vision, _n_blocks(shapes, "vision"), n_heads),
        text=TowerSizes(text, _n_blocks(shapes, "text"), n_heads),
        dimension=dimensions[0] if dimensions else vision,
    )


def expected_shapes(architecture: Architecture) -> dict[str, tuple[int, ...]]:
    """Shapes of all parameters of the two towers, by their names in the official code."""
    vision, text, dimension = architecture.vision.width, architecture.text.width, architecture.dimension
    shapes: dict[str, tuple[int, ...]] = {
        "modality_preprocessors.vision.cls_token": (1, 1, vision),
        "modality_preprocessors.vision.rgbt_stem.proj.1.weight": (vision, 3, 2, PATCH_SIDE, PATCH_SIDE),
        "modality_preprocessors.vision.pos_embedding_helper.pos_embed": (1, 1 + N_PATCHES, vision),
        "modality_trunks.vision.pre_transformer_layer.0.weight": (vision,),
        "modality_trunks.vision.pre_transformer_layer.0.bias": (vision,),
        "modality_heads.vision.0.weight": (vision,),
        "modality_heads.vision.0.bias": (vision,),
        "modality_heads.vision.2.weight": (dimension, vision),
        "modality_preprocessors.text.pos_embed": (1, CONTEXT_LENGTH, text),
        "modality_preprocessors.text.token_embedding.weight": (VOCABULARY_SIZE, text),
        "modality_heads.text.proj.0.weight": (text,),
        "modality_heads.text.proj.0.bias": (text,),
        "modality_heads.text.proj.1.weight": (dimension, text),
        "modality_postprocessors.text.1.log_logit_scale": (),
    }
    for tower, sizes in (("vision", architecture.vision), ("text", architecture.text)):
        for i in range(sizes.n_blocks):
            shapes |= _block_shapes(f"modality_trunks.{tower}.blocks.{i}.", sizes.width)
    return shapes


def _block_shapes(prefix: str, width: int) -> dict[str, tuple[int, ...]]:
    shapes = {
        "norm_1.weight": (width,),
        "norm_1.bias": (width,),
        "attn.in_proj_weight": (3 * width, width),
        "attn.in_proj_bias": (3 * width,),
        "attn.out_proj.weight": (width, width),
        "attn.out_proj.bias": (width,),
        "norm_2.weight": (width,),
        "norm_2.bias": (width,),
        "mlp.fc1.weight": (4 * width, width),
        "mlp.fc1.bias": (4 * width,),
        "mlp.fc2.weight": (width, 4 * width),
        "mlp.fc2.bias": (width,),
    }
    return {prefix + name: shape for name, shape in shapes.items()}


def _width(shapes: Mapping[str, Sequence[int]], tower: TowerName) -> int:
    """Width that most blocks have, so that one wrong shape is named as such and not taken for the width."""
    block_norm = re.compile(rf"modality_trunks\.{tower}\.blocks\.\d+\.norm_[12]\.(weight|bias)")
    widths = Counter(shape[0] for name, shape in shapes.items() if block_norm.fullmatch(name) and shape)
    if not widths:
        raise CheckpointError(
            f"the checkpoint has no ImageBind {tower} tower: no parameter is named modality_trunks.{tower}.*; "
            "use the file its authors published"
        )
    return widths.most_common(1)[0][0]


def _n_blocks(shapes: Mapping[str, Sequence[int]], tower: TowerName) -> int:
    block = re.compile(rf"modality_trunks\.{tower}\.blocks\.(\d+)\.")
    return 1 + max(int(found[1]) for name in shapes if (found := block.match(name)))
