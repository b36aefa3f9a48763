"""Taking account ids out of paths and texts, and the characters out of values that no table can hold.

Not here: forgetting somebody who asks for it (operations/forget).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

ID = re.compile(r"[0-9A-Za-z_-]{1,64}")

_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD = re.compile(r"[0-9A-Za-z_-]{8,}", re.ASCII)
_RUN = re.compile(r"[0-9A-Za-z]{8,}", re.ASCII)
_JOINTS = re.compile(r"([_.])")
_AFTER_A_NAME = re.compile(r".+_([0-9a-f]{24}|[0-9a-f]{16})", re.DOTALL)
_ACCOUNT_LIKE = re.compile(r"[0-9a-f]{24}|[0-9a-f]{16}")


def storable(text: str) -> str:
    """The text without NUL, and with U+FFFD for lone surrogates: what UTF-8 and a database can hold."""
    if text.isascii() and "\0" not in text:
        return text
    return _SURROGATE.sub("\ufffd", text.replace("\0", ""))


@dataclass(frozen=True)
class Redactor:
    """Replaces account ids by their hash.

    Args:
        hash_poster: the hash.
        accounts: ids known to be accounts. In running text only those of 8 characters or more are looked for.
        posts: ids known to be posts, which stay.
    """

    hash_poster: Callable[[str], str]
    accounts: frozenset[str] = field(default_factory=frozenset[str])
    posts: frozenset[str] = field(default_factory=frozenset[str])

    def text(self, text: str) -> str:
        """A text in which every known account is hashed."""
        return _WORD.sub(lambda word: self._word(word[0], self._known), text)

    def path(self, path: str) -> str:
        """A path in which every known account is hashed, and whatever else looks like an account's id."""
        return "/".join(self._component(part) for part in storable(path).split("/"))

    def _component(self, part: str) -> str:
        name = _AFTER_A_NAME.fullmatch(part)
        if name and self._known_or_alike(name[1]):  # {nickname}_{account}: the nickname is a person, too
            return self.hash_poster(name[1])
        stem, dot, suffix = part.rpartition(".")
        if dot and self._known(stem):
            return f"{self.hash_poster(stem)}.{suffix}"
        if self._known(part):
            return self.hash_poster(part)
        return "".join(self._word(piece, self._known_or_alike) for piece in _JOINTS.split(part))

    def _word(self, word: str, is_account: Callable[[str], bool]) -> str:
        if is_account(word):
            return self.hash_poster(word)
        return _RUN.sub(lambda run: self.hash_poster(run[0]) if is_account(run[0]) else run[0], word)

    def _known(self, word: str) -> bool:
        return word in self.accounts and word not in self.posts

    def _known_or_alike(self, word: str) -> bool:
        return word not in self.posts and (word in self.accounts or _ACCOUNT_LIKE.fullmatch(word) is not None)
