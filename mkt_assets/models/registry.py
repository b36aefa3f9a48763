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
    hub_folders,
    onnx_matting,
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


MODELS: Mapping[Role, Mapping[str, Entry[MattingModel] | Entry[ImageEncoder] | Entry[TextEncoder]]] = (
    MappingProxyType(
        {"matting": MATTING_MODELS, "image_encoder": IMAGE_ENCODERS, "text_encoder": TEXT_ENCODERS}
    )
)


def load_matting(model_id: str, options: ModelOptions | None = None) -> MattingModel:
    """The matting model of this id, loaded.

    Raises:
        UnknownModel: there is none.
        WeightsError: its weights are missing or other ones.
    """
    if model_id.startswith(onnx_matting.PREFIX):
        return onnx_matting.OnnxMatting(_onnx_file(model_id))
    return _entry("matting", MATTING_MODELS, model_id).load(options or ModelOptions())


def load_image_encoder(model_id: str, options: ModelOptions | None = None) -> ImageEncoder:
    """The image encoder of this id, loaded; raises as `load_matting`."""
    if model_id.startswith(hub_folders.PREFIX):
        from mkt_assets.models.hub import HubImageEncoder

        options = options or ModelOptions()
        folder = hub_folders.folder_of(model_id, options.models_dir)
        return HubImageEncoder(folder, precision=options.precision)
    return _entry("image_encoder", IMAGE_ENCODERS, model_id).load(options or ModelOptions())


def load_text_encoder(model_id: str, options: ModelOptions | None = None) -> TextEncoder:
    """The text encoder of this id, loaded; raises as `load_matting`."""
    if model_id.startswith(hub_folders.PREFIX):
        from mkt_assets.models.hub import HubTextEncoder

        options = options or ModelOptions()
        folder = hub_folders.folder_of(model_id, options.models_dir)
        return HubTextEncoder(folder, precision=options.precision)
    return _entry("text_encoder", TEXT_ENCODERS, model_id).load(options or ModelOptions())


def runs_on_gpu(role: Role, model_id: str, options: ModelOptions | None = None) -> bool:
    """Whether the model takes a GPU where there is one: those that are not bundled do, but for int8.

    Raises:
        UnknownModel: there is none of this id.
    """
    if model_id not in MODELS[role]:  # a file or folder of one's own: ONNX Runtime is for the CPU here
        return role != "matting"
    has_checkpoint = MODELS[role][model_id].checkpoint_id is not None
    return has_checkpoint and (options or ModelOptions()).precision != "int8"


def describe(role: Role, model_id: str, options: ModelOptions | None = None) -> ModelCard:
    """The card of a model, without loading it.

    The version of a model that needs a checkpoint is made of the file's sha256, if that is known, and of the
    options that its results depend on: it changes whenever they may.

    Raises:
        UnknownModel: there is none of this id.
    """
    options = options or ModelOptions()
    try:
        if (card := _card_of_files(role, model_id, options)) is not None:
            return card
    except WeightsError:
        # loading it says why; what only asks who it is goes on
        prefix, _, name = model_id.partition(":")
        return ModelCard(f"{prefix}:{Path(name).name}", "absent", "not told", "files that cannot be used")
    entry = _entry(role, MODELS[role], model_id)
    if entry.checkpoint_id is None:
        return entry.card
    sha256 = known_sha256(zoo.path_of(entry.checkpoint_id, options.models_dir)) or "absent"
    chosen = ", ".join(f"{name} {getattr(options, name)}" for name in entry.options)
    return replace(entry.card, version=model_version(sha256, chosen))


def choices(role: Role, present: str) -> list[str]:
    """The ids of a role; where a file is set (`present`), it is one, too."""
    ids = list(MODELS[role])
    return ids if present in ids else [*ids, present]


def check_id(role: Role, model_id: str) -> None:
    """See to it that there is such a model, as far as its id tells: no file is looked for.

    Raises:
        ValueError: saying what there is instead.
    """
    files = {"matting": onnx_matting.PREFIX}.get(role, hub_folders.PREFIX)
    if model_id not in MODELS[role] and not model_id.startswith(files):
        what = "FILE" if role == "matting" else "NAME or hub:FOLDER"
        known = ", ".join(sorted(MODELS[role]))
        raise ValueError(f"there is no such model; it should be one of: {known}, or {files}{what}")


def trouble_with(role: Role, model_id: str, options: ModelOptions) -> str | None:
    """Why a model cannot be loaded, as far as its files tell; None if nothing is wrong with them."""
    try:
        if _card_of_files(role, model_id, options) is not None:
            return None
    except WeightsError as error:
        return str(error)
    checkpoint_id = MODELS[role][model_id].checkpoint_id
    if checkpoint_id is None or zoo.path_of(checkpoint_id, options.models_dir).is_file():
        return None
    return zoo.how_to_get(checkpoint_id, options.models_dir)


def _card_of_files(role: Role, model_id: str, options: ModelOptions) -> ModelCard | None:
    """The card of a model that is a file or folder of one's own; None if it is one of the registry."""
    if role == "matting" and model_id.startswith(onnx_matting.PREFIX):
        return onnx_matting.card_of(_onnx_file(model_id))
    if role != "matting" and model_id.startswith(hub_folders.PREFIX):
        folder = hub_folders.folder_of(model_id, options.models_dir)
        return hub_folders.card_of(folder, options.precision or "float32")
    return None


def _onnx_file(model_id: str) -> Path:
    return Path(model_id.removeprefix(onnx_matting.PREFIX)).expanduser()


def _entry(role: Role, models: Mapping[str, ModelT], model_id: str) -> ModelT:
    if model_id not in models:
        known = ", ".join(sorted(models))
        raise UnknownModel(f"there is no {role.replace('_', ' ')} model {model_id!r}; known: {known}")
    return models[model_id]
