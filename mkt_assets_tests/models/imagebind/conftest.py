"""The parity cases, and a small ImageBind whose vectors the official code has told."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

SHIPPED_CASES = Path(__file__).parent.parent / "parity"


@pytest.fixture(scope="session")
def parity_dir() -> Path:
    """Folder of the cases: `MKT_PARITY_DIR`, or the ones that travel with the tests."""
    return Path(os.environ.get("MKT_PARITY_DIR") or SHIPPED_CASES)


@pytest.fixture(scope="session")
def tiny_tensors(parity_dir: Path) -> dict[str, torch.Tensor]:
    """State dict of the tiny ImageBind, in the official names."""
    shapes = json.loads((parity_dir / "imagebind_tiny_keys.json").read_text())
    return {name: torch.from_numpy(array) for name, array in made_weights(parity_dir, shapes).items()}


@pytest.fixture(scope="session")
def tiny_case(parity_dir: Path) -> dict[str, NDArray[Any]]:
    """Inputs, and what the official code makes of them with the tiny weights."""
    with np.load(parity_dir / "imagebind_tiny_case.npz") as case:
        return dict(case)


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_tensors: dict[str, torch.Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny ImageBind as a file, with another modality beside our two."""
    path = tmp_path_factory.mktemp("imagebind") / "tiny.pth"
    torch.save(tiny_tensors | {"modality_heads.audio.0.weight": torch.ones(3)}, path)
    return path


def made_weights(parity_dir: Path, shapes: dict[str, list[int]]) -> dict[str, NDArray[np.float32]]:
    """The arrays that the cases' own `weights.py` makes for these names."""
    spec = importlib.util.spec_from_file_location("parity_weights", parity_dir / "weights.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.state_dict(shapes)
