"""The models a run uses, loaded once a process on first use."""

from __future__ import annotations

from functools import cache

from mkt_assets.models.base import ImageEncoder, MattingModel, TextEncoder
from mkt_assets.models.registry import load_image_encoder, load_matting, load_text_encoder


class Models:
    """Loads models by id, once; tests hand in another object with the same three methods."""

    def matting(self, model_id: str) -> MattingModel:
        """The matting model of this id."""
        return _matting(model_id)

    def image_encoder(self, model_id: str) -> ImageEncoder:
        """The image encoder of this id."""
        return _image_encoder(model_id)

    def text_encoder(self, model_id: str) -> TextEncoder:
        """The text encoder of this id."""
        return _text_encoder(model_id)


# Kept for the process, not for the resource: Dagster makes resources anew for every run.
_matting = cache(load_matting)
_image_encoder = cache(load_image_encoder)
_text_encoder = cache(load_text_encoder)
