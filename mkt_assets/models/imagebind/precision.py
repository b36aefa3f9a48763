"""Which number types the towers can be run in, and where.

Not here: what a type does to a layer (models/imagebind/layers).
"""

from __future__ import annotations

from typing import Literal, get_args

Precision = Literal["float32", "bfloat16", "int8"]
Device = Literal["cpu", "cuda"]


class PrecisionError(ValueError):
    """The machine cannot run the model in the precision asked for."""


def default_device() -> Device:
    """CUDA where there is a GPU, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def default_precision(device: Device) -> Precision:
    """bfloat16 where the hardware multiplies it, else float32; int8 is never chosen unasked."""
    import torch

    if device == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    # torch has no public word for what a CPU can
    has_avx512 = torch.cpu._is_avx512_bf16_supported()  # pyright: ignore[reportPrivateUsage]
    native = has_avx512 or torch.cpu._is_amx_tile_supported()  # pyright: ignore[reportPrivateUsage]
    return "bfloat16" if native else "float32"


def require_precision(precision: str, device: Device) -> Precision:
    """The precision, if it exists and the device can run it.

    Raises:
        PrecisionError: there is none of this name, or the device cannot run it.
    """
    import torch

    for known in get_args(Precision):
        if precision == known:
            break
    else:
        raise PrecisionError(f"there is no precision {precision!r}; known: {', '.join(get_args(Precision))}")
    if device == "cuda" and not torch.cuda.is_available():
        raise PrecisionError(
            "there is no CUDA GPU that PyTorch can use on this machine: take the device 'cpu'"
        )
    if known == "int8" and device != "cpu":
        raise PrecisionError("int8 runs on a CPU only: take bfloat16 on a GPU")
    # Without VNNI the sums of byte products saturate in 16 bits, and the vectors are wrong.
    if known == "int8" and not torch.cpu._is_vnni_supported():  # pyright: ignore[reportPrivateUsage]
        raise PrecisionError("int8 needs a CPU with AVX-512 VNNI, which this one has not: take float32")
    return known
