"""Reading the state dict of a known file without PyTorch: what PyTorch wrote, number for number, and nothing else."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest

from mkt_assets.models.published_state import read_published_state


def written(content: object) -> bytes:
    import torch

    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def test_tensors_of_any_shape_come_back_number_for_number() -> None:
    import torch

    torch.manual_seed(0)
    shared = torch.rand(4, 6)
    state = OrderedDict(
        kernel=torch.rand(3, 2, 1, 5),
        scalar=torch.tensor(7),
        empty=torch.zeros(0, 3),
        part=shared[1:3],
        whole=shared,
        column=torch.rand(5, 1),
        turned=torch.rand(2, 3).T,
    )
    read = read_published_state(written(state))
    assert list(read) == list(state)
    for name, tensor in state.items():
        assert read[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(read[name], tensor.numpy())


def test_a_tensor_that_reaches_beyond_its_storage_is_refused() -> None:
    import torch

    whole = written({"weight": torch.rand(7, 3)})
    # of the shape and of nothing else there is a tuple of seven and three
    changed = whole.replace(b"K\x07K\x03\x86", b"K\x08K\x03\x86")
    assert changed != whole
    with pytest.raises(pickle.UnpicklingError, match="larger than what is stored"):
        read_published_state(changed)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


def test_what_would_run_code_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(pickle.UnpicklingError, match="print has no place"):
        read_published_state(written({"weight": Harmful()}))
    assert capsys.readouterr().out == ""


def test_the_bundled_encoder_needs_no_pytorch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from mkt_assets.models.efficientnet_lite import EfficientNetLite0\n"
        "EfficientNetLite0().encode(np.zeros((1, 2, 224, 224, 3), np.uint8))\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
