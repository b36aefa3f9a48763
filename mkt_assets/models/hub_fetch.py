"""Getting a model of the Hugging Face hub: which are vouched for, under which licence, and the download.

Not here: whether a folder is safe to load (models/hub_folders), loading it (models/hub).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkt_assets.models.checkpoints import sha256_of
from mkt_assets.models.hub_folders import PREFIX, RECORD, check_folder, counted_files, folder_of
from mkt_assets.models.zoo import FetchError

_WANTED = ["*.json", "*.safetensors", "*.txt", "*.model", "README.md", "LICENSE*"]
# weights in other formats, and code
_UNWANTED = ["onnx/*", "openvino/*", "*.py", "flax_*", "tf_*"]


@dataclass(frozen=True)
class Vouched:
    """A model of the hub that is known to serve.

    Attributes:
        name: its name there.
        licence: of the weights.
        commercial: whether a company may use it.
        note: what it is, in a line.
    """

    name: str
    licence: str
    commercial: bool
    note: str


VOUCHED: tuple[Vouched, ...] = (
    Vouched(
        "google/siglip2-base-patch16-224",
        "Apache-2.0",
        True,
        "pictures and texts in one space, many languages",
    ),
    Vouched("google/siglip2-so400m-patch14-384", "Apache-2.0", True, "the same, larger; wants a GPU"),
    Vouched("OFA-Sys/chinese-clip-vit-base-patch16", "MIT", True, "pictures and Chinese texts in one space"),
    Vouched(
        "Qwen/Qwen3-VL-Embedding-2B",
        "Apache-2.0",
        True,
        "pictures and texts in one space; wants a GPU and, of the same build as PyTorch, torchvision",
    ),
    Vouched("BAAI/bge-m3", "MIT", True, "texts, many languages, up to 8,192 tokens"),
    Vouched("Qwen/Qwen3-Embedding-0.6B", "Apache-2.0", True, "texts, many languages, up to 32,768 tokens"),
)


def fetch_from_hub(
    model_id: str,
    models_dir: Path,
    *,
    revision: str | None,
    show: Callable[[str], None],
    accept_licence: bool,
) -> Path:
    """Download a model, of one revision, with safetensors only; what was begun before goes on.

    Args:
        model_id: `hub:NAME`.
        models_dir: where models are kept.
        revision: a commit, branch or tag; None: the newest. The commit is recorded.
        show: is told the revision and the licence before anything is fetched.
        accept_licence: whether they were read and are kept to.

    Raises:
        FetchError: it cannot be had.
        ValueError: the licence was not accepted.
        WeightsError: what came is not safe to load.
    """
    try:
        from huggingface_hub import HfApi, snapshot_download  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ImportError:
        raise FetchError("models of the hub need the extra `hub`: pip install 'mkt_assets[hub]'") from None
    name = model_id.removeprefix(PREFIX)
    folder = folder_of(model_id, models_dir)
    try:
        info: Any = HfApi().model_info(name, revision=revision)
        licence = str((info.card_data or {}).get("license") or "not told")
        show(f"{name} at {info.sha}")
        show(f"licence: {licence}{_advice(name)}")
        if not accept_licence:
            raise ValueError(
                "nothing was fetched: say --accept-licence once you have read the licence and keep to it."
            )
        snapshot_download(
            name, revision=info.sha, local_dir=folder, allow_patterns=_WANTED, ignore_patterns=_UNWANTED
        )
    except ValueError:
        raise
    except Exception as error:  # of the network, of the hub, of the disk: many kinds
        brief = " ".join(str(error).split())[:300]
        raise FetchError(
            f"{name} could not be fetched: {brief}. What came so far is kept; or copy its folder to this machine by "
            f"other means, and name it: {PREFIX}/PATH"
        ) from error
    # the library's notes of the download
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    hashes = {path.relative_to(folder).as_posix(): sha256_of(path) for path in counted_files(folder)}
    record = {"repository": name, "revision": info.sha, "licence": licence, "sha256": hashes}
    (folder / RECORD).write_text(json.dumps(record, indent=2), "utf-8")
    check_folder(folder)
    return folder


def _advice(name: str) -> str:
    known = next((one for one in VOUCHED if one.name == name), None)
    if known is None:
        return " (this project knows nothing of the model: read what its authors say)"
    return f" ({'commercial use is allowed' if known.commercial else 'no commercial use'}; {known.note})"
