"""Who a model is, and whether a weights file is the one it says.

Not here: getting the file (models/zoo).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


class WeightsError(RuntimeError):
    """A weights file is missing or is not the file the model was written for."""


@dataclass(frozen=True)
class ModelCard:
    """What a model says of itself, known without loading it.

    `version` covers the weights and the preprocessing, as in `base.Model`.
    """

    model_id: str
    version: str
    licence: str
    origin: str


def model_version(weights_sha256: str, preprocessing: str) -> str:
    """Version of a model: the first 12 digits of its weights' hash, and the name of its preprocessing."""
    return f"{weights_sha256[:12]}-{preprocessing}"


def read_weights(path: Path, *, sha256: str, origin: str) -> bytes:
    """The bytes of a weights file, its hash checked.

    Raises:
        WeightsError: the file is missing, or its sha256 is not the expected one.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise WeightsError(f"the weights file {path} is missing; it comes from {origin}") from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise WeightsError(
            f"the weights file {path} has sha256 {found[:12]}.., expected {sha256[:12]}..: "
            f"it is damaged or another version; restore it from {origin}"
        )
    return data


def package_file(package: str, name: str, *, origin: str) -> Path:
    """Path of a file inside an installed package, which is not imported.

    Raises:
        WeightsError: the package is not installed.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise WeightsError(f"the package {package} is not installed; it comes from {origin}")
    return Path(spec.origin).parent / name
