"""What the page says, before it is in a language: keys of messages with their values, and rows of them.

Not here: the wording (report/languages), how a text becomes words (report/language).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """A sentence or label by its key in every language; `amount` decides between its singular and its plural."""

    key: str
    amount: int
    values: tuple[tuple[str, Text], ...]


@dataclass(frozen=True)
class Series:
    """Several texts in a row."""

    parts: tuple[Text, ...]
    between: Text


@dataclass(frozen=True)
class Term:
    """A word that is data, and not of the page, in several languages: by code of language; others have the first."""

    by_language: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Reason:
    """Why something could not be used, as tables tell it: in English, which a language has that does not know it."""

    english: str


Text = str | Message | Series | Term | Reason
"""A str is the same in every language: a name, a date, a number."""


def say(key: str, amount: int = 2, /, **values: Text) -> Message:
    """The message `key` with these values in its blanks."""
    return Message(key, amount, tuple(values.items()))


def counted(n: int, noun: str) -> Message:
    """A number of things: "1 post", "2 posts"."""
    return say(f"n_{noun}", n, n=f"{n:,}")


def amounts(*numbers_of: tuple[int, str]) -> tuple[Text, int]:
    """What there is of several things, "2 styles and 1 topic", without those that there are none of; and how many."""
    parts = [counted(n, noun) for n, noun in numbers_of if n]
    return joined(parts, say("and")), sum(n for n, _ in numbers_of)


def joined(parts: Iterable[Text], between: Text) -> Series:
    """Several texts in a row, with another between them."""
    return Series(tuple(parts), between)
