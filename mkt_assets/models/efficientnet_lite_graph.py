"""EfficientNet-Lite0's graph as ONNX, from the published weights.

Not here: running it, and what goes in (efficientnet_lite).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

INPUT = "squares"
SIDE = 224

# of the 16 inverted bottlenecks, from the table of EfficientNet-B0 in the paper
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
_EPSILON = 1e-3


def onnx_of(state: Mapping[str, NDArray[np.float32]]) -> bytes:
    """The network: two RGB squares, (2, 224, 224, 3) uint8, in, the means of its last maps, (2, 1280, 1, 1), out.

    It begins with what it was trained on, (x - 127) / 128. Each normalisation is folded into the convolution before it.

    Args:
        state: parameters by the names that efficientnet-lite-pytorch gives them.

    Raises:
        KeyError: one is missing.
    """
    from onnx import TensorProto, helper

    graph, n_features = _Graph(state), len(state["_conv_head.weight"])
    values = graph.add("Cast", [INPUT], to=TensorProto.FLOAT)
    values = graph.add("Div", [graph.add("Sub", [values, "middle"]), "half"])
    maps = graph.add("Transpose", [values], perm=[0, 3, 1, 2])
    maps = graph.convolve(maps, "_conv_stem", "_bn0", stride=2)
    for number, stride in enumerate(_STRIDES):
        maps = _bottleneck(graph, maps, f"_blocks.{number}.", stride)
    maps = graph.convolve(maps, "_conv_head", "_bn1")
    means = graph.add("GlobalAveragePool", [maps])
    squares = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, (2, SIDE, SIDE, 3))
    answer = helper.make_tensor_value_info(means, TensorProto.FLOAT, (2, n_features, 1, 1))
    made = helper.make_graph(graph.nodes, "efficientnet-lite0", [squares], [answer], graph.constants)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(made, opset_imports=[opset], ir_version=8).SerializeToString()


def _bottleneck(graph: _Graph, maps: str, name: str, stride: int) -> str:
    """An inverted bottleneck: expand (but for the first), depthwise, project; its input is added if it is as large."""
    inside, n_in = maps, len(graph.state[f"{name}_depthwise_conv.weight"])
    if f"{name}_expand_conv.weight" in graph.state:
        n_in = graph.state[f"{name}_expand_conv.weight"].shape[1]
        inside = graph.convolve(maps, f"{name}_expand_conv", f"{name}_bn0")
    inside = graph.convolve(inside, f"{name}_depthwise_conv", f"{name}_bn1", stride=stride)
    projected = graph.convolve(inside, f"{name}_project_conv", f"{name}_bn2", activated=False)
    n_out = len(graph.state[f"{name}_project_conv.weight"])
    return graph.add("Add", [maps, projected]) if stride == 1 and n_in == n_out else projected


class _Graph:
    """An ONNX graph that grows node by node; a node's output is called by the node's number."""

    def __init__(self, state: Mapping[str, NDArray[np.float32]]) -> None:
        self.state = state
        self.nodes: list[Any] = []
        self.constants: list[Any] = [
            self._constant("zero", np.float32(0)),
            self._constant("six", np.float32(6)),
            self._constant("middle", np.float32(127)),
            self._constant("half", np.float32(128)),
        ]

    def add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        output = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolve(
        self, maps: str, convolution: str, normalisation: str, *, stride: int = 1, activated: bool = True
    ) -> str:
        """A convolution with its normalisation, padded as TensorFlow does ("SAME"), and a ReLU6."""
        weight = self.state[f"{convolution}.weight"]
        scale, shift, mean, variance = (
            self.state[f"{normalisation}.{name}"]
            for name in ("weight", "bias", "running_mean", "running_var")
        )
        factor = scale / np.sqrt(variance + _EPSILON)
        self.constants += [
            self._constant(f"{convolution}.weight", weight * factor[:, None, None, None]),
            self._constant(f"{convolution}.bias", shift - mean * factor),
        ]
        inputs = [maps, f"{convolution}.weight", f"{convolution}.bias"]
        groups = len(weight) if convolution.endswith("_depthwise_conv") else 1
        side = weight.shape[-1]
        output = self.add(
            "Conv",
            inputs,
            auto_pad="SAME_UPPER",
            group=groups,
            kernel_shape=[side, side],
            strides=[stride, stride],
        )
        return self.add("Clip", [output, "zero", "six"]) if activated else output

    def _constant(self, name: str, values: NDArray[np.floating[Any]] | np.float32) -> Any:
        from onnx import numpy_helper

        return numpy_helper.from_array(np.asarray(values, np.float32), name)
