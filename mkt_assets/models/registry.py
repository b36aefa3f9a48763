"""Which models there are, by role and id: the place to add one. No model is implemented here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

from mkt_assets.models import efficientnet_lite, selfie_segmentation, universal_sentence_encoder
from mkt_assets.models.base import ImageEncoder, MattingModel, TextEncoder
from mkt_assets.models.provenance import ModelCard

Role = Literal["matting", "image_encoder", "text_encoder"]
ModelT = TypeVar("ModelT")


class UnknownModel(ValueError):  # noqa: N818 - the name callers catch
    """No model of this id has this role."""


@dataclass(frozen=True)
class Entry(Generic[ModelT]):
    """A model's card, and how to load it."""

    card: ModelCard
    load: Callable[[], ModelT]


MATTING_MODELS: Mapping[str, Entry[MattingModel]] = MappingProxyType(
    {
        selfie_segmentation.CARD.model_id: Entry(
            selfie_segmentation.CARD, selfie_segmentation.SelfieSegmentation
        ),
    }
)
IMAGE_ENCODERS: Mapping[str, Entry[ImageEncoder]] = MappingProxyType(
    {
        efficientnet_lite.CARD.model_id: Entry(efficientnet_lite.CARD, efficientnet_lite.EfficientNetLite0),
    }
)
TEXT_ENCODERS: Mapping[str, Entry[TextEncoder]] = MappingProxyType(
    {
        universal_sentence_encoder.CARD.model_id: Entry(
            universal_sentence_encoder.CARD, universal_sentence_encoder.UniversalSentenceEncoder
        ),
    }
)


def load_matting(model_id: str) -> MattingModel:
    """The matting model of this id, loaded.

    Raises:
        UnknownModel: there is none.
        WeightsError: its weights are missing or other ones.
    """
    return _entry("matting", MATTING_MODELS, model_id).load()


def load_image_encoder(model_id: str) -> ImageEncoder:
    """The image encoder of this id, loaded; raises as `load_matting`."""
    return _entry("image_encoder", IMAGE_ENCODERS, model_id).load()


def load_text_encoder(model_id: str) -> TextEncoder:
    """The text encoder of this id, loaded; raises as `load_matting`."""
    return _entry("text_encoder", TEXT_ENCODERS, model_id).load()


def describe(role: Role, model_id: str) -> ModelCard:
    """The card of a model, without loading it.

    Raises:
        UnknownModel: there is none of this id.
    """
    if role == "matting":
        return _entry(role, MATTING_MODELS, model_id).card
    if role == "image_encoder":
        return _entry(role, IMAGE_ENCODERS, model_id).card
    return _entry(role, TEXT_ENCODERS, model_id).card


def _entry(role: Role, models: Mapping[str, Entry[ModelT]], model_id: str) -> Entry[ModelT]:
    if model_id not in models:
        known = ", ".join(sorted(models))
        raise UnknownModel(f"there is no {role.replace('_', ' ')} model {model_id!r}; known: {known}")
    return models[model_id]
