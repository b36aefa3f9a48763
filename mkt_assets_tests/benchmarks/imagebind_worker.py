"""Measures one ImageBind in a process of its own: `imagebind_worker.py NAME CHECKPOINT OUTPUT.npz`.

NAME is `official` or one of our precisions. OUTPUT gets the vectors, standard output the figures as JSON.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mkt_assets.models.checkpoints import sha256_of

N_PICTURES = 4
N_WINDOWS = 13
N_SHORT = 52
SHORT_LENGTHS = (6, 18)
# Short runs, and the best of them: on a machine that does something else too, some of them are undisturbed.
LEAST_REPEATS = 2
LEAST_SECONDS = 12.0
CONTEXT_LENGTH = 77

Vectors = NDArray[np.float32]
Embed = Callable[[], Vectors]


def official_models() -> Any:
    """The official model code, whose package's own `__init__` needs what no longer imports."""
    spec = importlib.util.find_spec("imagebind")
    assert spec is not None
    assert spec.submodule_search_locations
    package = types.ModuleType("imagebind")
    package.__path__ = list(spec.submodule_search_locations)
    layers: Any = types.ModuleType("timm.layers")
    layers.DropPath, layers.trunc_normal_ = torch.nn.Identity, torch.nn.init.trunc_normal_
    file_io: Any = types.ModuleType("iopath.common.file_io")
    file_io.g_pathmgr = types.SimpleNamespace(open=open)
    sys.modules |= {
        "imagebind": package,
        "timm": types.ModuleType("timm"),
        "timm.layers": layers,
        "iopath": types.ModuleType("iopath"),
        "iopath.common": types.ModuleType("iopath.common"),
        "iopath.common.file_io": file_io,
    }
    return importlib.import_module("imagebind.models.imagebind_model")


def token_rows(n: int, shortest: int, longest: int) -> list[list[int]]:
    """n texts of random tokens, of lengths spread evenly over a range."""
    rng = np.random.default_rng(n)
    lengths = np.linspace(shortest, longest, n).astype(int)
    return [[49406, *rng.integers(300, 49000, length - 2).tolist(), 49407] for length in lengths]


def load_official(checkpoint: Path) -> tuple[Embed, Embed, Embed]:
    model = official_models().imagebind_huge()
    model.load_state_dict(torch.load(checkpoint, weights_only=True))
    model.eval()

    def pictures() -> Vectors:
        return model({"vision": torch.from_numpy(random_pictures())})["vision"].numpy()

    def texts(rows: list[list[int]]) -> Vectors:
        padded = torch.tensor([row + [0] * (CONTEXT_LENGTH - len(row)) for row in rows])
        vectors = model({"text": padded})["text"]
        return (vectors / vectors.norm(dim=1, keepdim=True)).numpy()

    return pictures, lambda: texts(windows()), lambda: texts(short_texts())


def load_ours(checkpoint: Path, precision: Any) -> tuple[Embed, Embed, Embed]:
    from mkt_assets.models.imagebind import ImageBindImageEncoder, ImageBindTextEncoder

    images = ImageBindImageEncoder(checkpoint, precision=precision, device="cpu")
    texts = ImageBindTextEncoder(checkpoint, precision=precision, device="cpu")
    return (
        lambda: images.encode(random_pictures()),
        lambda: texts.encode_tokens(windows()),
        lambda: texts.encode_tokens(short_texts()),
    )


def random_pictures() -> Vectors:
    return np.random.default_rng(0).standard_normal((N_PICTURES, 3, 224, 224), dtype=np.float32)


def windows() -> list[list[int]]:
    return token_rows(N_WINDOWS, CONTEXT_LENGTH, CONTEXT_LENGTH)


def short_texts() -> list[list[int]]:
    return token_rows(N_SHORT, *SHORT_LENGTHS)


def timed(embed: Embed) -> tuple[Vectors, float]:
    """The vectors, and vectors per second in the best of a few runs."""
    seconds: list[float] = []
    vectors = embed()
    while len(seconds) < LEAST_REPEATS or sum(seconds) < LEAST_SECONDS:
        start = time.perf_counter()
        vectors = embed()
        seconds.append(time.perf_counter() - start)
    return vectors, len(vectors) / min(seconds)


def main(name: str, checkpoint: Path, output: Path) -> None:
    if name == "make":
        torch.manual_seed(0)
        torch.save(official_models().imagebind_huge().state_dict(), checkpoint)
        sha256_of(checkpoint)  # remembered beside the file, so no load below pays for it
        return
    start = time.process_time()
    loaded = load_official(checkpoint) if name == "official" else load_ours(checkpoint, name)
    figures = {"load_cpu_seconds": time.process_time() - start}
    vectors: dict[str, Vectors] = {}
    with torch.inference_mode():
        for kind, embed in zip(("pictures", "windows", "short"), loaded, strict=True):
            vectors[kind], figures[f"{kind}_per_second"] = timed(embed)
    figures["peak_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    np.savez(output, allow_pickle=False, **vectors)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
