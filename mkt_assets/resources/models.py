"""The models a run uses, loaded once a process on first use."""

from __future__ import annotations

from functools import lru_cache

from mkt_assets.models.base import ImageEncoder, MattingModel, TextEncoder
from mkt_assets.models.registry import ModelOptions, load_image_encoder, load_matting, load_text_encoder


class Models:
    """Loads models by id, once; tests hand in another object with the same three methods."""

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


# Kept for the process, not for the resource: Dagster makes resources anew for every run. One a role: a large
# encoder that is no longer used must not stay beside the one that is.
_matting = lru_cache(maxsize=1)(load_matting)
_image_encoder = lru_cache(maxsize=1)(load_image_encoder)
_text_encoder = lru_cache(maxsize=1)(load_text_encoder)
