"""Reading of PyTorch checkpoint files: safely, strictly, with errors a person can act on.

Not here: getting them (models/zoo), whose they are (models/provenance).
"""

from __future__ import annotations

import hashlib
import json
import pickle
import pickletools
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkt_assets.models.provenance import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

_ZIP_MAGIC = b"PK\x03\x04"
# What `torch.save` wrote before 1.6 begins with its magic number, pickled.
_LEGACY_MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_NESTED_KEYS = ("state_dict", "model_state_dict", "model")
_DATA_PARALLEL_PREFIX = "module."
_MAX_NAMED = 5
# What PyTorch raises on a file whose bytes are not as they were written.
_DAMAGE = (
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    struct.error,
)


class CheckpointError(WeightsError):
    """A checkpoint is missing, damaged, unsafe, or not one of the model it was given for."""


def read_checkpoint(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a checkpoint by parameter name, memory-mapped where the format allows.

    Reads what `torch.save` writes (since 1.6 a zip archive, before that one pickle after another), with
    `weights_only=True`: nothing in the file is run. A state dict nested under "state_dict",
    "model_state_dict" or "model" is taken out, and the "module." that `DataParallel` puts before every name
    is removed. The tensors of a zip archive are pages of the file until they are used: leave it in place, and
    do not write to them.

    Raises:
        CheckpointError: the file is missing, cut off, unsafe, or holds something else than named tensors.
    """
    content = _load(path, legacy=_is_legacy(path))
    tensors = _state_dict(content, path)
    while tensors and all(name.startswith(_DATA_PARALLEL_PREFIX) for name in tensors):
        tensors = {name.removeprefix(_DATA_PARALLEL_PREFIX): tensor for name, tensor in tensors.items()}
    return tensors


def require_shapes(
    found: Mapping[str, Tensor],
    expected: Mapping[str, Sequence[int]],
    *,
    source: Path | str = "the checkpoint",
    other_prefixes: Sequence[str] | None = None,
) -> None:
    """Checks that a checkpoint holds what a model needs.

    Args:
        found: tensors by name.
        expected: shapes by name; every one must be there.
        source: the file, for the message.
        other_prefixes: how the names of what else may be there begin; None allows anything.

    Raises:
        CheckpointError: names the parameters that are missing, of another shape, or not known.
    """
    missing = [name for name in expected if name not in found]
    misshapen = [
        f"{name} {tuple(found[name].shape)} instead of {tuple(shape)}"
        for name, shape in expected.items()
        if name in found and tuple(found[name].shape) != tuple(shape)
    ]
    unknown: list[str] = []
    if other_prefixes is not None:
        known_prefixes = tuple(other_prefixes)
        unknown = [name for name in found if name not in expected and not name.startswith(known_prefixes)]
    faults = [
        f"{what} {_some(names)}"
        for what, names in (
            ("without", missing),
            ("with the wrong shape:", misshapen),
            ("with unknown parameters:", unknown),
        )
        if names
    ]
    if faults:
        raise CheckpointError(
            f"{source} is not a checkpoint of this model: {'; '.join(faults)}; use the file its authors published"
        )


def sha256_of(path: Path) -> str:
    """sha256 of a file as 64 hex digits; remembered in `<file>.sha256.json` until the file changes.

    Gigabytes take seconds to hash, and every process asks. Where the folder cannot be written the
    file is hashed each time.

    Raises:
        CheckpointError: the file is missing or cannot be read.
    """
    if (known := known_sha256(path)) is not None:
        return known
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        state = _state(path)
    except OSError as error:
        raise _unreadable(path, error) from None
    with suppress(OSError):
        _note_of(path).write_text(json.dumps({"sha256": digest, "file": state}))
    return digest


def known_sha256(path: Path) -> str | None:
    """The sha256 remembered of the file as it is, without reading it; None if there is none."""
    try:
        content = json.loads(_note_of(path).read_text())
        state = _state(path)
    except (OSError, ValueError):
        return None
    remembered = isinstance(content, dict) and content.get("file") == state and "sha256" in content
    return str(content["sha256"]) if remembered else None


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".sha256.json")


def _state(path: Path) -> list[int]:
    stat = path.stat()
    # ctime too: a copy that keeps size and mtime is another file.
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _is_legacy(path: Path) -> bool:
    """Whether the file is of the format before PyTorch 1.6; raises when it is of neither."""
    try:
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise _unreadable(path, error) from None
    if head.startswith(_LEGACY_MAGIC):
        return True
    if not head.startswith(_ZIP_MAGIC):
        raise CheckpointError(f"{path} is not a PyTorch checkpoint: {_what_it_is(head)}")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise CheckpointError(
            f"{path} is cut off or damaged: its end is missing; download it again"
        ) from None
    if any(name.endswith("/constants.pkl") for name in names):
        raise CheckpointError(
            f"{path} is a TorchScript program, not a checkpoint: use the file with the weights"
        )
    if not any(name.endswith("/data.pkl") for name in names):
        raise CheckpointError(
            f"{path} is a zip archive that PyTorch did not write: unpack the checkpoint from it"
        )
    return False


def _what_it_is(head: bytes) -> str:
    if any(magic.startswith(head) for magic in (_ZIP_MAGIC, _LEGACY_MAGIC)):
        return "it is empty or cut off; download it again"
    if head.lstrip()[:1] == b"<":
        return "it is a web page, probably the one that asks you to confirm the download"
    if head.startswith(b"\x80"):
        return "it is a bare pickle, which can carry code, so it was not opened"
    if head.startswith(b"version https://git-lfs"):
        return "it is a Git LFS pointer; fetch the file itself with `git lfs pull`"
    return "its first bytes are of another format; `torch.save` a state dict to make one"


def _load(path: Path, *, legacy: bool) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=not legacy)
    except pickle.UnpicklingError as error:
        # a name that is cut in half looks like that of something forbidden
        if legacy and not _first_pickles_are_whole(path):
            raise CheckpointError(f"{path} is cut off: its end is missing; download it again") from None
        named = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f" ({named[1]})" if named else ""
        raise CheckpointError(
            f"{path} holds more than tensors{what}, which would run code when opened, so it was refused; "
            "use a file that holds a state dict only"
        ) from None
    except _DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{path} is cut off or damaged ({reason}); download it again") from error


def _first_pickles_are_whole(path: Path) -> bool:
    """Whether the four pickles before the numbers of the old format are there to their ends; runs nothing."""
    with path.open("rb") as file:
        try:
            for _ in range(4):
                for _opcode in pickletools.genops(file):
                    pass
        except ValueError:
            return False
    return True


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    from torch import Tensor

    nested = next(
        (content[key] for key in _NESTED_KEYS if isinstance(content, Mapping) and key in content), None
    )
    if isinstance(nested, Mapping):
        content = nested
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path} holds {type(content).__name__}, not tensors by parameter name")
    strangers = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if strangers:
        raise CheckpointError(f"{path} holds other things than tensors: {_some(strangers)}")
    return {str(name): tensor for name, tensor in content.items()}


def _some(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    shown = ", ".join(names[:_MAX_NAMED])
    return shown if len(names) <= _MAX_NAMED else f"{shown} and {len(names) - _MAX_NAMED} more"


def _unreadable(path: Path, error: OSError) -> CheckpointError:
    if isinstance(error, FileNotFoundError):
        return CheckpointError(f"there is no checkpoint at {path}: download it, or give the path where it is")
    return CheckpointError(f"the checkpoint {path} cannot be read: {error.strerror}")
