"""A matting network in an ONNX file sees what its declaration says, and what cannot be used is said in a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.external_data_helper import set_external_data
from PIL import Image

from mkt_assets.models import registry
from mkt_assets.models.onnx_matting import KNOWN, OnnxMatting, declaration_of
from mkt_assets.models.provenance import WeightsError
from mkt_assets.resources.models import Models
from mkt_assets.settings import Settings, SettingsError
from mkt_assets_tests.drops import write_drop
from mkt_assets_tests.runs import D1, materialize, rows

BRIGHT = np.full((1, 3, 1, 1), 1 / 3, np.float32)


def network(
    path: Path, *, outputs: Sequence[str] = ("matte",), side: int | str = "n", kind: int = TensorProto.FLOAT
) -> Path:
    """Answers with the mean of the three channels, in each output times its number."""
    weight = numpy_helper.from_array(BRIGHT.astype(helper.tensor_dtype_to_np_dtype(kind)), "weight")
    constants, nodes = [weight], [helper.make_node("Conv", ["picture", "weight"], ["mean"])]
    for number, name in enumerate(outputs, start=1):
        factor = np.array(number, helper.tensor_dtype_to_np_dtype(kind))
        constants.append(numpy_helper.from_array(factor, f"factor {name}"))
        nodes.append(helper.make_node("Mul", ["mean", f"factor {name}"], [name]))
    sides = [side, side] if isinstance(side, int) else ["height", "width"]
    given = helper.make_tensor_value_info("picture", kind, [1, 3, *sides])
    answers = [helper.make_tensor_value_info(name, kind, [1, 1, *sides]) for name in outputs]
    graph = helper.make_graph(nodes, "mean", [given], answers, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def declared(path: Path, **values: Any) -> Path:
    path.with_name(path.name + ".json").write_text(json.dumps({"size": [64, 64], **values}), "utf-8")
    return path


PLAIN: dict[str, Any] = {"mean": [0, 0, 0], "std": [1, 1, 1]}


def half_white() -> np.ndarray[Any, np.dtype[np.uint8]]:
    picture = np.zeros((80, 60, 3), np.uint8)
    picture[:, 30:] = 255
    return picture


def test_the_matte_is_what_the_network_answers_at_the_pictures_size(tmp_path: Path) -> None:
    model = OnnxMatting(declared(network(tmp_path / "mean.onnx"), **PLAIN))
    alpha = model.alpha(half_white())
    assert (alpha.shape, alpha.dtype) == ((80, 60), np.float32)
    assert alpha[:, :28].max() < 0.01 and alpha[:, 32:].min() > 0.99
    assert model.model_id == "onnx:mean"


def test_pixels_are_normalised_as_declared(tmp_path: Path) -> None:
    model = OnnxMatting(declared(network(tmp_path / "mean.onnx"), mean=[0.5, 0.5, 0.5], std=[2, 2, 2]))
    assert model.alpha(np.full((64, 64, 3), 255, np.uint8)).mean() == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize(("activation", "black", "white"), [("sigmoid", 0.5, 0.731), ("minmax", 0.0, 1.0)])
def test_the_activation_makes_a_matte_of_the_answer(
    tmp_path: Path, activation: str, black: float, white: float
) -> None:
    path = declared(network(tmp_path / "mean.onnx"), activation=activation, **PLAIN)
    alpha = OnnxMatting(path).alpha(half_white())
    assert alpha[0, 0] == pytest.approx(black, abs=0.01)
    assert alpha[0, -1] == pytest.approx(white, abs=0.01)


@pytest.mark.parametrize(("output", "factor"), [(0, 1), (-1, 3), ("second", 2)])
def test_the_output_is_chosen_by_number_or_name(tmp_path: Path, output: int | str, factor: int) -> None:
    path = network(tmp_path / "three.onnx", outputs=("first", "second", "third"))
    grey = np.full((64, 64, 3), 51, np.uint8)
    alpha = OnnxMatting(declared(path, output=output, **PLAIN)).alpha(grey)
    assert alpha.mean() == pytest.approx(0.2 * factor, abs=1e-5)


def test_a_long_side_keeps_the_aspect_in_multiples_of_32(tmp_path: Path) -> None:
    seen: list[tuple[int, ...]] = []
    path = declared(network(tmp_path / "mean.onnx"), size=None, long_side=256, **PLAIN)
    model = OnnxMatting(path)
    answer = model._answer
    model._answer = lambda values: (seen.append(values.shape), answer(values))[1]  # type: ignore[method-assign]
    model.alpha(np.zeros((1000, 400, 3), np.uint8))
    assert seen == [(1, 3, 256, 128)]


def test_a_network_of_half_precision_is_given_that(tmp_path: Path) -> None:
    path = declared(network(tmp_path / "half.onnx", kind=TensorProto.FLOAT16), **PLAIN)
    assert OnnxMatting(path).alpha(half_white())[0, -1] == pytest.approx(1, abs=1e-2)


@pytest.mark.parametrize(
    "name",
    [
        *("BiRefNet-portrait-epoch_150", "birefnet_lite", "modnet", "MODNet_photographic", "u2net", "u2netp"),
        *("u2net_human_seg", "isnet-general-use", "pp-matting", "ppmattingv2", "PP-HumanMatting"),
    ],
)
def test_known_names_need_no_declaration(tmp_path: Path, name: str) -> None:
    declaration = declaration_of(network(tmp_path / f"{name}.onnx"))
    assert declaration in [known for _, known in KNOWN]
    assert declaration.licence in ("MIT", "Apache-2.0")


def test_the_version_changes_with_the_file_and_with_the_declaration(tmp_path: Path) -> None:
    path = declared(network(tmp_path / "mean.onnx"), **PLAIN)
    first = OnnxMatting(path).version
    assert registry.describe("matting", f"onnx:{path}").version == first
    declared(path, **PLAIN, licence="MIT")
    assert OnnxMatting(path).version == first
    declared(path, **PLAIN, activation="sigmoid")
    second = OnnxMatting(path).version
    network(path, outputs=("another",))
    assert len({first, second, OnnxMatting(path).version}) == 3


def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path: Path) -> None:
    picture = half_white()
    with pytest.raises(WeightsError, match="there is no file"):
        OnnxMatting(tmp_path / "nowhere.onnx")
    with pytest.raises(WeightsError, match=r"not known by its name.*strange\.onnx\.json"):
        OnnxMatting(network(tmp_path / "strange.onnx"))
    garbage = declared(tmp_path / "garbage.onnx")
    garbage.write_bytes(b"\x80\x04cos\nsystem\n(S'touch /tmp/harm'\ntR.")
    with pytest.raises(WeightsError, match=r"is no ONNX file|cannot be used"):
        OnnxMatting(garbage).alpha(picture)
    fixed = declared(network(tmp_path / "fixed.onnx", side=32), **PLAIN)
    with pytest.raises(WeightsError, match="does not take a picture of 64 x 64"):
        OnnxMatting(fixed).alpha(picture)
    unnamed = declared(network(tmp_path / "mean.onnx"), output="alpha")
    with pytest.raises(WeightsError, match="has no output 'alpha', but: matte"):
        OnnxMatting(unnamed).alpha(picture)


@pytest.mark.parametrize(
    "wrong",
    [
        '{"size": [1, 1]}',
        '{"mean": [0, 0, 0]}',
        '{"size": [64, 64], "sdt": [1, 1, 1]}',
        "[]",
        "{",
        '{"size": [64, 64], "std": [0, 1, 1]}',
    ],
)
def test_a_wrong_declaration_is_refused_with_an_example(tmp_path: Path, wrong: str) -> None:
    path = network(tmp_path / "mean.onnx")
    path.with_name("mean.onnx.json").write_text(wrong, "utf-8")
    with pytest.raises(WeightsError, match=r"mean\.onnx\.json.*as: \{"):
        OnnxMatting(path)


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    path = network(tmp_path / "mean.onnx")
    (tmp_path / "secret").write_bytes(b"\0" * 4096)
    model = onnx.load(str(path))
    set_external_data(model.graph.initializer[0], "secret")
    model.graph.initializer[0].ClearField("raw_data")
    path.write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="keeps weights in other files"):
        OnnxMatting(declared(path, **PLAIN)).alpha(half_white())


def test_the_setting_names_a_file_and_says_what_there_is_instead(tmp_path: Path) -> None:
    path = declared(network(tmp_path / "mean.onnx"), **PLAIN)
    assert Settings.load(matting=f"onnx:{path}").matting == f"onnx:{path}"
    gone = Settings.load(matting=f"onnx:{tmp_path / 'nowhere.onnx'}")
    assert registry.describe("matting", gone.matting).version == "absent"
    assert "there is no file" in (
        registry.trouble_with("matting", gone.matting, registry.ModelOptions()) or ""
    )
    with pytest.raises(SettingsError, match="or onnx:FILE"):
        Settings.load(matting="sgmh")


def test_a_crawl_is_matted_with_it(settings: Settings, tmp_path: Path) -> None:
    path = declared(network(tmp_path / "mean.onnx"), activation="minmax", **PLAIN)
    chosen = settings.model_copy(update={"matting": f"onnx:{path}"})
    write_drop(settings.drops_dir, D1, range(3))
    assert materialize(chosen, Models(chosen.model_options), D1, last="matted_images").success
    stored = rows(settings, "matted_images", D1)
    assert {row["matting_model"].split(" ")[0] for row in stored} == {"onnx:mean"}
    assert str(tmp_path) not in json.dumps(stored, default=str)
    for row in stored:
        with Image.open(settings.media_dir / row["matte_path"]) as matte:
            assert matte.getchannel("A").getextrema()[1] == 255
