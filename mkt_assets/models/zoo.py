"""Checkpoints that no package carries: whose they are, under which licence, where from, and getting them here.

Not here: which models use them (models/registry), reading them (models/checkpoints).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from mkt_assets.models.checkpoints import read_checkpoint, sha256_of

CHUNK_BYTES = 4 * 1024 * 1024
TIMEOUT_SECONDS = 60


class FetchError(RuntimeError):
    """A checkpoint could not be had; the message says what to do instead."""


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights that its authors publish.

    `url` is None where there is no direct address: then a person downloads it from `origin`. `sha256` may be
    the first digits only, as in the names of torchvision's files; None where the authors publish none.
    """

    checkpoint_id: str
    file_name: str
    licence: str
    licence_note: str
    origin: str
    url: str | None
    n_bytes: int
    sha256: str | None = None


CHECKPOINTS: Mapping[str, Checkpoint] = MappingProxyType(
    {
        made.checkpoint_id: made
        for made in (
            Checkpoint(
                "imagebind",
                "imagebind_huge.pth",
                "CC-BY-NC-SA-4.0",
                "non-commercial: research and private use only, for the weights and for what they compute",
                "github.com/facebookresearch/ImageBind",
                "https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth",
                4_803_584_173,
            ),
            Checkpoint(
                "resnet-50",
                "resnet50-0676ba61.pth",
                "BSD-3-Clause",
                "torchvision's weights, trained on ImageNet, whose pictures are for non-commercial research",
                "pytorch.org, torchvision's ResNet50_Weights.IMAGENET1K_V1",
                "https://download.pytorch.org/models/resnet50-0676ba61.pth",
                102_530_333,
                "0676ba61",
            ),
            Checkpoint(
                "sghm",
                "SGHM-ResNet50.pth",
                "MIT",
                "free to use, also commercially",
                "github.com/cxgincsu/SemanticGuidedHumanMatting (a public drive: download it there)",
                None,
                176_000_000,
            ),
        )
    }
)


def path_of(checkpoint_id: str, models_dir: Path) -> Path:
    """Where the checkpoint is, or would be."""
    return models_dir / CHECKPOINTS[checkpoint_id].file_name


def how_to_get(checkpoint_id: str, models_dir: Path) -> str:
    """What to do about a missing checkpoint, in a sentence: what, where from, which licence, how to set it."""
    checkpoint = CHECKPOINTS[checkpoint_id]
    command = f"mkt models fetch {checkpoint_id}" + ("" if checkpoint.url else " --from FILE")
    return (
        f"the weights of {checkpoint_id} ({checkpoint.file_name}, {checkpoint.n_bytes / 1e9:.1f} GB, licence "
        f"{checkpoint.licence}, from {checkpoint.origin}) are not in {models_dir}: get them with `{command}`, or set "
        "MKT_MODELS to the folder that has them."
    )


def install(checkpoint_id: str, models_dir: Path, source: Path) -> Path:
    """Copy a checkpoint file from elsewhere on this machine, checked first.

    Raises:
        CheckpointError: the file is missing, cut off, unsafe, or no checkpoint.
        FetchError: its checksum is not the published one.
    """
    read_checkpoint(source)
    _check_sha256(CHECKPOINTS[checkpoint_id], source)
    target = path_of(checkpoint_id, models_dir)
    models_dir.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(target.name + ".copying")
    try:
        shutil.copyfile(source, aside)
        aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)
    sha256_of(target)
    return target


def fetch(
    checkpoint_id: str,
    models_dir: Path,
    *,
    url: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Download a checkpoint from its authors, going on where an earlier try stopped.

    Args:
        checkpoint_id: which one.
        models_dir: where it goes.
        url: another address of the same file.
        progress: told (bytes here, bytes in all).

    Raises:
        FetchError: there is no address, the address does not answer, or what came is not the published file.
        CheckpointError: what came is no checkpoint.
    """
    checkpoint = CHECKPOINTS[checkpoint_id]
    address = url or checkpoint.url
    if address is None:
        raise FetchError(
            f"{checkpoint_id} has no direct address: download {checkpoint.file_name} from {checkpoint.origin}, then "
            f"`mkt models fetch {checkpoint_id} --from FILE`."
        )
    target = path_of(checkpoint_id, models_dir)
    models_dir.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        _download(address, part, progress)
    except (HTTPError, URLError, TimeoutError, ConnectionError) as error:
        raise FetchError(
            f"{address} did not give the file ({error}); run the same command again to go on, or download it elsewhere "
            f"and `mkt models fetch {checkpoint_id} --from FILE`."
        ) from error
    _check_sha256(checkpoint, part)
    read_checkpoint(part)
    part.replace(target)
    sha256_of(target)
    return target


def _download(address: str, part: Path, progress: Callable[[int, int], None]) -> None:
    """Append to `part` what is missing of it; begin anew where the server cannot go on."""
    if not address.startswith(("https://", "http://127.0.0.1")):
        raise FetchError(f"{address} is not an https address.")
    have = part.stat().st_size if part.exists() else 0
    request = Request(address, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310 - https only
    try:
        answer = urlopen(request, timeout=TIMEOUT_SECONDS)  # noqa: S310
    except HTTPError as error:
        if error.code == 416 and have:
            return  # nothing is missing
        raise
    with answer, part.open("ab" if answer.status == 206 else "wb") as file:
        done = file.tell()
        total = done + int(answer.headers.get("Content-Length") or 0)
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            progress(done, total)
        file.flush()
        os.fsync(file.fileno())
    if done < total:
        raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")


def _check_sha256(checkpoint: Checkpoint, path: Path) -> None:
    if checkpoint.sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(checkpoint.sha256):
        raise FetchError(
            f"{path} has sha256 {found[:12]}.., its authors say {checkpoint.sha256}..: it is damaged or another file; "
            "delete it and fetch it again."
        )
