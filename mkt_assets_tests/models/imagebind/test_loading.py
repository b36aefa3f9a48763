from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mkt_assets.models.checkpoints import CheckpointError
from mkt_assets.models.imagebind import build_imagebind, load_imagebind
from mkt_assets.models.imagebind.precision import PrecisionError, require_precision

TINY_HEADS = 4
CPU = torch.device("cpu")


def load(path: Path) -> None:
    load_imagebind(path, precision="float32", device="cpu", n_heads=TINY_HEADS)


def build(tensors: dict[str, torch.Tensor]) -> None:
    build_imagebind(tensors, precision="float32", device=CPU, n_heads=TINY_HEADS)


@pytest.mark.parametrize(
    "name",
    [
        "modality_preprocessors.vision.cls_token",
        "modality_trunks.vision.blocks.2.mlp.fc2.bias",
        "modality_trunks.text.blocks.0.norm_1.weight",
        "modality_heads.text.proj.1.weight",
        "modality_postprocessors.text.1.log_logit_scale",
    ],
)
def test_a_missing_parameter_is_named(name: str, tiny_tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(CheckpointError, match=name.replace(".", r"\.")):
        build({other: tensor for other, tensor in tiny_tensors.items() if other != name})


@pytest.mark.parametrize(
    "name",
    [
        "modality_preprocessors.vision.rgbt_stem.proj.1.weight",
        "modality_trunks.vision.blocks.0.norm_1.weight",
        "modality_trunks.text.blocks.2.attn.in_proj_weight",
        "modality_heads.vision.2.weight",
    ],
)
def test_a_misshapen_parameter_is_named_with_both_shapes(
    name: str, tiny_tensors: dict[str, torch.Tensor]
) -> None:
    shape = tuple(tiny_tensors[name].shape)
    wrong = torch.zeros(shape[0] + 1, *shape[1:])
    with pytest.raises(CheckpointError) as raised:
        build(tiny_tensors | {name: wrong})
    # Of the two heads either can be the wrong one; both must fit together.
    if name != "modality_heads.vision.2.weight":
        assert f"{name} {tuple(wrong.shape)} instead of {shape}" in str(raised.value)
    assert "wrong shape" in str(raised.value)


def test_a_parameter_that_the_towers_do_not_have_is_named(tiny_tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"text\.blocks\.0\.attn\.bias_k"):
        build(tiny_tensors | {"modality_trunks.text.blocks.0.attn.bias_k": torch.zeros(1)})


def test_the_published_checkpoint_without_its_last_block_is_not_taken_for_a_smaller_one(
    parity_dir: Path,
) -> None:
    shapes = json.loads((parity_dir / "imagebind_huge_keys.json").read_text())
    meta = torch.device("meta")
    tensors = {
        name: torch.empty(shape, device=meta)
        for name, shape in shapes.items()
        if not name.startswith("modality_trunks.vision.blocks.31.")
    }
    with pytest.raises(CheckpointError, match=r"vision\.blocks\.31\."):
        build_imagebind(tensors, precision="float32", device=meta)


def test_the_other_modalities_are_not_looked_at(tiny_tensors: dict[str, torch.Tensor]) -> None:
    build(tiny_tensors | {"modality_trunks.audio.blocks.0.norm_1.weight": torch.zeros(7)})


def test_other_widths_than_the_published_ones_ask_for_the_number_of_heads(tiny_checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="say n_heads"):
        load_imagebind(tiny_checkpoint, precision="float32", device="cpu")


def test_heads_that_do_not_divide_the_widths_are_refused(tiny_checkpoint: Path) -> None:
    with pytest.raises(CheckpointError, match="7 heads do not divide"):
        load_imagebind(tiny_checkpoint, precision="float32", device="cpu", n_heads=7)


def test_a_checkpoint_of_another_model_is_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(CheckpointError, match="no ImageBind vision tower"):
        load(tmp_path / "other.pth")


def test_a_file_that_was_cut_off_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    data = tiny_checkpoint.read_bytes()
    cut = tmp_path / "cut.pth"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="cut off or damaged"):
        load(cut)


class Payload:
    """Pickles to a call of `print`."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("the checkpoint ran code",)


def test_a_pickle_that_carries_code_is_refused_and_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"modality_heads.vision.0.bias": Payload()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError, match="would run code"):
        load(tmp_path / "evil.pth")
    assert "ran code" not in capsys.readouterr().out


def test_only_the_towers_asked_for_are_loaded(tiny_checkpoint: Path) -> None:
    model = load_imagebind(
        tiny_checkpoint, precision="float32", device="cpu", n_heads=TINY_HEADS, towers=("text",)
    )
    assert model.vision is None
    assert model.text is not None


def test_the_towers_do_not_change_with_the_state_dict_they_came_from(
    tiny_tensors: dict[str, torch.Tensor],
) -> None:
    tensors = {name: tensor.clone() for name, tensor in tiny_tensors.items()}
    vision = build_imagebind(tensors, precision="float32", device=CPU, n_heads=TINY_HEADS).vision
    assert vision is not None
    pictures = torch.zeros(1, 3, 224, 224)
    before = vision(pictures)
    for tensor in tensors.values():
        tensor.zero_()
    assert torch.equal(vision(pictures), before)


def test_loading_leaves_the_number_of_threads_as_it_was(tiny_checkpoint: Path) -> None:
    n_threads = torch.get_num_threads()
    load(tiny_checkpoint)
    assert torch.get_num_threads() == n_threads


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PrecisionError, match="known: float32, bfloat16, int8"):
        require_precision("float64", "cpu")


def test_int8_is_refused_where_its_sums_would_saturate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    with pytest.raises(PrecisionError, match="VNNI"):
        require_precision("int8", "cpu")


def test_int8_on_a_gpu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    with pytest.raises(PrecisionError, match="CPU only"):
        require_precision("int8", "cuda")


def test_a_gpu_that_is_not_there_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(PrecisionError, match="no CUDA GPU"):
        require_precision("float32", "cuda")


def test_importing_the_package_does_not_import_torch() -> None:
    code = "import sys, mkt_assets.models.imagebind, mkt_assets.models.imagebind.probe; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
