"""Which models there are, by role and id: the one place a new model is added. Nothing heavy is imported to ask.

Not here: models loaded for a run (resources/models), crawlers (crawlers/registry).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

from mkt_assets.models import (
    colour_histogram,
    efficientnet_lite,
    selfie_segmentation,
    universal_sentence_encoder,
    zoo,
)
from mkt_assets.models.base import ImageEncoder, MattingModel, TextEncoder
from mkt_assets.models.checkpoints import known_sha256
from mkt_assets.models.provenance import ModelCard, WeightsError, model_version

Role = Literal["matting", "image_encoder", "text_encoder"]
Precision = Literal["float32", "bfloat16", "int8"]
ModelT = TypeVar("ModelT")


class UnknownModel(ValueError):  # noqa: N818 - the name callers catch
    """No model of this id has this role."""


@dataclass(frozen=True)
class ModelOptions:
    """What the loading of a model depends on; the bundled ones depend on nothing.

    Attributes:
        models_dir: folder of the checkpoints.
        precision: None takes the model's own choice.
        n_heads: attention heads of an ImageBind of other widths than the published one.
        matting_long_side: longest side, in pixels, at which SGHM sees a picture.
    """

    models_dir: Path = Path("models")
    precision: Precision | None = None
    n_heads: int | None = None
    matting_long_side: int = 3072


@dataclass(frozen=True)
class Entry(Generic[ModelT]):
    """A model's card, how to load it, and the checkpoint it needs (None: its weights come in a package).

    `options` are the fields of `ModelOptions` that its results depend on.
    """

    card: ModelCard
    load: Callable[[ModelOptions], ModelT]
    checkpoint_id: str | None = None
    options: tuple[str, ...] = ()


def _of_checkpoint(
    checkpoint_id: str, load: Callable[[Path, ModelOptions], ModelT], *options: str
) -> Entry[ModelT]:
    """The entry of a model that needs a checkpoint; its version is known once the checkpoint is there."""
    checkpoint = zoo.CHECKPOINTS[checkpoint_id]

    def load_from_folder(options: ModelOptions) -> ModelT:
        path = zoo.path_of(checkpoint_id, options.models_dir)
        if not path.is_file():
            raise WeightsError(zoo.how_to_get(checkpoint_id, options.models_dir))
        return load(path, options)

    card = ModelCard(checkpoint_id, "absent", checkpoint.licence, checkpoint.origin)
    return Entry(card, load_from_folder, checkpoint_id, options)


def _imagebind_images(path: Path, options: ModelOptions) -> ImageEncoder:
    from mkt_assets.models.imagebind import ImageBindImageEncoder

    return ImageBindImageEncoder(path, precision=options.precision, n_heads=options.n_heads)


def _imagebind_texts(path: Path, options: ModelOptions) -> TextEncoder:
    from mkt_assets.models.imagebind import ImageBindTextEncoder

    return ImageBindTextEncoder(path, precision=options.precision, n_heads=options.n_heads)


def _resnet50(path: Path, options: ModelOptions) -> ImageEncoder:
    from mkt_assets.models.resnet50 import ResNet50Encoder

    return ResNet50Encoder(path)


def _sghm(path: Path, options: ModelOptions) -> MattingModel:
    from mkt_assets.models.sghm import SGHMMatting

    return SGHMMatting(path, max_long_side=options.matting_long_side)


MATTING_MODELS: Mapping[str, Entry[MattingModel]] = MappingProxyType(
    {
        selfie_segmentation.CARD.model_id: Entry(
            selfie_segmentation.CARD, lambda _: selfie_segmentation.SelfieSegmentation()
        ),
        "sghm": _of_checkpoint("sghm", _sghm, "matting_long_side"),
    }
)
IMAGE_ENCODERS: Mapping[str, Entry[ImageEncoder]] = MappingProxyType(
    {
        efficientnet_lite.CARD.model_id: Entry(
            efficientnet_lite.CARD, lambda _: efficientnet_lite.EfficientNetLite0()
        ),
        colour_histogram.CARD.model_id: Entry(
            colour_histogram.CARD, lambda _: colour_histogram.ColourHistogram()
        ),
        "imagebind": _of_checkpoint("imagebind", _imagebind_images, "precision", "n_heads"),
        "resnet-50": _of_checkpoint("resnet-50", _resnet50),
    }
)
TEXT_ENCODERS: Mapping[str, Entry[TextEncoder]] = MappingProxyType(
    {
        universal_sentence_encoder.CARD.model_id: Entry(
            universal_sentence_encoder.CARD, lambda _: universal_sentence_encoder.UniversalSentenceEncoder()
        ),
        "imagebind": _of_checkpoint("imagebind", _imagebind_texts, "precision", "n_heads"),
    }
)


def load_matting(model_id: str, options: ModelOptions | None = None) -> MattingModel:
    """The matting model of this id, loaded.

    Raises:
        UnknownModel: there is none.
        WeightsError: its weights are missing or other ones.
    """
    return _entry("matting", MATTING_MODELS, model_id).load(options or ModelOptions())


def load_image_encoder(model_id: str, options: ModelOptions | None = None) -> ImageEncoder:
    """The image encoder of this id, loaded; raises as `load_matting`."""
    return _entry("image_encoder", IMAGE_ENCODERS, model_id).load(options or ModelOptions())


def load_text_encoder(model_id: str, options: ModelOptions | None = None) -> TextEncoder:
    """The text encoder of this id, loaded; raises as `load_matting`."""
    return _entry("text_encoder", TEXT_ENCODERS, model_id).load(options or ModelOptions())


def runs_on_gpu(role: Role, model_id: str, options: ModelOptions | None = None) -> bool:
    """Whether the model takes a GPU where there is one: those that are not bundled do, but for int8.

    Raises:
        UnknownModel: there is none of this id.
    """
    has_checkpoint = _entry_of(role, model_id).checkpoint_id is not None
    return has_checkpoint and (options or ModelOptions()).precision != "int8"


def describe(role: Role, model_id: str, options: ModelOptions | None = None) -> ModelCard:
    """The card of a model, without loading it.

    The version of a model that needs a checkpoint is made of the file's sha256, if that is known, and of the
    options that its results depend on: it changes whenever they may.

    Raises:
        UnknownModel: there is none of this id.
    """
    entry = _entry_of(role, model_id)
    options = options or ModelOptions()
    if entry.checkpoint_id is None:
        return entry.card
    sha256 = known_sha256(zoo.path_of(entry.checkpoint_id, options.models_dir)) or "absent"
    chosen = ", ".join(f"{name} {getattr(options, name)}" for name in entry.options)
    return replace(entry.card, version=model_version(sha256, chosen))


def _entry_of(role: Role, model_id: str) -> Entry[MattingModel] | Entry[ImageEncoder] | Entry[TextEncoder]:
    models: Mapping[Role, Mapping[str, Entry[MattingModel] | Entry[ImageEncoder] | Entry[TextEncoder]]] = {
        "matting": MATTING_MODELS,
        "image_encoder": IMAGE_ENCODERS,
        "text_encoder": TEXT_ENCODERS,
    }
    return _entry(role, models[role], model_id)


def _entry(role: Role, models: Mapping[str, ModelT], model_id: str) -> ModelT:
    if model_id not in models:
        known = ", ".join(sorted(models))
        raise UnknownModel(f"there is no {role.replace('_', ' ')} model {model_id!r}; known: {known}")
    return models[model_id]
