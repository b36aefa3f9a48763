from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from mkt_assets.models.imagebind.layers import LayerFactory, PackedLinear, PlainLinear
from mkt_assets.models.imagebind.precision import Precision

CPU = torch.device("cpu")
TOLERANCE: dict[Precision, float] = {"float32": 1e-5, "bfloat16": 0.02, "int8": 0.02}


def runnable() -> list[Precision]:
    int8: list[Precision] = ["int8"] if torch.cpu._is_vnni_supported() else []
    return ["float32", "bfloat16", *int8]


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def relative_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found.float() - exact).norm() / exact.norm())


@pytest.mark.parametrize("precision", runnable())
@pytest.mark.parametrize("gelu", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_a_layer_is_the_product_to_within_its_precision(
    precision: Precision, gelu: bool, biased: bool
) -> None:
    weight, bias, x = numbers(96, 64), numbers(96, seed=1) if biased else None, numbers(33, 64, seed=2)
    factory = LayerFactory(precision, CPU)
    exact = functional.linear(x, weight, bias)
    found = factory.linear(weight, bias)(x.to(factory.stream_dtype), gelu=gelu)
    assert found.dtype == factory.stream_dtype
    assert relative_error(found, functional.gelu(exact) if gelu else exact) < TOLERANCE[precision]


@pytest.mark.parametrize("precision", runnable())
def test_a_later_layer_does_not_disturb_an_earlier_one(precision: Precision) -> None:
    factory = LayerFactory(precision, CPU)
    first = factory.linear(numbers(32, 64))
    x = numbers(5, 64, seed=2).to(factory.stream_dtype)
    before = first(x)
    factory.linear(numbers(32, 64, seed=1))
    assert torch.equal(first(x), before)


@pytest.mark.parametrize("precision", runnable())
def test_zeros_give_the_bias(precision: Precision) -> None:
    factory = LayerFactory(precision, CPU)
    bias = torch.arange(32.0)
    found = factory.linear(torch.zeros(32, 64), bias)(torch.zeros(3, 64, dtype=factory.stream_dtype))
    assert torch.equal(found.float(), bias.expand(3, 32))


@pytest.mark.parametrize("precision", [one for one in runnable() if one == "int8"])
def test_a_row_in_int8_is_not_coarser_for_a_huge_row_beside_it(precision: Precision) -> None:
    layer = LayerFactory(precision, CPU).linear(numbers(32, 64))
    row = numbers(1, 64, seed=2)
    both = layer(torch.cat([row, row * 1e4]))
    assert torch.allclose(both[0], layer(row)[0], rtol=1e-5)
    assert torch.allclose(both[1], both[0] * 1e4, rtol=1e-4)


def test_packed_and_plain_products_agree() -> None:
    weight, bias, x = numbers(96, 64), numbers(96, seed=1), numbers(33, 64, seed=2)
    for gelu in (False, True):
        assert torch.allclose(
            PackedLinear(weight, bias)(x, gelu=gelu), PlainLinear(weight, bias)(x, gelu=gelu), atol=1e-5
        )


def test_where_onednn_is_missing_the_plain_product_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    weight, x = numbers(32, 64), numbers(5, 64, seed=2)
    layer = LayerFactory("float32", CPU).linear(weight)
    assert isinstance(layer, PlainLinear)
    assert torch.allclose(layer(x), x @ weight.T, atol=1e-4)
