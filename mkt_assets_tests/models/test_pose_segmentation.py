from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mkt_assets.models.pose_segmentation import WEIGHTS, PoseSegmentation
from mkt_assets.models.provenance import WeightsError
from mkt_sample.pictures import Drawn, draw_pictures


@pytest.fixture(scope="module")
def pose() -> PoseSegmentation:
    return PoseSegmentation()


def somebody(seed: int, size: tuple[int, int]) -> Drawn:
    return draw_pictures(random.Random(seed), "black_suit", 1, size)[0]


@pytest.mark.parametrize("size", [(360, 480), (300, 640), (600, 400)], ids=["3:4", "narrow", "wide"])
def test_somebody_is_found_where_they_stand_in_the_squashed_picture(
    pose: PoseSegmentation, size: tuple[int, int]
) -> None:
    ious: list[float] = []
    for seed in range(4):
        drawn = somebody(seed, size)
        person = pose.person(drawn.picture.convert("RGB"))
        assert person is not None and person.shape == (256, 256)
        found, truth = person > 0.5, np.asarray(drawn.mask.resize((256, 256))) > 127
        ious.append(float((found & truth).sum() / (found | truth).sum()))
    assert np.mean(ious) > 0.75


def test_where_nobody_is_it_is_not_sure_of_anybody(pose: PoseSegmentation) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    for picture in (
        Image.new("RGB", (90, 120)),
        Image.new("RGB", (90, 120), "white"),
        Image.fromarray(noise),
    ):
        assert pose.person(picture) is None


def test_other_weights_are_refused_in_one_sentence(tmp_path: Path) -> None:
    damaged = bytearray(WEIGHTS.read_bytes())
    damaged[1000] ^= 1
    path = tmp_path / "weights.tflite"
    path.write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"expected f17bfbecadb6\.\.: .* restore it from the npm package"):
        PoseSegmentation(path)
