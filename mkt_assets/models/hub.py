"""Encoders of the Hugging Face hub, by name or folder, run by sentence-transformers (the extra `hub`).

Text models, and those that embed pictures and texts in one space (CLIP, SigLIP ...). Nothing of a folder is executed:
weights are safetensors, code that a folder brings along is refused.

Not here: getting a model (models/hub_fetch), whether a folder is what it should be (models/hub_folders).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mkt_assets.core.vectors import unit_rows
from mkt_assets.models.hub_folders import PREFIX, card_of, check_folder
from mkt_assets.models.provenance import WeightsError

Modality = Literal["image", "text"]
Precision = Literal["float32", "bfloat16", "int8"]

_HOW_TO_INSTALL = "install the extra `hub`, as with: pip install 'mkt_assets[hub]'"
# a part of a text that is cut out may have one token more at either end than it had inside
_SPARE_TOKENS = 2
_WHOLE_TEXT_TOKENS = 1_000_000
# none that reads its padding reads more at once, and to pad so far costs no more than a text
_MOST_TOKENS_PADDED = 1024
_SAME_DIRECTION = 0.999
# tokens of the texts that a kind of model was trained on, where its files tell of more: Yang et al., Chinese CLIP, 2022
_TRAINED_ON = {"chinese_clip": 52}


class _HubEncoder:
    """What both encoders are: a model of a folder, for one modality."""

    modality: ClassVar[Modality]
    _sample: ClassVar[Any]

    def __init__(self, folder: Path, *, precision: Precision | None = None) -> None:
        card = card_of(folder, precision or "float32")
        self.model_id, self.version, self.licence = card.model_id, card.version, card.licence
        self._model = _load(folder, precision or "float32")
        able: Sequence[str] = self._model.modalities
        if self.modality not in able:
            raise WeightsError(
                f"{PREFIX}{folder.name} embeds {' and '.join(able)} only, and cannot be the encoder of "
                f"{self.modality}s."
            )
        # not what the model says: of one whose sides are of two widths, that is the width of one
        self.dimension = self._vectors([self._sample]).shape[1]

    def _unit_vectors(self, items: Sequence[Any]) -> NDArray[np.float32]:
        if not items:
            return np.zeros((0, self.dimension), np.float32)
        return self._vectors(items)

    def _vectors(self, items: Sequence[Any]) -> NDArray[np.float32]:
        made = self._model.encode(
            list(items), normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.asarray(made, np.float32)


class HubImageEncoder(_HubEncoder):
    """The pictures' side of a model of the hub.

    Args:
        folder: what was fetched, or a folder of one's own.
        precision: float32 (None) or bfloat16.

    Raises:
        WeightsError: the extra is missing, or the folder is not what it should be.
    """

    modality = "image"
    _sample = Image.new("RGB", (64, 64))

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """The picture's pixels, (height, width, 3) uint8: the model's own processor does the rest."""
        return np.asarray(image.convert("RGB"))

    def encode(self, batch: Sequence[NDArray[Any]]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension) float32, of n prepared pictures of any sizes."""
        return self._unit_vectors([Image.fromarray(np.asarray(pixels, np.uint8)) for pixels in batch])


class HubTextEncoder(_HubEncoder):
    """The texts' side of a model of the hub, or a model of texts.

    A text longer than the model reads is read in windows; its vector is the mean of theirs, weighted by their tokens,
    made unit. Instructions that the model's configuration puts before a text are put before each. For a model that
    reads the padding, as SigLIP does, each text is padded to all that the model reads, as in its training.

    Args:
        folder: what was fetched, or a folder of one's own.
        precision: float32 (None) or bfloat16.

    Raises:
        WeightsError: the extra is missing, or the folder is not what it should be, or pictures and texts have vectors
            of two widths.
    """

    modality = "text"
    _sample = "a"

    def __init__(self, folder: Path, *, precision: Precision | None = None) -> None:
        super().__init__(folder, precision=precision)
        if HubImageEncoder.modality in self._model.modalities:
            of_pictures = self._vectors([HubImageEncoder._sample]).shape[1]
            if of_pictures != self.dimension:
                raise WeightsError(
                    f"{PREFIX}{folder.name} makes {of_pictures} numbers of a picture and {self.dimension} of a text: "
                    "it has no space for both, and cannot be the encoder of texts."
                )
        tokenizer: Any = self._model.tokenizer
        # multimodal models have a processor around it
        self._tokenizer: Any = getattr(tokenizer, "tokenizer", tokenizer)
        self._is_static = not callable(tokenizer)
        own = len(self._ids("", as_given=False))
        instruction = len(self._ids(self._model.prompts.get(self._model.default_prompt_name or "", "")))
        limit = _tokens_at_once(self._model)
        if limit < _WHOLE_TEXT_TOKENS:
            self._model.max_seq_length = limit
        self._window_tokens = max(1, limit - own - instruction - _SPARE_TOKENS)
        self._pad_where_it_is_read(limit)

    def _pad_where_it_is_read(self, limit: int) -> None:
        """See to it that a text's vector does not depend on the texts beside it, to whose length it is padded."""
        network: Any = self._model[0]
        before: dict[str, Any] = getattr(network, "processing_kwargs", {})
        for_texts: dict[str, Any] = before.get("text", {})
        if "padding" in for_texts or limit > _MOST_TOKENS_PADDED:
            return
        alone = self._vectors([self._sample])
        network.processing_kwargs = {
            **before,
            "text": {**for_texts, "padding": "max_length", "max_length": limit},
        }
        padded = self._vectors([self._sample])
        if float((alone * padded).sum()) > _SAME_DIRECTION:
            network.processing_kwargs = before

    def tokenize(self, text: str) -> list[int]:
        """Token ids, without those that the model puts around every text."""
        return self._ids(text)

    def n_windows(self, n_tokens: int) -> int:
        """Number of windows that a text of `n_tokens` tokens is split into."""
        return max(1, -(-n_tokens // self._window_tokens))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (n, dimension) float32; n may be 0."""
        split = [(owner, *window) for owner, text in enumerate(texts) for window in self._windows(text)]
        vectors = self._unit_vectors([part for _, part, _ in split])
        sums = np.zeros((len(texts), self.dimension), np.float32)
        for (owner, _, n_tokens), vector in zip(split, vectors, strict=True):
            sums[owner] += np.float32(max(1, n_tokens)) * vector
        return unit_rows(sums)

    def _ids(self, text: str, *, as_given: bool = True) -> list[int]:
        if self._is_static:  # its tokenizer is one of the library below, and nothing is put around a text
            return list(self._tokenizer.encode(text, add_special_tokens=False).ids)
        return list(self._tokenizer(text, add_special_tokens=not as_given, truncation=False)["input_ids"])

    def _windows(self, text: str) -> list[tuple[str, int]]:
        """Parts of a text with their numbers of tokens; a text that fits is one part, as it is."""
        n_tokens = len(self._ids(text))
        if n_tokens <= self._window_tokens:
            return [(text, n_tokens)]
        places = self._tokenizer(
            text, add_special_tokens=False, truncation=False, return_offsets_mapping=True
        )["offset_mapping"]
        parts: list[tuple[str, int]] = []
        for start in range(0, len(places), self._window_tokens):
            window = places[start : start + self._window_tokens]
            parts.append((text[window[0][0] : window[-1][1]], len(window)))
        return parts


def _tokens_at_once(model: Any) -> int:
    """How many tokens a model reads at once.

    What its tokenizer says (those of joint models may say 10^30), but no more than its network has places for, of which
    RoBERTa's first are taken, and no more than it was trained on.
    """
    network: Any = model[0]
    config: Any = getattr(network, "config", None)
    of_texts: Any = config.get_text_config() if hasattr(config, "get_text_config") else config
    places = getattr(of_texts, "max_position_embeddings", None) or _WHOLE_TEXT_TOKENS
    taken = max((_places_taken(module) for module in network.modules()), default=0)
    free = places - taken if places > taken else _WHOLE_TEXT_TOKENS  # XLNet says -1: as many as one likes
    says = model.max_seq_length or _WHOLE_TEXT_TOKENS  # a static model says infinity
    return int(min(says, free, _TRAINED_ON.get(getattr(config, "model_type", ""), _WHOLE_TEXT_TOKENS)))


def _places_taken(module: Any) -> int:
    padding: Any = getattr(module, "padding_idx", None)
    return padding + 1 if isinstance(padding, int) and hasattr(module, "position_embeddings") else 0


@lru_cache(maxsize=2)
def _load(folder: Path, precision: str) -> Any:
    """The model of a folder; pictures and texts of one model share it."""
    check_folder(folder)
    try:
        import torch
        from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
    except ImportError as error:
        raise WeightsError(
            f"{PREFIX}{folder.name} needs sentence-transformers ({error}): {_HOW_TO_INSTALL}"
        ) from None
    if precision == "int8":
        raise WeightsError("models of the hub run in float32 or bfloat16: set MKT_PRECISION to one of them.")
    try:
        model = SentenceTransformer(
            str(folder),
            device="cuda" if torch.cuda.is_available() else "cpu",
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": getattr(torch, precision)},
        )
    except Exception as error:  # each kind of model fails in a way of its own
        brief = " ".join(str(error).split())[:300]
        raise WeightsError(f"{folder} cannot be loaded as an encoder: {brief}") from error
    return model.eval()
