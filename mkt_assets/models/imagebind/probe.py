"""How far a precision moves ImageBind's vectors, on pictures and texts made here.

Not here: which precision is used (models/imagebind/precision).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.models.imagebind.architecture import TowerName
from mkt_assets.models.imagebind.encoders import ImageBindImageEncoder, ImageBindTextEncoder
from mkt_assets.models.imagebind.precision import Precision

_N_PICTURES = 8
_TEXTS = (
    "a white dress",
    "black leather boots and a red coat",
    "white sneakers, white socks, blue jeans",
    "白色连衣裙",
    "今天的穿搭 #微胖女孩 #高跟鞋",
    "秋冬新款羊毛大衣，显瘦又保暖！",
    "去海边要穿的裙子，风一吹就很好看 🌊👗",
    "通勤穿搭｜小个子的西装怎么选？肩线、长度、颜色都讲清楚了",
)


@dataclass(frozen=True)
class PrecisionLoss:
    """Cosines of the probe set's vectors to those in float32."""

    lowest: float
    mean: float
    n_items: int


def cosine_to_float32(
    checkpoint: Path, precision: Precision, *, tower: TowerName, n_heads: int | None = None
) -> PrecisionLoss:
    """Embeds a small probe set in float32 and in a precision, one after the other, on the CPU.

    Loads the tower twice (huge: 2.5 GB for pictures, 1.4 GB for texts in float32), so it is for a report and not
    for every run.

    Raises:
        CheckpointError: as `load_imagebind`.
        PrecisionError: the CPU cannot run the precision.
    """
    embed: Callable[[Path, Precision, int | None], NDArray[np.float32]]
    embed = _embed_pictures if tower == "vision" else _embed_texts
    exact = embed(checkpoint, "float32", n_heads)
    cosines = (exact * embed(checkpoint, precision, n_heads)).sum(axis=1)
    return PrecisionLoss(lowest=float(cosines.min()), mean=float(cosines.mean()), n_items=len(cosines))


def probe_pictures() -> list[Image.Image]:
    """Smooth random colours with a figure before them: the same ones every time, 480 x 640."""
    rng = np.random.default_rng(0)
    pictures: list[Image.Image] = []
    for _ in range(_N_PICTURES):
        colours = rng.integers(0, 256, (2, 6, 5, 3), dtype=np.uint8)
        ground, figure = (
            Image.fromarray(grid).resize((480, 640), Image.Resampling.BICUBIC) for grid in colours
        )
        left, top = (int(start) for start in rng.integers(40, 160, 2))
        mask = Image.new("L", ground.size)
        mask.paste(255, (left, top, left + 240, top + 420))
        pictures.append(Image.composite(figure, ground, mask))
    return pictures


def _embed_pictures(checkpoint: Path, precision: Precision, n_heads: int | None) -> NDArray[np.float32]:
    encoder = ImageBindImageEncoder(checkpoint, precision=precision, device="cpu", n_heads=n_heads)
    return encoder.encode(np.stack([encoder.prepare(picture) for picture in probe_pictures()]))


def _embed_texts(checkpoint: Path, precision: Precision, n_heads: int | None) -> NDArray[np.float32]:
    encoder = ImageBindTextEncoder(checkpoint, precision=precision, device="cpu", n_heads=n_heads)
    return encoder.encode(_TEXTS)
