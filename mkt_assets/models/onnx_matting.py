"""Matting with an ONNX file that somebody else trained, and a declaration of what it wants to see.

Not here: the bundled matting model (selfie_segmentation), the original's (sghm).
"""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mkt_assets.models.checkpoints import sha256_of
from mkt_assets.models.provenance import ModelCard, WeightsError, model_version

PREFIX = "onnx:"
"""A matting model that begins so is the path of a file."""

_Side = Annotated[int, Field(ge=32, le=4096)]
_Channels = tuple[float, float, float]
_IMAGENET: tuple[_Channels, _Channels] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_HALF: tuple[_Channels, _Channels] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
# the sides of a network whose size is its own choice are multiples of this
_MULTIPLE = 32
_EXAMPLE = '{"size": [1024, 1024], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "activation": "sigmoid"}'


class Declaration(BaseModel):
    """What a network wants to see, and what it answers.

    Attributes:
        size: height and width, pixels, that a picture is squashed to; or
        long_side: pixels of its long side, aspect kept, sides rounded to multiples of 32.
        mean: of the channels, of values in 0..1; subtracted.
        std: of the channels; divided by.
        output: which output is the matte: its name, or its number, -1 for the last.
        activation: what makes 0..1 of it: nothing, the sigmoid, or stretching it from its least to its greatest value.
        licence: of the weights, to be shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    size: tuple[_Side, _Side] | None = None
    long_side: _Side | None = None
    mean: _Channels = _HALF[0]
    std: tuple[
        Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]
    ] = _HALF[1]
    output: int | str = 0
    activation: Literal["none", "sigmoid", "minmax"] = "none"
    licence: str = "not told"


KNOWN: tuple[tuple[str, Declaration], ...] = (
    (
        r"birefnet",
        Declaration(
            size=(1024, 1024),
            mean=_IMAGENET[0],
            std=_IMAGENET[1],
            output=-1,
            activation="sigmoid",
            licence="MIT",
        ),
    ),
    (r"modnet", Declaration(long_side=512, licence="Apache-2.0")),
    (
        r"u2netp?(_|-|$)|u2-?net",
        Declaration(
            size=(320, 320), mean=_IMAGENET[0], std=_IMAGENET[1], activation="minmax", licence="Apache-2.0"
        ),
    ),
    (
        r"isnet",
        Declaration(size=(1024, 1024), std=(1.0, 1.0, 1.0), activation="minmax", licence="Apache-2.0"),
    ),
    (r"pp-?(human)?-?matting", Declaration(size=(512, 512), licence="Apache-2.0")),
)
"""Declarations by what a file's name begins with, as the networks' authors run them."""


class OnnxMatting:
    """A matting network in ONNX Runtime, as its declaration says.

    Args:
        path: one .onnx file, with all its weights inside.

    Raises:
        WeightsError: there is none, it cannot be used, or nothing declares what it wants.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._declared = declaration_of(path)
        card = card_of(path)
        self.model_id, self.version, self.licence = card.model_id, card.version, card.licence

    @cached_property
    def _session(self) -> Any:
        import onnxruntime

        _refuse_other_files(self._path)
        options = onnxruntime.SessionOptions()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            return onnxruntime.InferenceSession(
                self._path.read_bytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # its errors have no common class
            raise WeightsError(f"{self._path} cannot be used by ONNX Runtime: {_brief(error)}") from error

    def alpha(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha matte, (height, width) in 0..1, of an RGB picture, (height, width, 3).

        Raises:
            WeightsError: the network's answer is no matte.
        """
        height, width = _network_size(self._declared, *image.shape[:2])
        small = Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        mean, std = (np.asarray(of, np.float32) for of in (self._declared.mean, self._declared.std))
        values = np.asarray((np.asarray(small, np.float32) / 255 - mean) / std, np.float32)
        answer = self._answer(np.ascontiguousarray(values.transpose(2, 0, 1)[None]))
        matte = Image.fromarray(_in_unit_range(answer, self._declared.activation))
        return np.asarray(matte.resize((image.shape[1], image.shape[0]), Image.Resampling.BILINEAR))

    def _answer(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        name = self._output_name()
        given = self._session.get_inputs()[0]
        kind = np.float16 if "float16" in given.type else np.float32
        try:
            [answer] = self._session.run([name], {given.name: values.astype(kind)})
        except Exception as error:
            raise WeightsError(
                f"{self._path} does not take a picture of {values.shape[3]} x {values.shape[2]} pixels as one float "
                f"array (1, 3, height, width): {_brief(error)}. {_how_to_declare(self._path)}"
            ) from error
        matte = np.asarray(answer, np.float32)
        if matte.ndim < 2 or matte.size != matte.shape[-1] * matte.shape[-2]:
            raise WeightsError(
                f"output {name!r} of {self._path} is of shape {matte.shape}, and no matte of one picture: name "
                f"another. {_how_to_declare(self._path)}"
            )
        if not np.isfinite(matte).all():
            raise WeightsError(f"output {name!r} of {self._path} is not finite.")
        return matte.reshape(matte.shape[-2:])

    def _output_name(self) -> str:
        names = [output.name for output in self._session.get_outputs()]
        wanted = self._declared.output
        if isinstance(wanted, int) and -len(names) <= wanted < len(names):
            return names[wanted]
        if wanted in names:
            return str(wanted)
        raise WeightsError(f"{self._path} has no output {wanted!r}, but: {', '.join(names)}.")


def card_of(path: Path) -> ModelCard:
    """Who the model is, without loading it; the file is hashed, if that was not done before.

    Raises:
        WeightsError: as `declaration_of`.
    """
    declared = declaration_of(path)
    version = _version(sha256_of(path), declared)
    return ModelCard(f"{PREFIX}{path.stem}", version, declared.licence, path.name)


def declaration_of(path: Path) -> Declaration:
    """The declaration in the file beside a network (`NAME.onnx.json`), or the one known for its name.

    Raises:
        WeightsError: the network is not there, or there is no declaration, or a wrong one.
    """
    if not path.is_file():
        raise WeightsError(f"there is no file {path}")
    beside = _beside(path)
    if not beside.is_file():
        for begins, declared in KNOWN:
            if re.match(begins, path.stem, re.IGNORECASE):
                return declared
        raise WeightsError(f"what {path.name} wants to see is not known by its name. {_how_to_declare(path)}")
    try:
        declared = Declaration.model_validate_json(beside.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise WeightsError(f"{beside}: {where}: {first['msg'].lower()}. {_how_to_declare(path)}") from None
    if (declared.size is None) == (declared.long_side is None):
        raise WeightsError(f"{beside}: either size or long_side is needed. {_how_to_declare(path)}")
    return declared


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _how_to_declare(path: Path) -> str:
    return f"Declare it in {_beside(path).name} beside it, as: {_EXAMPLE}"


def _version(sha256: str, declared: Declaration) -> str:
    how = hashlib.sha256(declared.model_dump_json(exclude={"licence"}).encode()).hexdigest()[:6]
    return model_version(sha256, f"onnx-{how}")


def _network_size(declared: Declaration, height: int, width: int) -> tuple[int, int]:
    if declared.size is not None:
        return declared.size
    scale = (declared.long_side or 0) / max(height, width)
    return (
        ceil(max(1, round(height * scale)) / _MULTIPLE) * _MULTIPLE,
        ceil(max(1, round(width * scale)) / _MULTIPLE) * _MULTIPLE,
    )


def _in_unit_range(values: NDArray[np.float32], activation: str) -> NDArray[np.float32]:
    if activation == "sigmoid":
        values = np.asarray(1 / (1 + np.exp(-np.clip(values, -50, 50))), np.float32)
    elif activation == "minmax":
        least, greatest = float(values.min()), float(values.max())
        values = np.asarray((values - least) / max(greatest - least, 1e-6), np.float32)
    return np.clip(values, np.float32(0), np.float32(1))


def _refuse_other_files(path: Path) -> None:
    """An ONNX file may name other files to read its weights from, anywhere."""
    import onnx

    try:
        network = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # a damaged protocol buffer, by whichever decoder
        raise WeightsError(f"{path} is no ONNX file: {_brief(error)}") from error
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in network.graph.initializer):
        raise WeightsError(
            f"{path} keeps weights in other files: save it as one file, with all of them inside."
        )


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
