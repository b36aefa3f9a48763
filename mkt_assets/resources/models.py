"""The models a run uses, loaded once a process on first use.

Not here: which models there are (models/registry).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from mkt_assets.models.base import ImageEncoder, MattingModel, TextEncoder
from mkt_assets.models.registry import ModelOptions, load_image_encoder, load_matting, load_text_encoder
from mkt_assets.models.zoo import path_of


class Models:
    """Loads models by id, once; tests hand in another object with the same methods."""

    def __init__(self, options: ModelOptions | None = None) -> None:
        self._options = options or ModelOptions()

    def matting(self, model_id: str) -> MattingModel:
        """The matting model of this id."""
        return _matting(model_id, self._options)

    def image_encoder(self, model_id: str) -> ImageEncoder:
        """The image encoder of this id."""
        return _image_encoder(model_id, self._options)

    def text_encoder(self, model_id: str) -> TextEncoder:
        """The text encoder of this id."""
        return _text_encoder(model_id, self._options)

    def cosine_to_float32(
        self, role: Literal["image_encoder", "text_encoder"], model_id: str
    ) -> float | None:
        """How far int8 moves the vectors: the lowest cosine to float32 on a probe set; None in other precisions."""
        if self._options.precision != "int8" or model_id != "imagebind":
            return None
        return _cosine_to_float32("vision" if role == "image_encoder" else "text", self._options)


@lru_cache
def _cosine_to_float32(tower: Literal["vision", "text"], options: ModelOptions) -> float:
    from mkt_assets.models.imagebind.probe import cosine_to_float32

    checkpoint = path_of("imagebind", options.models_dir)
    return cosine_to_float32(checkpoint, "int8", tower=tower, n_heads=options.n_heads).lowest


# Kept for the process, not for the resource: Dagster makes resources anew for every run. One a role: a large
# encoder that is no longer used must not stay beside the one that is.
_matting = lru_cache(maxsize=1)(load_matting)
_image_encoder = lru_cache(maxsize=1)(load_image_encoder)
_text_encoder = lru_cache(maxsize=1)(load_text_encoder)
