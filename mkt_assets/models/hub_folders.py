"""Folders of models as the hub has them: who they are, and whether they are safe to load. Nothing is loaded here.

Not here: loading and running them (models/hub), getting them (models/hub_fetch).
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from mkt_assets.models.checkpoints import sha256_of
from mkt_assets.models.provenance import ModelCard, WeightsError, model_version

PREFIX = "hub:"
"""An encoder that begins so is a name on the hub, or the path of a folder."""
RECORD = "mkt-model.json"
"""What a fetch records beside the model: repository, revision, licence, and the sha256 of each file."""

_PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt"}
_TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "spiece.model",
    "tokenizer.model",
    "sentencepiece.bpe.model",
)
_OWN_TYPES = "sentence_transformers."
_NO_ENCODER = re.compile(
    r"For(SequenceClassification|TokenClassification|QuestionAnswering|CausalLM|ConditionalGeneration|ObjectDetection|"
    r"ImageClassification|SemanticSegmentation|MultipleChoice|SpeechSeq2Seq|CTC)$"
)
_LICENCE = re.compile(r"\A---\n(?:.*\n)*?license:\s*(?P<licence>\S+)", re.MULTILINE)
# notes of `sha256_of`, and what changes nothing
_NOT_COUNTED = re.compile(r"\.sha256\.json$|^\.|\.md$|^" + re.escape(RECORD) + "$")
_MOST_BYTES_OF_JSON = 8_000_000


def folder_of(model_id: str, models_dir: Path) -> Path:
    """Where a model is, or would be: the folder that `hub:PATH` names, or that of a name in `models_dir`.

    Raises:
        WeightsError: it is neither a folder nor a name on the hub.
    """
    name = model_id.removeprefix(PREFIX)
    path = Path(name).expanduser()
    if path.is_absolute() or name.startswith("."):
        return path
    if not re.fullmatch(r"[\w][\w.-]*(/[\w][\w.-]*)?", name):
        raise WeightsError(
            f"{name!r} is neither a folder nor a name on the hub, as google/siglip2-base-patch16-224."
        )
    return models_dir / "hub" / name.replace("/", "--")


def check_folder(folder: Path) -> None:
    """See to it that a folder holds a model that can be loaded without running anything of it.

    Raises:
        WeightsError: in one sentence what is wrong.
    """
    if not folder.is_dir():
        raise WeightsError(
            f"there is no folder {folder}: get the model with `mkt models fetch {PREFIX}NAME`, or name its folder."
        )
    config = _json(folder / "config.json")
    if config is None and not (folder / "modules.json").is_file():
        raise WeightsError(f"{folder} is no model of the hub: it has no config.json.")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if outside := [path for path in files if not path.resolve().is_relative_to(folder.resolve())]:
        raise WeightsError(f"{outside[0]} leads out of {folder}: copy what it points to.")
    if code := [path for path in files if path.suffix == ".py"]:
        raise WeightsError(
            f"{folder} brings code of its own ({code[0].name}), which is not run: take another model."
        )
    for path in files:
        if path.suffix in _PICKLES and not any(path.parent.glob("*.safetensors")):
            raise WeightsError(
                f"{path} is a pickle, which can run anything when it is read: convert it to safetensors first."
            )
        if path.name == "config.json" and "auto_map" in (_json(path) or {}):
            raise WeightsError(
                f"{path} asks for code of its own (auto_map), which is not run: take another model."
            )
    if not any(path.suffix == ".safetensors" for path in files):
        raise WeightsError(f"{folder} has no weights: there is no .safetensors in it.")
    _check_modules(folder)
    _check_kind(folder, config or {})
    _check_record(folder)


def card_of(folder: Path, precision: str) -> ModelCard:
    """Who the model of a folder is, without loading it; its files are hashed, if that was not done before.

    Raises:
        WeightsError: as `check_folder`.
    """
    check_folder(folder)
    record = _json(folder / RECORD) or {}
    name = str(record.get("repository") or folder.name)
    digest = hashlib.sha256()
    for path in counted_files(folder):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    revision = record.get("revision")
    origin = f"huggingface.co/{name} at {revision}" if revision else f"a folder {folder.name}"
    return ModelCard(
        f"{PREFIX}{name}", model_version(digest.hexdigest(), f"{precision}-hub-2"), licence_of(folder), origin
    )


def counted_files(folder: Path) -> list[Path]:
    """The files that vectors depend on, by name."""
    found = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [
        folder / path
        for path in found
        if not _NOT_COUNTED.search(path.name) and not any(part.startswith(".") for part in path.parts)
    ]


def licence_of(folder: Path) -> str:
    """The licence that the fetch recorded, or the model's README tells."""
    record = _json(folder / RECORD) or {}
    if licence := record.get("licence"):
        return str(licence)
    readme = folder / "README.md"
    if readme.is_file() and (found := _LICENCE.search(readme.read_text("utf-8", "replace")[:20_000])):
        return found["licence"]
    return "not told"


def _check_modules(folder: Path) -> None:
    modules: Any = _json(folder / "modules.json")
    for module in modules if isinstance(modules, list) else []:
        kind = str(module.get("type", "")) if isinstance(module, dict) else ""
        if not kind.startswith(_OWN_TYPES):
            raise WeightsError(
                f"{folder / 'modules.json'} names code that is not sentence-transformers' own ({kind!r})."
            )


def _check_kind(folder: Path, config: dict[str, Any]) -> None:
    kinds = [str(kind) for kind in config.get("architectures") or []]
    declared = (folder / "modules.json").is_file()
    if not declared and kinds and (found := _NO_ENCODER.search(kinds[0])):
        raise WeightsError(f"{folder} is a model for {found[1]} ({kinds[0]}), and no encoder.")
    texts = "text_config" in config or "vocab_size" in config
    if texts and not any(any(folder.rglob(name)) for name in _TOKENIZERS):
        raise WeightsError(
            f"{folder} has no tokenizer: it lacks tokenizer.json (or vocab.txt, spiece.model ...)."
        )


def _check_record(folder: Path) -> None:
    record = _json(folder / RECORD) or {}
    for name, sha256 in dict(record.get("sha256") or {}).items():
        path = folder / str(name)
        if not path.is_file() or sha256_of(path) != sha256:
            raise WeightsError(f"{path} is not the file that was fetched: fetch the model again.")


def _json(path: Path) -> Any:
    """What a JSON file says; None if there is none.

    Raises:
        WeightsError: it cannot be read.
    """
    if not path.is_file():
        return None
    try:
        if path.stat().st_size > _MOST_BYTES_OF_JSON:
            raise ValueError("it is too large")
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} cannot be read: {error}") from None
