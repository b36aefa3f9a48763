"""Texts that are looked for and masked, in the spellings that files have them in.

Not here: where they are looked for (operations/search), account ids in drops (crawlers/redact).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import groupby
from mmap import mmap
from os.path import commonprefix

SHORTEST = 8
"""Characters. A shorter text could be part of anything: it is neither looked for nor masked."""
MASK = "[forgotten]"


class Needles:
    """Texts to look for in other texts and in the bytes of files, and to mask there.

    Args:
        texts: those of fewer than `SHORTEST` characters are passed over.
        spared: what is somebody else's and contains one of them, as an id that goes on where another ends.
    """

    def __init__(self, texts: Iterable[str], spared: Iterable[str] = ()) -> None:
        self.texts = frozenset(text for text in texts if len(text) >= SHORTEST)
        wanted, left = _spellings(self.texts), _spellings(spared)
        self._spared = left
        self._pattern = re.compile(_any_of(wanted | left))
        # as it is in UTF-16; in UTF-8 in any spelling
        wide = {text.encode("utf-16-le", "surrogatepass") for text in self.texts}
        wide_left = {text.encode("utf-16-le", "surrogatepass") for text in spared}
        self._spared_bytes = frozenset(form.encode("utf-8", "surrogatepass") for form in left) | wide_left
        narrow = {form.encode("utf-8", "surrogatepass") for form in wanted}
        # as one character a byte, Latin-1 is what a pattern of bytes is written in
        as_text = {form.decode("latin-1") for form in narrow | wide | self._spared_bytes}
        self._bytes_pattern = re.compile(_any_of(as_text).encode("latin-1"))

    def __bool__(self) -> bool:
        return bool(self.texts)

    def are_in(self, text: str) -> bool:
        """Whether any of them is in the text."""
        return any(found[0] not in self._spared for found in self._pattern.finditer(text))

    def are_in_bytes(self, data: bytes | mmap) -> bool:
        """Whether any of them is in the bytes, in UTF-8 or UTF-16."""
        return any(found[0] not in self._spared_bytes for found in self._bytes_pattern.finditer(data))

    def masked(self, text: str) -> str:
        """The text with `MASK` in their place."""
        return self._pattern.sub(lambda found: found[0] if found[0] in self._spared else MASK, text)


def _spellings(texts: Iterable[str]) -> frozenset[str]:
    """The texts as they are, and as JSON, and JSON in JSON, write them, with and without escapes."""
    found: set[str] = set()
    for text in texts:
        once = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
        found |= {text, *once, *(json.dumps(form)[1:-1] for form in once)}
    return frozenset(found)


def _any_of(texts: Iterable[str]) -> str:
    """A regular expression for any of the texts, the longest first: a tree, as it is tried at every character."""
    branches: list[str] = []
    for first, group in groupby(sorted(texts), key=lambda text: text[:1]):
        members = list(group)
        if first:
            head = commonprefix([members[0], members[-1]])  # noqa: RUF071 - of texts, not of paths
            tails = [member[len(head) :] for member in members]
            branches.append(re.escape(head) + (_any_of(tails) if tails != [""] else ""))
        else:
            branches.append("")
    # sorted puts the empty text, which would match at once, first
    return f"(?:{'|'.join(reversed(branches))})" if branches else "(?!)"
