from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mkt_assets.models.provenance import WeightsError
from mkt_assets.models.selfie_segmentation import WEIGHTS, SelfieSegmentation
from mkt_sample.people import random_person
from mkt_sample.pictures import Drawn, Framing, draw_picture


@pytest.fixture(scope="module")
def model() -> SelfieSegmentation:
    return SelfieSegmentation()


def gradient(width: int, height: int) -> NDArray[np.uint8]:
    corners = np.array([[[250, 200, 90], [30, 60, 200]], [[10, 120, 60], [240, 240, 240]]], np.uint8)
    return np.asarray(Image.fromarray(corners).resize((width, height), Image.Resampling.BICUBIC))


def plush() -> NDArray[np.uint8]:
    """A toy rabbit: ears, a round head, button eyes, a round body, on a shelf."""
    picture = Image.new("RGB", (360, 480), (225, 210, 180))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 380, 360, 480), fill=(60, 110, 150))
    grey = (170, 165, 180)
    for box in ((130, 30, 165, 160), (195, 30, 230, 160), (110, 120, 250, 250), (95, 230, 265, 400)):
        draw.ellipse(box, fill=grey, outline=(90, 85, 100), width=3)
    for x in (150, 200):
        draw.ellipse((x, 170, x + 12, 182), fill=(20, 20, 20))
    draw.ellipse((172, 195, 188, 207), fill=(230, 150, 150))
    return np.asarray(picture)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((120, 90, 3), np.uint8),
        np.full((120, 90, 3), 255, np.uint8),
        gradient(300, 400),
        gradient(400, 90),
        np.random.default_rng(0).integers(0, 256, (400, 300, 3), dtype=np.uint8),
        plush(),
    ],
    ids=["black", "white", "gradient", "wide gradient", "noise", "plush"],
)
def test_where_nobody_is_the_matte_is_empty(model: SelfieSegmentation, picture: NDArray[np.uint8]) -> None:
    alpha = model.alpha(picture)
    assert alpha.shape == picture.shape[:2]
    assert not alpha.any()


@pytest.mark.parametrize("size", [(8, 8), (8, 300), (300, 8), (513, 257)])
def test_the_matte_has_the_size_of_the_picture(model: SelfieSegmentation, size: tuple[int, int]) -> None:
    alpha = model.alpha(gradient(*size))
    assert (alpha.shape, alpha.dtype) == ((size[1], size[0]), np.float32)


def test_threads_get_what_one_thread_gets(model: SelfieSegmentation) -> None:
    people = [np.asarray(washed_out(seed).picture) for seed in (17, 119, 17, 119)]
    alone = [model.alpha(picture) for picture in people]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(model.alpha, people))
    np.testing.assert_array_equal(alone, together)
    assert np.ptp(alone) > 0


def washed_out(seed: int) -> Drawn:
    """Somebody in white, without a head, before a white wall, overexposed."""
    rng, (width, height) = random.Random(seed), (540, 720)
    wall = Image.new("RGB", (width, height), (240, 240, 242))
    draw = ImageDraw.Draw(wall)
    draw.polygon([(54, 220), (430, 58), (500, 612), (0, 612)], fill=(229, 229, 231))
    draw.rectangle((0, 619, width, height), fill=(206, 200, 196))
    framing = Framing(heads=rng.uniform(4.5, 7.5), top=-1.2, x=rng.uniform(0.35, 0.65))
    drawn = draw_picture(wall, [(random_person(rng, "white_dress"), framing)], rng)
    return Drawn(
        drawn.picture.convert("RGB").point([round(170 + value / 3) for value in range(256)] * 3), drawn.mask
    )


def iou(alpha: NDArray[np.float32], mask: Image.Image) -> float:
    found, truth = alpha > 0.5, np.asarray(mask) > 127
    return float((found & truth).sum() / (found | truth).sum())


def test_white_before_white_is_found_better_with_a_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    model, people = SelfieSegmentation(), [washed_out(seed) for seed in (11, 15, 17, 34, 119, 126, 146)]
    together = [iou(model.alpha(np.asarray(one.picture)), one.mask) for one in people]
    monkeypatch.setattr(model._pose, "person", lambda picture: None)
    alone = [iou(model.alpha(np.asarray(one.picture)), one.mask) for one in people]
    assert np.mean(together) > np.mean(alone) + 0.04  # measured: .87 and .80
    assert sum(better > worse for better, worse in zip(together, alone, strict=True)) >= 5


def left_of(column: int) -> NDArray[np.float32]:
    return np.tile(np.arange(256) < column, (256, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("coarse", "darkened", "plain", "pose", "found", "n_looks"),
    [
        (100, 104, 0, 0, 104, 1),
        (60, 100, 104, 0, 100, 2),
        (60, 100, 200, 150, 150, 2),
        (60, 100, 200, 220, 200, 2),
        (60, 100, 200, None, 100, 2),
        (60, 0, 0, None, 0, 2),
    ],
    ids=["agreed", "doubt", "grave doubt", "pose alone", "pose unsure", "two see nobody"],
)
def test_it_looks_again_only_where_two_looks_differ(
    monkeypatch: pytest.MonkeyPatch,
    coarse: int,
    darkened: int,
    plain: int,
    pose: int | None,
    found: int,
    n_looks: int,
) -> None:
    model, looks = SelfieSegmentation(), iter([left_of(darkened)[:, ::-1], left_of(plain)])
    left: list[int] = []

    def infer(square: Image.Image) -> NDArray[np.float32]:
        left.append(square.width)
        return next(looks)

    monkeypatch.setattr(model, "_infer", infer)
    monkeypatch.setattr(model._pose, "person", lambda picture: None if pose is None else left_of(pose))
    alpha = model._segment(Image.new("RGB", (90, 120)), left_of(coarse))
    assert len(left) == n_looks
    np.testing.assert_array_equal(alpha > 0.5, left_of(found) > 0)


def test_other_weights_are_refused_in_one_sentence(tmp_path: Path) -> None:
    damaged = bytearray(WEIGHTS.read_bytes())
    damaged[1000] ^= 1
    path = tmp_path / "weights.tflite"
    path.write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"expected 8d13b7fae74a\.\.: .* restore it from the npm package"):
        SelfieSegmentation(path)
    with pytest.raises(WeightsError, match="is missing; it comes from the npm package"):
        SelfieSegmentation(tmp_path / "none.tflite")


def test_a_machine_on_which_tensorflow_lite_lacks_its_delegate_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ai_edge_litert import interpreter

    without = interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    as_there = partial(interpreter.Interpreter, experimental_op_resolver_type=without)
    monkeypatch.setattr(interpreter, "Interpreter", as_there)
    with pytest.raises(WeightsError, match="set MKT_MATTING to another model"):
        SelfieSegmentation().alpha(np.zeros((64, 64, 3), np.uint8))
