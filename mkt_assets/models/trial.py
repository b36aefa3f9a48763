"""Trying a model out: does it load, how long does it take, how much memory, and are its vectors unit vectors.

Not here: which precision moves vectors how far (models/imagebind/probe).
"""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mkt_assets.models.base import as_batch
from mkt_assets.models.registry import ModelOptions, Role, load_image_encoder, load_matting, load_text_encoder

N_ITEMS = 4
TEXTS = (
    "白色连衣裙 夏天的风",
    "black leather boots",
    "今天去吃火锅 #美食探店",
    "小个子显高穿搭：短上衣配高腰裤" * 12,
)


@dataclass(frozen=True)
class Trial:
    """What a trial found: seconds, the process's peak memory in GB, and what the outputs look like."""

    version: str
    load_seconds: float
    seconds_an_item: float
    peak_memory_gb: float
    outputs: str


def try_out(role: Role, model_id: str, options: ModelOptions) -> Trial:
    """Load a model and run it on a few drawn pictures or written texts.

    Raises:
        WeightsError: its weights are missing or other ones.
    """
    began = time.perf_counter()
    if role == "matting":
        matting = load_matting(model_id, options)
        loaded = time.perf_counter()
        alphas = [matting.alpha(np.asarray(picture)) for picture in _pictures()]
        outputs = f"alpha from {min(a.min() for a in alphas):.2f} to {max(a.max() for a in alphas):.2f}"
        version = matting.version
    elif role == "image_encoder":
        images = load_image_encoder(model_id, options)
        loaded = time.perf_counter()
        outputs = _norms(images.encode(as_batch([images.prepare(picture) for picture in _pictures()])))
        version = images.version
    else:
        texts = load_text_encoder(model_id, options)
        loaded = time.perf_counter()
        outputs = _norms(texts.encode(TEXTS))
        version = texts.version
    ended = time.perf_counter()
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Trial(version, loaded - began, (ended - loaded) / N_ITEMS, peak_kb / 1e6, outputs)


def _pictures() -> list[Image.Image]:
    pictures: list[Image.Image] = []
    for i in range(N_ITEMS):
        picture = Image.new("RGB", (480, 640), (200, 210 - 30 * i, 220))
        draw = ImageDraw.Draw(picture)
        draw.ellipse((200, 90, 280, 190), fill=(236, 200, 176))
        draw.polygon([(240, 180), (150 - 10 * i, 560), (330 + 10 * i, 560)], fill=(60 * i, 40, 160))
        pictures.append(picture)
    return pictures


def _norms(vectors: np.ndarray) -> str:
    norms = np.linalg.norm(vectors, axis=1)
    return f"{vectors.shape[1]} components, norms {norms.min():.4f} to {norms.max():.4f}"
