"""Reading an ImageBind checkpoint into towers, each parameter straight into the type it is used in."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mkt_assets.models.checkpoints import read_checkpoint, require_shapes
from mkt_assets.models.imagebind.architecture import (
    CAUSAL_MASK,
    TOWER_PREFIXES,
    Architecture,
    TowerName,
    TowerSizes,
    architecture_of,
    expected_shapes,
)
from mkt_assets.models.imagebind.precision import (
    Device,
    Precision,
    default_device,
    default_precision,
    require_precision,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mkt_assets.models.imagebind.layers import LayerFactory, Linear
    from mkt_assets.models.imagebind.towers import Block, LayerNorm, TextTower, VisionTower

_DONT_NEED = 4  # MADV_DONTNEED


@dataclass(frozen=True)
class ImageBind:
    """The towers of a checkpoint; one not asked for is None."""

    architecture: Architecture
    precision: Precision
    device: torch.device
    vision: VisionTower | None
    text: TextTower | None


def load_imagebind(
    path: Path,
    *,
    precision: Precision | None = None,
    device: Device | None = None,
    towers: Sequence[TowerName] = ("vision", "text"),
    n_heads: int | None = None,
) -> ImageBind:
    """Loads the vision and text towers of an official ImageBind checkpoint.

    The file is memory-mapped and its other four modalities are never read; each parameter goes from the file
    into the compute type, so that beside the result no more than one block is held.

    Args:
        path: `imagebind_huge.pth`, or a state dict with the same names at other widths.
        precision: None takes bfloat16 where the hardware has it, else float32.
        device: None takes a GPU where there is one.
        towers: which to load; both are checked.
        n_heads: attention heads of each tower, for other widths than those of `imagebind_huge`.

    Raises:
        CheckpointError: the file is missing, damaged, unsafe, or lacks or misshapes a parameter of either tower.
        PrecisionError: the device cannot run the precision.
    """
    import torch

    device = device or default_device()
    precision = require_precision(precision or default_precision(device), device)
    return build_imagebind(
        read_checkpoint(path),
        precision=precision,
        device=torch.device(device),
        towers=towers,
        n_heads=n_heads,
        source=path,
        after_block=lambda: _unmap_pages(path),
    )


def build_imagebind(
    tensors: Mapping[str, Tensor],
    *,
    precision: Precision,
    device: torch.device,
    towers: Sequence[TowerName] = ("vision", "text"),
    n_heads: int | None = None,
    source: Path | str = "the checkpoint",
    after_block: Callable[[], None] | None = None,
) -> ImageBind:
    """The towers of a state dict with the official names; strict on our two modalities, blind to the others.

    Raises:
        CheckpointError: names the parameters of the two that are missing, misshapen or unknown.
    """
    from mkt_assets.models.imagebind.layers import LayerFactory

    architecture = architecture_of({name: tuple(t.shape) for name, t in tensors.items()}, n_heads=n_heads)
    ours = {name: t for name, t in tensors.items() if name.startswith(TOWER_PREFIXES) and name != CAUSAL_MASK}
    require_shapes(ours, expected_shapes(architecture), source=source, other_prefixes=())
    builder = _Builder(ours, LayerFactory(precision, device), device, after_block or (lambda: None))
    with _one_thread():
        return ImageBind(
            architecture=architecture,
            precision=precision,
            device=device,
            vision=builder.vision_tower(architecture.vision) if "vision" in towers else None,
            text=builder.text_tower(architecture.text) if "text" in towers else None,
        )


@dataclass(frozen=True)
class _Builder:
    """Makes the parts of the towers from the official parameters."""

    tensors: Mapping[str, Tensor]
    layers: LayerFactory
    device: torch.device
    after_block: Callable[[], None]

    def vision_tower(self, sizes: TowerSizes) -> VisionTower:
        from mkt_assets.models.imagebind.towers import VisionTower

        preprocessor = "modality_preprocessors.vision."
        # The picture is shown as two equal frames, so the kernel can be summed over them.
        stem = self.tensors[preprocessor + "rgbt_stem.proj.1.weight"].float().sum(dim=2).flatten(1)
        first = self.tensors[preprocessor + "pos_embedding_helper.pos_embed"][0].float().clone()
        first[0] += self.tensors[preprocessor + "cls_token"][0, 0]
        return VisionTower(
            stem=self.layers.linear(stem),
            first=self.layers.in_stream(first),
            norm_before=self._norm("modality_trunks.vision.pre_transformer_layer.0"),
            blocks=self._blocks("vision", sizes),
            norm_after=self._norm("modality_heads.vision.0"),
            head=self._linear("modality_heads.vision.2.weight"),
        )

    def text_tower(self, sizes: TowerSizes) -> TextTower:
        from mkt_assets.models.imagebind.towers import TextTower

        return TextTower(
            token_embedding=self.layers.in_stream(
                self.tensors["modality_preprocessors.text.token_embedding.weight"]
            ),
            position_embedding=self.layers.in_stream(
                self.tensors["modality_preprocessors.text.pos_embed"][0]
            ),
            blocks=self._blocks("text", sizes),
            norm_after=self._norm("modality_heads.text.proj.0"),
            head=self._linear("modality_heads.text.proj.1.weight"),
        )

    def _blocks(self, tower: TowerName, sizes: TowerSizes) -> list[Block]:
        blocks: list[Block] = []
        for i in range(sizes.n_blocks):
            blocks.append(self._block(f"modality_trunks.{tower}.blocks.{i}.", sizes.n_heads))
            self.after_block()
        return blocks

    def _block(self, prefix: str, n_heads: int) -> Block:
        from mkt_assets.models.imagebind.towers import Block

        return Block(
            norm_1=self._norm(prefix + "norm_1"),
            queries_keys_values=self._linear(prefix + "attn.in_proj_weight", prefix + "attn.in_proj_bias"),
            out=self._linear(prefix + "attn.out_proj.weight", prefix + "attn.out_proj.bias"),
            norm_2=self._norm(prefix + "norm_2"),
            expand=self._linear(prefix + "mlp.fc1.weight", prefix + "mlp.fc1.bias"),
            project=self._linear(prefix + "mlp.fc2.weight", prefix + "mlp.fc2.bias"),
            n_heads=n_heads,
            attention_dtype=self.layers.attention_dtype,
        )

    def _norm(self, name: str) -> LayerNorm:
        import torch

        from mkt_assets.models.imagebind.towers import LayerNorm

        weight, bias = self.tensors[name + ".weight"], self.tensors[name + ".bias"]
        return LayerNorm(
            weight.to(self.device, torch.float32, copy=True), bias.to(self.device, torch.float32, copy=True)
        )

    def _linear(self, weight: str, bias: str | None = None) -> Linear:
        return self.layers.linear(self.tensors[weight], None if bias is None else self.tensors[bias])


@contextmanager
def _one_thread() -> Generator[None, None, None]:
    """Keeps PyTorch to one thread: copying waits for memory, and a second thread only spins beside it."""
    import torch

    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _unmap_pages(path: Path) -> None:
    """Gives the pages of a mapped file back; whoever reads them again gets them from the file.

    Otherwise every page read so far counts as memory of this process until the whole file is closed. Only
    Linux lists its mappings; elsewhere the system takes them back when it must.
    """
    mappings = Path("/proc/self/maps")
    if not mappings.exists():
        return
    libc = ctypes.CDLL(None)
    ending = f" {path.resolve()}"
    for line in mappings.read_text().splitlines():
        if line.endswith(ending):
            start, end = (int(address, 16) for address in line.split(maxsplit=1)[0].split("-"))
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED)
