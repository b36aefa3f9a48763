"""Words for what a picture may show, in Chinese and English: those shipped, and the analyst's own beside them.

Not here: which of them a style gets (styles).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from mkt_assets.core.text.hand_written import fault_of_shown, read_hand_written

COLUMNS = ("kind", "zh", "en")
KINDS = ("garment", "cut", "colour", "pattern", "material", "aesthetic")
TAKEN_OUT = "none"
"""The kind of a line of the analyst's that takes a shipped word out."""
ALL = "*"
SHIPPED = Path(__file__).parent / "sight_words.csv"


class VocabularyError(ValueError):
    """The file of words cannot be used; the message says which lines, and why."""


@dataclass(frozen=True)
class Word:
    """A word in two languages, and what it is a word for, of `KINDS`."""

    kind: str
    zh: str
    en: str


def read_vocabulary(path: Path, shipped: Path = SHIPPED) -> tuple[Word, ...]:
    r"""The shipped words as the analyst's file changes them, hers behind; as they are if there is no such file.

    A line of the file is a word: its kind, of `KINDS`, and how it is said in Chinese and in English. A line whose
    Chinese or English is that of a shipped word takes its place. A line of the kind `none` takes a shipped word
    out, by its Chinese or its English; `none,*,` takes out all. It is CSV as table programs save it, with a first
    line `kind,zh,en`.

    Raises:
        VocabularyError: Something is wrong; the message names the lines.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from mkt_assets.core.sight.vocabulary import read_vocabulary
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "sight_words.csv")
        ...     _ = path.write_text("kind,zh,en\nnone,*,\ngarment,马甲,gilet\n", "utf-8")
        ...     read_vocabulary(path)
        ...
        (Word(kind='garment', zh='马甲', en='gilet'),)
    """
    words, _ = _read(shipped)
    given, taken_out = _read(path, known={name for word in words for name in _names(word)})
    replaced = {part.casefold() for word in given for part in (word.zh, word.en)} | taken_out
    kept = [] if ALL in taken_out else [w for w in words if not _names(w) & replaced]
    if not kept and not given:
        raise VocabularyError(
            f"{path} takes out all words and gives no others: add some, or remove the file."
        )
    return (*kept, *given)


def _names(word: Word) -> set[str]:
    return {word.zh.casefold(), word.en.casefold()}


def _read(path: Path, known: Collection[str] = ()) -> tuple[list[Word], set[str]]:
    """The words of a file, and what it takes out of the `known` ones, in one case."""
    words: list[Word] = []
    taken_out: set[str] = set()
    lines: dict[str, int] = {}

    def take(line: int, cells: Mapping[str, str]) -> str | None:
        word = Word(cells["kind"], cells["zh"], cells["en"])
        if word.kind == TAKEN_OUT:
            if not word.zh and not word.en:
                return f"it takes out nothing: write the word behind {TAKEN_OUT}, or {ALL} for all"
            taken_out.update(_names(word) - {""})
            unknown = sorted(_names(word) - {"", ALL} - set(known))
            return f"it takes out {unknown[0]}, which is none of the shipped words" if unknown else None
        fault = _fault(word, lines)
        if fault is None:
            words.append(word)
            lines.update(dict.fromkeys(_names(word), line))
        return fault

    read_hand_written(path, COLUMNS, take, VocabularyError)
    return words, taken_out


def _fault(word: Word, lines: Mapping[str, int]) -> str | None:
    """What is wrong with a word, given the lines of those before it; None if nothing is."""
    if word.kind not in KINDS:
        return f"kind is {word.kind!r}, and should be one of {', '.join(KINDS)}, or {TAKEN_OUT} to take a word out"
    for text, what in ((word.zh, "Chinese word"), (word.en, "English word")):
        if fault := fault_of_shown(text, what):
            return fault
        if text.casefold() in lines:
            return f"{text} is in line {lines[text.casefold()]} already"
    return None
