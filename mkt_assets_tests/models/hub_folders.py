"""Folders of tiny random models as the hub has them, made by the library that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] 红 绿 蓝 色 裙 子 今 天 穿 的 一 个 蕾 丝 通 勤 dress white"
CHARACTERS = [word for word in WORDS.split() if not word.startswith("[")]
_TEXT: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 32,
    "vocab_size": len(WORDS.split()),
}
_PICTURES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "image_size": 48,
    "patch_size": 16,
}


def tokenizer(folder: Path, max_length: int = 32) -> Any:
    from transformers import BertTokenizerFast  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

    vocabulary = folder.parent / "vocab.txt"
    vocabulary.write_text("\n".join(WORDS.split()), "utf-8")
    return BertTokenizerFast(vocab_file=str(vocabulary), model_max_length=max_length)


def text_model(folder: Path) -> Path:
    """A BERT, which reads 32 tokens at once."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    BertModel(BertConfig(**_TEXT)).save_pretrained(folder)
    tokenizer(folder).save_pretrained(folder)
    return folder


def static_model(folder: Path) -> Path:
    """A vector a token and their mean, as the models that cost next to nothing are."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(3)
    tokens = StaticEmbedding(tokenizer(folder).backend_tokenizer, embedding_dim=32)
    SentenceTransformer(modules=[tokens], device="cpu").save(str(folder))
    return folder


def siglip(folder: Path) -> Path:
    import torch
    from transformers import (
        PreTrainedTokenizerFast,
        SiglipConfig,
        SiglipImageProcessor,
        SiglipModel,
        SiglipProcessor,
    )

    torch.manual_seed(1)
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "projection_size": 32}
    SiglipModel(SiglipConfig(text_config=_TEXT | ends, vision_config=_PICTURES)).save_pretrained(folder)
    plain = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer(folder).backend_tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        model_max_length=32,
    )
    SiglipProcessor(SiglipImageProcessor(size={"height": 48, "width": 48}), plain).save_pretrained(folder)
    return folder


def chinese_clip(folder: Path, *, n_places: int = 32) -> Path:
    """A Chinese CLIP, whose network has places for so many tokens."""
    import torch
    from transformers import (
        ChineseCLIPConfig,
        ChineseCLIPImageProcessor,
        ChineseCLIPModel,
        ChineseCLIPProcessor,
    )

    torch.manual_seed(2)
    texts = {**_TEXT, "max_position_embeddings": n_places}
    configuration = ChineseCLIPConfig(text_config=texts, vision_config=_PICTURES, projection_dim=24)
    ChineseCLIPModel(configuration).save_pretrained(folder)
    side = {"height": 48, "width": 48}
    processor = ChineseCLIPImageProcessor(size=side, crop_size=side)
    ChineseCLIPProcessor(processor, tokenizer(folder, n_places)).save_pretrained(folder)
    return folder


def align_of_two_widths(folder: Path) -> Path:
    """An ALIGN whose pictures have 48 numbers and whose texts have 32, as its library projects the texts only."""
    from transformers import AlignConfig, AlignModel, AlignProcessor, EfficientNetImageProcessor

    pictures = {
        "image_size": 48,
        "hidden_dim": 48,
        "in_channels": [32, 16],
        "out_channels": [16, 24],
        "kernel_sizes": [3, 3],
        "strides": [1, 2],
        "num_block_repeats": [1, 1],
        "expand_ratios": [1, 6],
    }
    configuration = AlignConfig(text_config=_TEXT, vision_config=pictures, projection_dim=32)
    AlignModel(configuration).save_pretrained(folder)
    side = {"height": 48, "width": 48}
    processor = EfficientNetImageProcessor(size=side, crop_size=side)
    AlignProcessor(processor, tokenizer(folder)).save_pretrained(folder)
    return folder


MAKERS = {"siglip": siglip, "chinese-clip": chinese_clip}


@pytest.fixture(scope="session")
def hub_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One of each kind, by name."""
    pytest.importorskip("sentence_transformers", reason="install the extra `hub`")
    root = tmp_path_factory.mktemp("hub")
    made = {name: make(root / name) for name, make in MAKERS.items()}
    return {**made, "text": text_model(root / "text"), "static": static_model(root / "static")}
