"""Checkpoints are read safely, and whoever gives a wrong file is told what is wrong with it."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mkt_assets.models.checkpoints import (
    CheckpointError,
    known_sha256,
    read_checkpoint,
    require_shapes,
    sha256_of,
)

WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class RunsCode:
    """Would make a folder if it were unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def saved(path: Path, content: object, *, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize("legacy", [False, True])
def test_both_formats_of_torch_save_are_read(tmp_path: Path, legacy: bool) -> None:
    found = read_checkpoint(saved(tmp_path / "weights.pth", WEIGHTS, legacy=legacy))
    assert list(found) == list(WEIGHTS)
    for name, tensor in WEIGHTS.items():
        torch.testing.assert_close(found[name], tensor)


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_a_nested_state_dict_of_a_parallel_model_is_taken_out_under_its_plain_names(
    tmp_path: Path, key: str
) -> None:
    nested = {"epoch": 3, key: {f"module.{name}": tensor for name, tensor in WEIGHTS.items()}}
    assert set(read_checkpoint(saved(tmp_path / "nested.pth", nested))) == set(WEIGHTS)


def test_a_prefix_that_only_some_names_have_is_kept(tmp_path: Path) -> None:
    mixed = {"module.a": torch.ones(1), "b": torch.ones(1)}
    assert set(read_checkpoint(saved(tmp_path / "mixed.pth", mixed))) == set(mixed)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_pickle_that_carries_code_is_refused_and_nothing_is_run(tmp_path: Path, legacy: bool) -> None:
    folder = tmp_path / "made"
    path = saved(tmp_path / "bad.pth", {**WEIGHTS, "x": RunsCode(folder)}, legacy=legacy)
    with pytest.raises(CheckpointError, match=r"bad\.pth .*would run code when opened, so it was refused"):
        read_checkpoint(path)
    assert not folder.exists()


def test_a_bare_pickle_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "bare.pkl"
    path.write_bytes(pickle.dumps(RunsCode(tmp_path / "made")))
    with pytest.raises(CheckpointError, match="bare pickle"):
        read_checkpoint(path)
    assert not (tmp_path / "made").exists()


@settings(max_examples=60, deadline=None)
@given(legacy=st.booleans(), share=st.floats(0, 0.999))
def test_a_file_cut_off_anywhere_is_refused_in_a_sentence_that_names_it(
    tmp_path_factory: pytest.TempPathFactory, legacy: bool, share: float
) -> None:
    path = saved(tmp_path_factory.mktemp("cut") / "cut.pth", WEIGHTS, legacy=legacy)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match=r"cut\.pth .*(cut off|damaged)"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty or cut off"),
        (b"<!DOCTYPE html><html>virus scan warning", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS pointer"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{}", "another format"),
    ],
)
def test_what_is_no_checkpoint_is_called_by_its_name(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=says):
        read_checkpoint(path)


def test_a_zip_archive_of_arrays_is_no_checkpoint(tmp_path: Path) -> None:
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    with pytest.raises(CheckpointError, match="zip archive that PyTorch did not write"):
        read_checkpoint(tmp_path / "arrays.npz")


def test_something_else_than_named_tensors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds list"):
        read_checkpoint(saved(tmp_path / "list.pth", [torch.ones(1)]))
    with pytest.raises(CheckpointError, match=r"other things than tensors: epoch"):
        read_checkpoint(saved(tmp_path / "epoch.pth", {"a": torch.ones(1), "epoch": 3}))


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint at .*gone\.pth"):
        read_checkpoint(tmp_path / "gone.pth")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(tmp_path)


def test_missing_misshapen_and_unknown_parameters_are_all_named() -> None:
    found = {"a": torch.zeros(2, 3), "b": torch.zeros(4), "c": torch.zeros(1)}
    with pytest.raises(
        CheckpointError, match=r"without d; .*shape: b \(4,\) instead of \(5,\); .*unknown.* c"
    ):
        require_shapes(found, {"a": (2, 3), "b": (5,), "d": (1,)}, other_prefixes=())


def test_parameters_of_other_parts_may_be_there() -> None:
    found = {"a": torch.zeros(1), "audio.x": torch.zeros(1)}
    require_shapes(found, {"a": (1,)})
    require_shapes(found, {"a": [1]}, other_prefixes=("audio.",))
    with pytest.raises(CheckpointError, match=r"unknown parameters: audio\.x"):
        require_shapes(found, {"a": (1,)}, other_prefixes=("text.",))


def test_a_hash_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"abc")
    assert known_sha256(path) is None
    first = sha256_of(path)
    assert first.startswith("ba7816bf") and len(first) == 64
    assert known_sha256(path) == first
    assert sha256_of(path) == first
    kept = path.stat()
    path.write_bytes(b"abd")
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert sha256_of(path) != first


def test_a_damaged_note_beside_the_file_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(b"abc")
    (tmp_path / "weights.pth.sha256.json").write_text('{"sha256": "0"')
    assert sha256_of(path).startswith("ba7816bf")
