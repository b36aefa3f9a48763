"""The numbers of a PyTorch file whose hash is known, without PyTorch, which takes seconds and 200 MB to be imported.

Not here: checkpoints that people bring (checkpoints), which PyTorch reads and whose errors it knows.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Array = NDArray[Any]


def read_published_state(data: bytes) -> Mapping[str, Array]:
    """Arrays by parameter name, from what `torch.save` wrote of a state dict before PyTorch 1.6.

    Five pickles (a magic number, the protocol, the machine, the state dict, the keys of its storages), then each
    storage: how many numbers, int64, and the numbers. As with `weights_only=True` no name is looked up but those of a
    state dict of float32 and int64 tensors, so nothing in the file is run.

    Args:
        data: the whole file, whose hash was checked.

    Raises:
        pickle.UnpicklingError: it names anything else, or a tensor reaches beyond its storage.
    """
    file = io.BytesIO(data)
    for _ in range(3):
        _State(file).load()
    reader = _State(file)
    state = reader.load()
    for key in _State(file).load():
        storage = reader.storages[key]
        [n_numbers] = np.frombuffer(file.read(8), np.int64)
        storage[:] = np.frombuffer(file.read(int(n_numbers) * storage.itemsize), storage.dtype)
    return state


def _tensor(storage: Array, offset: int, shape: Sequence[int], strides: Sequence[int], *_: object) -> Array:
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
    if min((offset, *strides)) < 0 or (prod(shape) and last >= len(storage)):
        raise pickle.UnpicklingError("a tensor is larger than what is stored of it")
    return as_strided(storage[offset:], shape, [stride * storage.itemsize for stride in strides])


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): np.dtype(np.float32),
    ("torch", "LongStorage"): np.dtype(np.int64),
}


class _State(pickle.Unpickler):
    """Arrays over `storages`, which are filled later."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, Array] = {}

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module_name}.{global_name} has no place in a state dict")
        return _KNOWN[module_name, global_name]

    def persistent_load(self, pid: Any) -> Array:
        _, dtype, key, _, n_numbers, _ = pid
        return self.storages.setdefault(key, np.zeros(n_numbers, dtype))
