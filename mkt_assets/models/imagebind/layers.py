"""The linear layers of the towers in each precision; imports torch, so it is imported where a model is loaded."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from mkt_assets.models.imagebind.precision import Precision

_LEVELS = 127
_TINY = 1e-12
_SHIFT = torch.tensor(128.5)


class Linear(Protocol):
    """A matrix product with optional bias."""

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """`x @ weight.T + bias`, (rows, out features), of (rows, in features); if asked, its exact GELU."""
        ...


class LayerFactory:
    """Makes the layers of one precision on one device.

    Weights pass through one buffer on their way: fresh memory is what loading costs most, and the gaps that
    temporary copies leave between the packed weights stay with the process.

    Attributes:
        stream_dtype: type of the residual stream; int8 layers sum in float32, and keep it.
        attention_dtype: type in which queries, keys and values meet.
    """

    def __init__(self, precision: Precision, device: torch.device) -> None:
        self.stream_dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.attention_dtype = torch.float32 if precision == "float32" else torch.bfloat16
        self._precision = precision
        self._device = device
        self._buffer = torch.empty(0, dtype=self.stream_dtype)

    def linear(self, weight: Tensor, bias: Tensor | None = None) -> Linear:
        """The layer for a weight, (out features, in features), and bias of any float type; neither is kept."""
        if self._precision != "int8" and not _can_pack(self.stream_dtype, self._device):
            return PlainLinear(self.in_stream(weight), None if bias is None else self.in_stream(bias))
        if self._buffer.numel() < weight.numel():
            self._buffer = torch.empty(weight.numel(), dtype=self.stream_dtype)
        room = self._buffer[: weight.numel()].view(weight.shape)
        if self._precision == "int8":
            return Int8Linear(weight, bias, room)
        return PackedLinear(room.copy_(weight), None if bias is None else self.in_stream(bias))

    def in_stream(self, tensor: Tensor) -> Tensor:
        """A copy in the stream's type, on the device."""
        return tensor.to(self._device, self.stream_dtype, copy=True)


class PlainLinear:
    """PyTorch's own product."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """As `Linear`."""
        y = functional.linear(x, self._weight, self._bias)
        return functional.gelu(y) if gelu else y


class PackedLinear:
    """oneDNN's product, with the weight laid out for it once and the GELU in the same pass.

    `functional.linear` uses MKL for float32, which took 2.2 times as long on an AMD Zen 5.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self._weight: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight)
        self._bias = bias

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """As `Linear`."""
        after = "gelu" if gelu else "none"
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, after, [], "none")


class Int8Linear:
    """Product of 8-bit integers: one scale an output feature, and one a row of the input, found as it comes.

    A scale a row, rather than one for the batch, so that a token with huge activations costs no other
    its precision and a vector does not depend on what it was encoded with. Symmetric, -127 to 127
    (Dettmers et al., LLM.int8(), NeurIPS 2022, "vector-wise"); the input is shifted to unsigned bytes, the
    only ones that AVX-512 VNNI multiplies with signed weights.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, room: Tensor) -> None:
        self._scale = _largest(weight).float().clamp_(min=_TINY).div_(_LEVELS)
        levels = torch.div(weight, self._scale[:, None], out=room).round_().to(torch.int8)
        self._weight: Tensor = torch.ops.onednn.qlinear_prepack(levels, None)
        self._zero = torch.zeros(len(weight), dtype=torch.int32)
        self._bias = torch.zeros(len(weight)) if bias is None else bias.float()

    def __call__(self, x: Tensor, *, gelu: bool = False) -> Tensor:
        """As `Linear`; `x` is of any float type, the result float32."""
        scale = _largest(x).float().clamp_(min=_TINY).div_(_LEVELS)[:, None]
        # Cut off after adding 128.5 is rounding, shifted by 128.
        levels = torch.addcmul(_SHIFT, x.float(), scale.reciprocal()).to(torch.uint8)
        sums = torch.ops.onednn.qlinear_pointwise(
            levels,
            1.0,
            128,
            self._weight,
            self._scale,
            self._zero,
            None,
            1.0,
            0,
            torch.float32,
            "none",
            [],
            "",
        )
        y = torch.addcmul(self._bias, sums, scale, out=sums)
        return functional.gelu(y) if gelu else y


def _can_pack(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether oneDNN multiplies this type here."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _largest(x: Tensor) -> Tensor:
    """Largest magnitude of each row."""
    return torch.maximum(x.amax(dim=1), x.amin(dim=1).neg_())
